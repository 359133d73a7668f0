"""Empty bodies cost nothing: one stands for all.

Five of six NTU clips show one person; the other body of the sample is zeros. All empty bodies of a batch at the same
person index are the same input, also after the batch norm of the data, so they are the same activations all the way
through the network. One of each is sent through; batch norm counts it for as many as it stands for, in its mean,
variance, running statistics and gradient, so that the result is that of the whole batch, in training too.
"""
import dataclasses

import torch
from torch.nn import functional as F


@dataclasses.dataclass
class Bodies:
    """The distinct bodies of a batch: first all that are not empty, then one empty one for each person index.

    kept   (B,)    where each distinct body stands among the N·M of the batch
    place  (N·M,)  which of the distinct bodies each of the batch is
    count  (B,)    how many bodies of the batch each distinct one stands for; 1 for all that are not empty
    full           how many of the B are not empty
    total          N·M
    """

    kept: torch.Tensor
    place: torch.Tensor
    count: torch.Tensor
    full: int
    total: int


def distinct_bodies(x):
    """Return the Bodies of a batch x (N, C, T, V, M), or None if no empty body is there twice."""
    N, *_, M = x.shape
    empty = (x == 0).flatten(1, 3).all(1)  # (N, M)
    if not (empty.sum(0) > 1).any():
        return None
    empty = empty.flatten()
    full = torch.nonzero(~empty).squeeze(1)
    person = torch.arange(N * M, device=x.device) % M
    # An empty body is placed by its person index, behind the full ones; indices without an empty body are left out.
    empty_persons, rank, count = person[empty].unique(return_inverse=True, return_counts=True)
    place = torch.empty_like(person)
    place[full] = torch.arange(len(full), device=x.device)
    place[empty] = len(full) + rank
    kept = torch.empty(len(full) + len(empty_persons), dtype=torch.long, device=x.device)
    kept[place] = torch.arange(N * M, device=x.device)
    return Bodies(kept, place, torch.cat((torch.ones_like(full), count)), len(full), N * M)


def batch_norm(bn, x, bodies=None):
    """Return bn(x) for x (B, C, T, V), one entry a distinct body of `bodies`, or of the whole batch if that is None.

    `bn` (an nn.BatchNorm2d) and its running statistics are left as if it had seen every body of the batch.
    """
    if not bn.training or bodies is None and x.device.type != 'cpu':
        return bn(x)
    full, total = (len(x), len(x)) if bodies is None else (bodies.full, bodies.total)
    count = x.new_ones(len(x), dtype=torch.long) if bodies is None else bodies.count
    if torch.compiler.is_compiling() or x.device.type not in ('cpu', 'cuda'):  # elsewhere the kernels are lacking
        y, mean, variance = counted_batch_norm(x, bn.weight, bn.bias, count, total, bn.eps)
    else:
        y, mean, variance = CountedBatchNorm.apply(x, bn.weight, bn.bias, full, count[full:], total, bn.eps)
    with torch.no_grad():
        n = total * x.size(2) * x.size(3)
        bn.num_batches_tracked.add_(1)
        bn.running_mean.lerp_(mean, bn.momentum)
        bn.running_var.lerp_(variance * (n / (n - 1)), bn.momentum)
    return y


class CountedBatchNorm(torch.autograd.Function):
    """Batch norm in training in which each body counts for as many as it stands for, `total` together.

    The first `full` of the B bodies stand for themselves, `count` (B − full,) says how many each of the others does.

    For n values a channel, body b counted w_b times, g = dL/dy summed over the bodies that b stands for:

        dL/dβ = Σ g        dL/dγ = Σ g x̂        dL/dx_b = γ/σ · ( g_b − w_b (dL/dβ + x̂_b dL/dγ) / n )

    Sums run over the frames of each joint first: PyTorch's kernels for channels-last arrays add one value after the
    other in float32, and over all frames, joints and bodies of a batch that loses two digits of small gradients.
    """

    @staticmethod
    def forward(ctx, x, weight, bias, full, count, total, eps):
        x = x.contiguous(memory_format=torch.channels_last)
        mean, variance = counted_moments(x, full, count, total)
        ctx.save_for_backward(x, weight, mean, variance, count)
        ctx.full, ctx.total, ctx.eps = full, total, eps
        ctx.mark_non_differentiable(mean, variance)
        return F.batch_norm(x, mean, variance, weight, bias, eps=eps), mean, variance

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g, _mean, _variance):
        x, weight, mean, variance, count = ctx.saved_tensors
        V, n = x.size(3), ctx.total * x.size(2) * x.size(3)
        # As if mean and variance were constants: dL/dx is then γ/σ · g.
        dx, dweight, dbias = torch.ops.aten.native_batch_norm_backward(
            joints_as_channels(g.contiguous(memory_format=torch.channels_last)), joints_as_channels(x),
            weight.repeat(V), mean.repeat(V), variance.repeat(V), None, None, False, ctx.eps, (True, True, True))
        dx = channels_of_joints(dx, x.shape)
        dweight, dbias = (gradient.view(V, -1).sum(0) for gradient in (dweight, dbias))
        # The rest, −γ/σ · w_b (dL/dβ + x̂ dL/dγ) / n, is once more a batch norm with constants.
        scale = -weight * (variance + ctx.eps).rsqrt() / n
        rest = F.batch_norm(x, mean, variance, scale * dweight, scale * dbias, eps=ctx.eps)
        rest[ctx.full:] *= count[:, None, None, None].to(x.dtype)
        return dx.add_(rest), dweight, dbias, None, None, None, None


def counted_batch_norm(x, weight, bias, count, total, eps):
    """Do what CountedBatchNorm does, with `count` (B,) for all bodies, in operations that a compiler joins with those
    around them; eagerly it is slower."""
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    share = (count.to(wide.dtype) / (total * x.size(2) * x.size(3)))[:, None, None, None]
    mean = (wide.sum(2, keepdim=True) * share).sum((0, 3), keepdim=True)
    centred = wide - mean
    variance = (centred.square().sum(2, keepdim=True) * share).sum((0, 3), keepdim=True)
    y = centred * (variance + eps).rsqrt() * weight[:, None, None] + bias[:, None, None]
    return y.to(x.dtype), mean.flatten().detach(), variance.flatten().detach()


def counted_moments(x, full, count, total):
    """Return mean and variance (C,), in float32 or wider, of x (B, C, T, V), counted as CountedBatchNorm says."""
    C, V = x.size(1), x.size(3)
    dtype = torch.promote_types(x.dtype, torch.float32)
    unused = torch.zeros(2, V * C, dtype=dtype, device=x.device)
    parts = [x[:full]] if full else []
    parts += x[full:].split(1) if full < len(x) else []
    # By the kernel of batch norm, which is many times faster than var_mean.
    moments = [torch.batch_norm_update_stats(joints_as_channels(part), *unused, 0.) for part in parts]
    means, variances = (torch.stack(values).view(-1, V, C) for values in zip(*moments))
    count = F.pad(count, (1, 0), value=full) if full else count  # no copy to a GPU for each batch norm
    share = (count.to(dtype) / (total * V))[:, None, None]
    mean = (share * means).sum((0, 1))
    return mean, (share * (variances + (means - mean) ** 2)).sum((0, 1))


def joints_as_channels(x):
    """Return x (B, C, T, V), in channels-last memory, as (1, V·C, B·T, 1), with nothing moved."""
    B, C, T, V = x.shape
    return x.permute(0, 2, 3, 1).view(1, B * T, 1, V * C).permute(0, 3, 1, 2)


def channels_of_joints(x, shape):
    """Undo joints_as_channels: return x (1, V·C, B·T, 1) as `shape`, (B, C, T, V)."""
    B, C, T, V = shape
    return x.permute(0, 2, 3, 1).reshape(B, T, V, C).permute(0, 3, 1, 2)
