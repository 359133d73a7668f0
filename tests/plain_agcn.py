"""AGCN and AAGCN as plainly as they can be said: the oracle of the model's tests and the slow side of benchmarks.

It shares nothing with `model/` but the names in the state dict, so that it can be given the same weights; it knows
no tricks, runs in float32 and float64, and its operations follow one another as in the published code.
"""
import torch
from torch import nn


class PlainConvBn(nn.Module):
    """Convolution over `kernel` frames and batch norm."""

    def __init__(self, in_channels, out_channels, kernel, stride):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, (kernel, 1), (stride, 1), ((kernel - 1) // 2, 0))
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        return self.bn(self.conv(x))


class PlainGraphUnit(nn.Module):
    def __init__(self, in_channels, out_channels, A, kind, adaptive, attention):
        super().__init__()
        self.register_buffer('A', A, persistent=False)
        self.kind, self.adaptive, self.attention = kind, adaptive, attention
        self.inter = out_channels // 4
        if adaptive:
            self.PA = nn.Parameter(torch.zeros(A.shape))
            if kind == 'aagcn':
                self.alpha = nn.Parameter(torch.zeros(1))
            self.conv_a = nn.ModuleList(nn.Conv2d(in_channels, self.inter, 1) for _ in range(3))
            self.conv_b = nn.ModuleList(nn.Conv2d(in_channels, self.inter, 1) for _ in range(3))
        self.conv_d = nn.ModuleList(nn.Conv2d(in_channels, out_channels, 1) for _ in range(3))
        if attention:
            joints = A.shape[-1] // 2 * 2 - 1 if A.shape[-1] % 2 == 0 else A.shape[-1]
            self.conv_sa = nn.Conv1d(out_channels, 1, joints, padding=(joints - 1) // 2)
            self.conv_ta = nn.Conv1d(out_channels, 1, 9, padding=4)
            self.fc1c = nn.Linear(out_channels, out_channels // 2)
            self.fc2c = nn.Linear(out_channels // 2, out_channels)
        if in_channels != out_channels:
            self.down = nn.Sequential(nn.Conv2d(in_channels, out_channels, 1), nn.BatchNorm2d(out_channels))
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        N, C, T, V = x.shape
        y = 0
        for k in range(3):
            G = self.A[k]
            if self.adaptive:
                a = self.conv_a[k](x).permute(0, 3, 1, 2).reshape(N, V, self.inter * T)
                b = self.conv_b[k](x).reshape(N, self.inter * T, V)
                if self.kind == 'agcn':
                    G = G + self.PA[k] + torch.softmax(a @ b / (self.inter * T), -2)
                else:
                    G = self.PA[k] + self.alpha * torch.tanh(a @ b / (self.inter * T))
            y = y + self.conv_d[k]((x.reshape(N, C * T, V) @ G).view(N, C, T, V))
        y = torch.relu(self.bn(y) + (self.down(x) if hasattr(self, 'down') else x))
        if self.attention:
            y = y * torch.sigmoid(self.conv_sa(y.mean(2)))[:, :, None] + y
            y = y * torch.sigmoid(self.conv_ta(y.mean(3)))[:, :, :, None] + y
            y = y * torch.sigmoid(self.fc2c(torch.relu(self.fc1c(y.mean(3).mean(2)))))[:, :, None, None] + y
        return y


class PlainUnit(nn.Module):
    def __init__(self, in_channels, out_channels, stride, graph_unit, first):
        super().__init__()
        self.gcn1 = graph_unit
        self.tcn1 = PlainConvBn(out_channels, out_channels, 9, stride)
        self.first = first
        if not first and (in_channels != out_channels or stride != 1):
            self.residual = PlainConvBn(in_channels, out_channels, 1, stride)

    def forward(self, x):
        y = self.tcn1(self.gcn1(x))
        if self.first:
            return torch.relu(y)
        return torch.relu(y + (self.residual(x) if hasattr(self, 'residual') else x))


class PlainModel(nn.Module):
    """(N, C, T, V, M) → (N, num_class). `A` is the graph's (3, V, V) tensor; `kind` is 'agcn' or 'aagcn'.

    Its own initial values mean nothing: give it a state dict.
    """

    def __init__(self, A, kind='agcn', num_class=60, num_person=2, in_channels=3, adaptive=True, attention=True):
        super().__init__()
        attention = attention and kind == 'aagcn'
        self.data_bn = nn.BatchNorm1d(num_person * in_channels * A.shape[-1])
        widths = [in_channels, 64, 64, 64, 64, 128, 128, 128, 256, 256, 256]
        for i in range(1, 11):
            graph_unit = PlainGraphUnit(widths[i - 1], widths[i], A, kind, adaptive, attention)
            stride = 2 if i in (5, 8) else 1
            setattr(self, f'l{i}', PlainUnit(widths[i - 1], widths[i], stride, graph_unit, first=i == 1))
        self.fc = nn.Linear(256, num_class)

    def forward(self, x):
        N, C, T, V, M = x.shape
        x = self.data_bn(x.permute(0, 4, 3, 1, 2).reshape(N, M * V * C, T))
        x = x.view(N, M, V, C, T).permute(0, 1, 3, 4, 2).reshape(N * M, C, T, V)
        for i in range(1, 11):
            x = getattr(self, f'l{i}')(x)
        return self.fc(x.view(N, M, x.shape[1], -1).mean(3).mean(1))


def plain_twin(network, A, dtype=torch.float32):
    """Return the plain model with the weights and the mode of `network`, a model of model/ on the graph A (3, V, V)."""
    state = network.state_dict()
    words = {word for key in state for word in key.split('.')}
    in_channels = state['l1.gcn1.conv_d.0.weight'].shape[1]
    twin = PlainModel(torch.as_tensor(A, dtype=torch.float32), 'aagcn' if words & {'alpha', 'fc1c'} else 'agcn',
                      num_class=len(state['fc.bias']), in_channels=in_channels,
                      num_person=len(state['data_bn.bias']) // (in_channels * A.shape[-1]),
                      adaptive='PA' in words, attention='fc1c' in words)
    twin.load_state_dict(state)
    return twin.to(dtype).train(network.training)
