"""What AGCN and AAGCN share: the temporal unit, the graph unit's convolutions, and the network of ten units.

Shapes: N samples, C channels, T frames, V joints, M persons; the graph has 3 subsets, numbered k. The units take each
body as a sample: N counts bodies there, and `count` (N,) says how often each occurs in the batch; None means once.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F

from model.empty_bodies import batch_norm, distinct_bodies, is_recorded
from runtime.dotted import build

# Output channels, as multiples of base_channels, and temporal stride of l1 … l10 (2s-AGCN, section 4.3).
UNITS = ((1, 1), (1, 1), (1, 1), (1, 1), (2, 2), (2, 1), (2, 1), (4, 2), (4, 1), (4, 1))

BODIES_IN_CACHE = 4  # a body's activations are at most 2 MB in float32, and a unit holds about six such arrays


class TemporalUnit(nn.Module):
    """Convolution over the frames of each joint, then batch norm: (N, C, T, V) → (N, out, T / stride, V)."""

    def __init__(self, in_channels, out_channels, kernel_size=9, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, (kernel_size, 1), (stride, 1), ((kernel_size - 1) // 2, 0))
        self.bn = nn.BatchNorm2d(out_channels)
        init_convolution(self.conv)

    def forward(self, x, count=None):
        return convolve(x, self.conv.weight, self.conv.bias, self.bn, count, self.conv.stride, self.conv.padding)


class GraphUnit(nn.Module):
    """Graph convolution over the joints of each frame: (N, C, T, V) → (N, out, T, V).

        out = ReLU( bn( Σ_k W_k( x G_k ) ) + down(x) )

    W_k is `conv_d`. The adjacency G is the sum of the `graphs` that a subclass defines. `down` is the identity where
    the channels agree. Subclasses register the parameters, in the order of the published state dicts.
    """

    def add_conv_d(self, in_channels, out_channels):
        self.conv_d = pointwise_convolutions(in_channels, out_channels)
        for conv in self.conv_d:
            nn.init.normal_(conv.weight, 0, math.sqrt(2 / (out_channels * in_channels * len(self.conv_d))))

    def add_embeddings(self, in_channels, out_channels):
        """Add θ (`conv_a`) and φ (`conv_b`), which embed the joints for `similarity`."""
        self.conv_a = pointwise_convolutions(in_channels, out_channels // 4)
        self.conv_b = pointwise_convolutions(in_channels, out_channels // 4)

    def add_down_and_bn(self, in_channels, out_channels):
        self.down = None
        if in_channels != out_channels:
            self.down = nn.Sequential(nn.Conv2d(in_channels, out_channels, 1), nn.BatchNorm2d(out_channels))
            init_convolution(self.down[0])
        self.bn = nn.BatchNorm2d(out_channels)
        nn.init.constant_(self.bn.weight, 1e-6)  # training starts from the shortcut alone

    def adjacency(self, x):
        """Return G for x (N, C, T, V): (3, V, V), or (N, 3, V, V) where it depends on the body."""
        return sum(self.graphs(x).values())

    def similarity(self, x):
        """Return θ_k(x)ᵀ φ_k(x) / (inter·T) for x (N, C, T, V): (N, 3, V, V), at least float32.

        The six embeddings are one convolution. Their products exceed the range of float16, and bfloat16 would round
        them before the softmax.
        """
        convolutions = [*self.conv_a, *self.conv_b]
        embedded = F.conv2d(x, torch.cat([conv.weight for conv in convolutions]),
                            torch.cat([conv.bias for conv in convolutions]))
        N, channels, T, V = embedded.shape
        inter = channels // 6
        # Channels come last, as in memory, so that one copy assembles the gradient.
        embedded = embedded.permute(0, 2, 3, 1).unflatten(3, (2, 3, inter))
        embedded = embedded.permute(3, 0, 4, 2, 1, 5).reshape(2, N, 3, V, T * inter)
        with torch.autocast(x.device.type, enabled=False):
            theta, phi = embedded.to(torch.promote_types(x.dtype, torch.float32))
            return theta @ phi.transpose(-1, -2) / (inter * T)

    def forward(self, x, count=None):
        N, C, T, V = x.shape
        G = self.adjacency(x).to(x.dtype).expand(N, 3, V, V)
        # x G_1, x G_2 and x G_3 become 3·C channels: Σ_k W_k is one convolution of them.
        G = G.permute(0, 3, 1, 2).reshape(N, 1, V * 3, V)
        aggregated = (G @ x.permute(0, 2, 3, 1)).view(N, T, V, 3 * C).permute(0, 3, 1, 2)
        weight = torch.cat([conv.weight for conv in self.conv_d], 1)
        bias = sum(conv.bias for conv in self.conv_d)
        y = convolve(aggregated, weight, bias, self.bn, count)
        if self.down is None:
            return F.relu(y.add_(x), inplace=True)
        conv, bn = self.down
        return F.relu(y.add_(convolve(x, conv.weight, conv.bias, bn, count)), inplace=True)


class Unit(nn.Module):
    """ReLU( tcn1( gcn1(x) ) + residual(x) ): (N, C, T, V) → (N, out, T / stride, V)."""

    def __init__(self, graph_unit, out_channels, stride, in_channels, has_residual):
        super().__init__()
        self.gcn1 = graph_unit
        self.tcn1 = TemporalUnit(out_channels, out_channels, stride=stride)
        self.has_residual = has_residual
        self.residual = None
        if has_residual and (in_channels != out_channels or stride != 1):
            self.residual = TemporalUnit(in_channels, out_channels, kernel_size=1, stride=stride)

    def forward(self, x, count=None):
        y = self.tcn1(self.gcn1(x, count), count)
        if self.has_residual:
            y.add_(x if self.residual is None else self.residual(x, count))
        return F.relu(y, inplace=True)


class SkeletonNetwork(nn.Module):
    """(N, C, T, V, M) → (N, num_class): batch norm of the data, ten units, means, a linear layer.

    `make_graph_unit(in_channels, out_channels, A)` returns a unit's graph convolution. `graph` is the dotted name of a
    class in `graph/`, built with `graph_args`. Raises ValueError without a graph, or if it has other than `num_point`
    joints. The first four units have `base_channels` channels, 64 in the paper, the last three four times as many.

    With the attribute `skip_empty_bodies` set to False, every body is computed: slower, with the same results.
    """

    skip_empty_bodies = True
    testing_units = None  # through_units, compiled for testing
    training_units = None  # through_units, compiled for training

    def __init__(self, make_graph_unit, num_class, num_point, num_person, graph, graph_args, in_channels, base_channels,
                 drop_out=0):
        super().__init__()
        A = build_adjacency(graph, graph_args, num_point)
        self.data_bn = nn.BatchNorm1d(num_person * in_channels * num_point)
        channels = in_channels
        for number, (multiple, stride) in enumerate(UNITS, 1):
            out_channels = multiple * base_channels
            graph_unit = make_graph_unit(channels, out_channels, A)
            self.add_module(f'l{number}', Unit(graph_unit, out_channels, stride, channels, has_residual=number > 1))
            channels = out_channels
        self.fc = nn.Linear(channels, num_class)
        nn.init.normal_(self.fc.weight, 0, math.sqrt(2 / num_class))
        self.drop_out = nn.Dropout(drop_out)

    @property
    def units(self):
        return [getattr(self, f'l{number}') for number in range(1, len(UNITS) + 1)]

    def forward(self, x, bodies=None):
        """Return the scores of x; `bodies` are its distinct_bodies, which are found here if they are not given."""
        N, C, T, V, M = x.shape
        # A recorded pass must fit other data. If the input needs a gradient, every body needs its own.
        if not self.skip_empty_bodies or is_recorded() or x.requires_grad:
            bodies = None
        elif bodies is None:
            bodies = distinct_bodies(x).to(x.device)
        x = self.data_bn(x.permute(0, 4, 3, 1, 2).reshape(N, M * V * C, T))
        x = x.view(N * M, V, C, T).permute(0, 2, 3, 1)
        if bodies is not None:
            x = x[bodies.kept]
        features = self.features(x.contiguous(memory_format=torch.channels_last), bodies and bodies.count)
        if bodies is not None:
            features = features[bodies.source]
        with torch.autocast(x.device.type, enabled=False):  # scores in full precision
            return self.fc(self.drop_out(features.to(self.fc.weight.dtype).view(N, M, -1).mean(1)))

    def features(self, x, count):
        """Return the output of the ten units, averaged over frames and joints: (B, C, T, V) → (B, 4 · base_channels).

        Unless a batch norm is in training, the features of a body depend on that body alone. Without gradients, a CPU
        then computes a few bodies at a time, whose activations fit into its cache, so memory does not grow with B.
        """
        if any(module.training for module in self.modules()):
            return (self.training_units or self.through_units)(x, count)
        if torch.is_grad_enabled() or is_recorded():
            return self.through_units(x)
        through_units = self.testing_units or self.through_units
        if x.device.type != 'cpu':
            return through_units(x)
        # A network is compiled again for every size, so the groups are of nearly equal size.
        groups = x.tensor_split(math.ceil(len(x) / BODIES_IN_CACHE))
        return torch.cat([through_units(group) for group in groups])

    def through_units(self, x, count=None):
        for unit in self.units:
            x = unit(x, count)
        return x.mean((2, 3))

    def compile_for_testing(self):
        """Compile the ten units together for evaluations."""
        self.testing_units = torch.compile(self.through_units)

    def compile_for_training(self):
        """Compile the ten units together for training.

        PyTorch compiles them again at the second number of computed bodies that it meets, and then for any number.
        """
        self.training_units = torch.compile(self.through_units)


def convolve(x, weight, bias, bn, count, stride=1, padding=0):
    """Return bn(convolution of x (B, C, T, V)). Outside training, bn is folded into the weights."""
    if bn.training:
        return batch_norm(bn, F.conv2d(x, weight, bias, stride, padding), count)
    scale = bn.weight * (bn.running_var + bn.eps).rsqrt()
    bias = (bias - bn.running_mean) * scale + bn.bias
    return F.conv2d(x, weight * scale[:, None, None, None], bias, stride, padding)


def build_adjacency(graph, graph_args, num_point):
    """Return the graph's A as a float32 tensor (3, V, V)."""
    if graph is None:
        raise ValueError('it needs a graph: name its class, such as graph: graph.ntu_rgb_d.Graph')
    A = torch.tensor(build(graph, graph_args, 'graph_args').A, dtype=torch.float32)
    if A.shape != (3, num_point, num_point):
        raise ValueError(f'num_point is {num_point}, but A of {graph} is {tuple(A.shape)}: '
                         f'it must be (3, {num_point}, {num_point})')
    return A


def pointwise_convolutions(in_channels, out_channels):
    """Return the 1×1 convolutions of the 3 graph subsets."""
    convolutions = nn.ModuleList(nn.Conv2d(in_channels, out_channels, 1) for _ in range(3))
    for conv in convolutions:
        init_convolution(conv)
    return convolutions


def init_convolution(conv):
    nn.init.kaiming_normal_(conv.weight, mode='fan_out')
    nn.init.zeros_(conv.bias)
