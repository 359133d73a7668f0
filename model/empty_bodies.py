"""Identical bodies of a batch are computed once.

Five of six NTU clips show one person, and the second body of such a sample is empty: all zeros, or, where the feeder
normalises, one pattern. Bodies of a batch that are identical and have the same person index remain identical after the
batch norm of the data, and so in every layer. One of them is computed. In training, batch norm counts it as often as
it occurs: in the mean, the variance, the running statistics and the gradient. The results are those of the whole batch.
"""
import dataclasses

import torch
from torch.nn import functional as F


@dataclasses.dataclass
class Bodies:
    """The bodies of a batch that are computed: first those that occur once, then one of each that occurs repeatedly.

    kept   (B,)    the index of each computed body among the N·M of the batch
    place  (N·M,)  which computed body has the result of each body of the batch
    count  (B,)    how often each computed body occurs in the batch
    single         how many of the B occur once
    total          N·M
    """

    kept: torch.Tensor
    place: torch.Tensor
    count: torch.Tensor
    single: int
    total: int


def is_recorded():
    """Return whether this forward pass is recorded, by torch.compile, torch.export, torch.onnx or torch.jit."""
    return torch.compiler.is_compiling() or torch.jit.is_tracing()


def distinct_bodies(x):
    """Return the Bodies of a batch x (N, M, values of a body), or None if no body occurs twice at a person index."""
    N, M, _ = x.shape
    x = x.flatten(0, 1)
    index = torch.arange(N * M, device=x.device)
    person = index % M
    key = (x.float() + 0).view(torch.int32).sum(1)  # integers add up exactly in any order; −0 + 0 is 0
    similar = (key == key[:, None]) & (person == person[:, None])
    last = (similar * index).amax(1)
    last = last.where((x == x[last]).all(1), index)  # the same key alone does not make bodies identical
    count = last.bincount(minlength=N * M)
    if (count <= 1).all():
        return None
    single, repeated = (torch.nonzero(which).squeeze(1) for which in (count == 1, count > 1))
    kept = torch.cat((single, repeated))
    place = torch.empty_like(index)
    place[kept] = torch.arange(len(kept), device=x.device)
    return Bodies(kept, place[last], count[kept], len(single), N * M)


def batch_norm(bn, x, bodies=None):
    """Return bn(x) for the computed bodies x (B, C, T, V) of `bodies`, or for all of a batch if `bodies` is None.

    The nn.BatchNorm2d `bn` updates its running statistics as if it had seen every body of the batch.
    """
    if not bn.training or bodies is None and (is_recorded() or x.device.type != 'cpu'):
        return bn(x)
    if bodies is None:
        bodies = Bodies(None, None, x.new_ones(len(x), dtype=torch.long), len(x), len(x))
    if torch.compiler.is_compiling() or x.device.type not in ('cpu', 'cuda'):  # other devices lack the kernels
        y, mean, variance = counted_batch_norm(x, bn.weight, bn.bias, bodies.count, bodies.total, bn.eps)
    else:
        y, mean, variance = CountedBatchNorm.apply(x, bn.weight, bn.bias, bodies, bn.eps)
    with torch.no_grad():
        n = bodies.total * x.size(2) * x.size(3)
        bn.num_batches_tracked.add_(1)
        bn.running_mean.lerp_(mean, bn.momentum)
        bn.running_var.lerp_(variance * (n / (n - 1)), bn.momentum)
    return y


def counted_batch_norm(x, weight, bias, count, total, eps):
    """Return (y, mean, variance): x (B, C, T, V) normalised over `total` bodies, of which body b is `count[b]`.

    A compiler fuses these operations with those around them. Uncompiled they are slower than CountedBatchNorm.
    """
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    share = (count.to(wide.dtype) / (total * x.size(2) * x.size(3)))[:, None, None, None]
    mean = (wide.sum(2, keepdim=True) * share).sum((0, 3), keepdim=True)
    centred = wide - mean
    variance = (centred.square().sum(2, keepdim=True) * share).sum((0, 3), keepdim=True)
    y = centred * (variance + eps).rsqrt() * weight[:, None, None] + bias[:, None, None]
    return y.to(x.dtype), mean.flatten().detach(), variance.flatten().detach()


class CountedBatchNorm(torch.autograd.Function):
    """What counted_batch_norm computes, by the kernels of batch norm, which are many times faster than var_mean.

    With n values a channel, w_b the count of body b, and g = dL/dy summed over its occurrences:

        dL/dβ = Σ g        dL/dγ = Σ g x̂        dL/dx_b = γ/σ · ( g_b − w_b (dL/dβ + x̂_b dL/dγ) / n )

    The kernels sum over the frames of each joint, and joints are summed afterwards: one float32 sum over all frames,
    joints and bodies of a batch, value by value as the kernels do it, loses two digits of small gradients.
    """

    @staticmethod
    def forward(ctx, x, weight, bias, bodies, eps):
        x = x.contiguous(memory_format=torch.channels_last)
        mean, variance = counted_moments(x, bodies)
        ctx.save_for_backward(x, weight, mean, variance)
        ctx.bodies, ctx.eps = bodies, eps
        ctx.mark_non_differentiable(mean, variance)
        return F.batch_norm(x, mean, variance, weight, bias, eps=eps), mean, variance

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g, _mean, _variance):
        x, weight, mean, variance = ctx.saved_tensors
        B, C, T, V = x.shape
        bodies = ctx.bodies
        # The kernel takes mean and variance as constants, so its dL/dx is γ/σ · g.
        dx, dweight, dbias = torch.ops.aten.native_batch_norm_backward(
            joints_as_channels(g.contiguous(memory_format=torch.channels_last)), joints_as_channels(x),
            weight.repeat(V), mean.repeat(V), variance.repeat(V), None, None, False, ctx.eps, (True, True, True))
        dx = dx.view(B, T, V, C).permute(0, 3, 1, 2)
        dweight, dbias = dweight.view(V, C).sum(0), dbias.view(V, C).sum(0)
        # The rest, −γ/σ · w_b (dL/dβ + x̂ dL/dγ) / n, is again a batch norm with constants.
        scale = -weight * (variance + ctx.eps).rsqrt() / (bodies.total * T * V)
        rest = F.batch_norm(x, mean, variance, scale * dweight, scale * dbias, eps=ctx.eps)
        rest[bodies.single:] *= bodies.count[bodies.single:, None, None, None].to(x.dtype)
        return dx.add_(rest), dweight, dbias, None, None


def counted_moments(x, bodies):
    """Return the mean and the variance (C,) of `bodies` x (B, C, T, V), in float32 or float64."""
    C, V, single = x.size(1), x.size(3), bodies.single
    dtype = torch.promote_types(x.dtype, torch.float32)
    running = torch.zeros(2, V * C, dtype=dtype, device=x.device)  # unused, but its type is that of the result
    parts = x.split([single] * (single > 0) + [1] * (len(x) - single))
    moments = [torch.batch_norm_update_stats(joints_as_channels(part), *running, 0.) for part in parts]
    means, variances = (torch.stack(values).view(-1, V, C) for values in zip(*moments))
    count = F.pad(bodies.count[single:], (int(single > 0), 0), value=single)  # of each part
    share = (count.to(dtype) / (bodies.total * V))[:, None, None]
    mean = (share * means).sum((0, 1))
    return mean, (share * (variances + (means - mean) ** 2)).sum((0, 1))


def joints_as_channels(x):
    """Return x (B, C, T, V), in channels-last memory, as a view (B·T, V·C)."""
    return x.permute(0, 2, 3, 1).flatten(0, 1).flatten(1)
