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
    if bodies is None or not bn.training:
        return bn(x)
    y, mean, variance = CountedBatchNorm.apply(x, bn.weight, bn.bias, bodies, bn.eps)
    with torch.no_grad():
        n = bodies.total * x.size(2) * x.size(3)
        bn.num_batches_tracked.add_(1)
        bn.running_mean.lerp_(mean, bn.momentum)
        bn.running_var.lerp_(variance * (n / (n - 1)), bn.momentum)
    return y


class CountedBatchNorm(torch.autograd.Function):
    """Batch norm in training in which each body counts for as many as it stands for.

    For n values a channel, body b counted w_b times, g = dL/dy summed over the bodies that b stands for:

        dL/dβ = Σ g        dL/dγ = Σ g x̂        dL/dx_b = γ/σ · ( g_b − w_b (dL/dβ + x̂_b dL/dγ) / n )
    """

    @staticmethod
    def forward(ctx, x, weight, bias, bodies, eps):
        mean, variance = counted_moments(x, bodies)
        ctx.save_for_backward(x, weight, mean, variance)
        ctx.bodies, ctx.eps = bodies, eps
        ctx.mark_non_differentiable(mean, variance)
        return F.batch_norm(x, mean, variance, weight, bias, eps=eps), mean, variance

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g, _mean, _variance):
        x, weight, mean, variance = ctx.saved_tensors
        bodies = ctx.bodies
        g = g.contiguous(memory_format=torch.channels_last)
        # As if mean and variance were constants: dL/dx is then γ/σ · g.
        dx, dweight, dbias = torch.ops.aten.native_batch_norm_backward(
            g, x, weight, mean, variance, None, None, False, ctx.eps, (True, True, True))
        n = bodies.total * x.size(2) * x.size(3)
        inverse_sigma = (variance + ctx.eps).rsqrt()
        # The rest, −γ/σ · w_b (dL/dβ + x̂ dL/dγ) / n, is once more a batch norm with constants.
        scale = -weight * inverse_sigma / n
        rest = F.batch_norm(x, mean, variance, scale * dweight, scale * dbias, eps=ctx.eps)
        rest[bodies.full:] *= bodies.count[bodies.full:, None, None, None].to(x.dtype)
        return dx.add_(rest), dweight, dbias, None, None


def counted_moments(x, bodies):
    """Return mean and variance (C,), in float32 or wider, of x (B, C, T, V), each body counted as often as it is."""
    parts = [x[:bodies.full]] if bodies.full else []
    parts += x[bodies.full:].split(1)
    count = bodies.count[bodies.full:]
    count = torch.cat((count.new_tensor([bodies.full] if bodies.full else []), count))
    moments = [moments_of(part) for part in parts]
    means, variances = (torch.stack(values) for values in zip(*moments))
    share = (count.to(means.dtype) / bodies.total)[:, None]
    mean = (share * means).sum(0)
    return mean, (share * (variances + (means - mean) ** 2)).sum(0)


def moments_of(x):
    """Return mean and variance (C,) of x (B, C, T, V), by the kernel of batch norm, many times faster than var_mean."""
    dtype = torch.promote_types(x.dtype, torch.float32)
    unused = torch.zeros(2, x.size(1), dtype=dtype, device=x.device)
    return torch.batch_norm_update_stats(x, *unused, 0.)
