"""AAGCN: Shi et al., Skeleton-Based Action Recognition with Multi-Stream Adaptive Graph Convolutional Networks, IEEE
Transactions on Image Processing 2020."""
import functools

import torch
from torch import nn

from model.units import GraphUnit, SkeletonNetwork


class AttentiveGraphUnit(GraphUnit):
    """Adaptive graph convolution with attention (sections III-B and III-C of the paper).

    Adaptive: G_k = B_k + α C_k. B_k (`PA`) is learned and starts as the graph's A_k; the gate α (`alpha`) starts at 0;
    C_k is tanh of the similarity of the body's joints, embedded by θ_k (`conv_a`) and φ_k (`conv_b`). Not adaptive:
    G_k = A_k. With attention, the output y becomes y + y·σ(s), for each joint (s by `conv_sa`), then for each frame
    (`conv_ta`), then for each channel (`fc1c`, `fc2c`).
    """

    def __init__(self, in_channels, out_channels, A, adaptive=True, attention=True):
        super().__init__()
        self.adaptive = adaptive
        self.attention = attention
        if adaptive:
            self.PA = nn.Parameter(A.clone())
            self.alpha = nn.Parameter(torch.zeros(1))
        else:
            self.register_buffer('A', A.clone(), persistent=False)
        self.add_conv_d(in_channels, out_channels)
        if adaptive:
            self.add_embeddings(in_channels, out_channels)
        if attention:
            self.add_attention(out_channels, num_point=A.size(-1))
        self.add_down_and_bn(in_channels, out_channels)

    def add_attention(self, channels, num_point):
        joints = num_point if num_point % 2 else num_point - 1
        self.conv_ta = nn.Conv1d(channels, 1, 9, padding=4)
        self.conv_sa = nn.Conv1d(channels, 1, joints, padding=(joints - 1) // 2)
        self.fc1c = nn.Linear(channels, channels // 2)
        self.fc2c = nn.Linear(channels // 2, channels)
        nn.init.xavier_normal_(self.conv_sa.weight)
        nn.init.kaiming_normal_(self.fc1c.weight)
        for zero in (self.conv_ta.weight, self.conv_ta.bias, self.fc1c.bias, self.fc2c.weight, self.fc2c.bias):
            nn.init.zeros_(zero)

    def graphs(self, x):
        """Return the graphs for x (N, C, T, V) by letter: A (3, V, V), or B (3, V, V) and C, times α, (N, 3, V, V)."""
        if not self.adaptive:
            return {'A': self.A}
        return {'B': self.PA, 'C': self.alpha * self.similarity(x).tanh()}

    def forward(self, x, count=None):
        y = super().forward(x, count)
        return self.attend(y) if self.attention else y

    def attend(self, y):
        """Return y (N, C, T, V) with attention over joints, frames and channels."""
        joint = self.conv_sa(y.mean(2)).sigmoid()  # (N, 1, V)
        y = torch.addcmul(y, y, joint.unsqueeze(2))
        frame = self.conv_ta(y.mean(3)).sigmoid()  # (N, 1, T)
        y = torch.addcmul(y, y, frame.unsqueeze(3))
        channel = self.fc2c(torch.relu(self.fc1c(y.mean((2, 3))))).sigmoid()  # (N, C)
        return torch.addcmul(y, y, channel[..., None, None])


class Model(SkeletonNetwork):
    """AAGCN: (N, C, T, V, M) → scores before softmax (N, num_class). For `graph` and errors see SkeletonNetwork."""

    def __init__(self, num_class=60, num_point=25, num_person=2, graph=None, graph_args={}, in_channels=3,  # noqa: B006
                 drop_out=0, adaptive=True, attention=True, base_channels=64):
        make_graph_unit = functools.partial(AttentiveGraphUnit, adaptive=adaptive, attention=attention)
        super().__init__(make_graph_unit, num_class, num_point, num_person, graph, graph_args, in_channels,
                         base_channels, drop_out)
