"""Identical bodies of a batch are computed once.

Five of six NTU clips show one person, and the second body of such a sample is empty: all zeros, or, where the feeder
normalises, one pattern. Bodies of a batch that are identical and have the same person index remain identical after the
batch norm of the data, and so in every layer. One of them is computed. In training, batch norm counts it as often as
it occurs: in the mean, the variance, the running statistics and the gradient. The results are those of the whole batch.
"""
import functools
import inspect
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional as F
from torch.nn.parallel import DataParallel, DistributedDataParallel


class Bodies(NamedTuple):
    """The bodies of a batch that are computed, in its order: the first of each kind.

    kept   (B,)    the index of each computed body among the N·M of the batch
    source (N·M,)  the index of the computed body whose result each body of the batch has
    count  (B,)    how often each computed body occurs in the batch
    """

    kept: torch.Tensor
    source: torch.Tensor
    count: torch.Tensor

    def to(self, device):
        """Return the Bodies on `device`, without waiting for it: CUDA copies page-locked memory on its own."""
        on_cpu = [indices.pin_memory() for indices in self] if device.type == 'cuda' else self
        return Bodies(*(indices.to(device, non_blocking=True) for indices in on_cpu))


def distinct_bodies(x):
    """Return the Bodies, on the CPU, of clips x (N, C, T, V, M)."""
    x = x.to(torch.promote_types(x.dtype, torch.float32)).numpy(force=True)  # NumPy has no bfloat16
    N, C, T, V, M = x.shape
    bodies = np.empty((N, M, 1 + C * T * V), x.dtype)
    bodies[..., 0] = np.arange(M)  # bodies at two person indices are never identical
    np.add(np.moveaxis(x, 4, 1).reshape(N, M, -1), 0, out=bodies[..., 1:])  # −0 + 0 is 0
    of_bytes = np.dtype((np.void, bodies[0, 0].nbytes))
    _, kept, source, count = np.unique(bodies.reshape(N * M, -1).view(of_bytes)[:, 0], return_index=True,
                                       return_inverse=True, return_counts=True)
    order = kept.argsort()  # the bodies in the order of the batch
    return Bodies(*map(torch.from_numpy, (kept[order], order.argsort()[source], count[order])))


def with_bodies(model, data, device):
    """Return `model` with the Bodies of `data` (…, C, T, V, M), which are on the CPU, as its argument on `device`.

    The model then need not search the data on the device, which would make the CPU wait. A model that takes clips alone
    is returned as it is, and so is DataParallel, which divides the batch.
    """
    network = model.module if isinstance(model, DistributedDataParallel) else model
    if isinstance(model, DataParallel) or 'bodies' not in inspect.signature(network.forward).parameters:
        return model
    return functools.partial(model, bodies=distinct_bodies(data.flatten(0, -5)).to(device))


def is_recorded():
    """Return whether this forward pass is recorded, by torch.compile, torch.export, torch.onnx or torch.jit."""
    return torch.compiler.is_compiling() or torch.jit.is_tracing()


def batch_norm(bn, x, count=None):
    """Return bn(x) for the nn.BatchNorm2d `bn` and bodies x (B, C, T, V), of which body b occurs `count[b]` times.

    In training, the running statistics become those of all bodies of the batch. With n the number of values a channel:

        mean = Σ_b count_b Σ_tv x / n        variance = Σ_b count_b Σ_tv x² / n − mean²
    """
    if count is None or not bn.training:
        return bn(x)
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    # The variance is the small difference of two numbers for each channel; only Apple's GPUs have no float64 for it.
    count = count.to(wide.dtype if x.device.type == 'mps' else torch.float64)
    n = count.sum() * x.size(2) * x.size(3)
    weight = (count / n)[:, None]
    mean = (weight * wide.sum((2, 3))).sum(0)
    variance = (weight * wide.square().sum((2, 3))).sum(0) - mean.square()
    variance = variance.clamp(min=0)  # rounding can make it negative
    with torch.no_grad():
        bn.num_batches_tracked.add_(1)
        bn.running_mean.lerp_(mean.to(bn.running_mean.dtype), bn.momentum)
        bn.running_var.lerp_((variance * (n / (n - 1))).to(bn.running_var.dtype), bn.momentum)
    scale = bn.weight * (variance + bn.eps).rsqrt()
    shift = bn.bias - mean * scale
    # x · scale + shift in one pass: the batch norm of mean 0 and variance 1, whose eps must not be 0.
    zero, one = torch.zeros_like(bn.bias), torch.ones_like(bn.bias)
    return F.batch_norm(x, zero, one, scale.to(bn.weight.dtype), shift.to(bn.bias.dtype), eps=1e-30)
