"""Models such as users write, of one convolution over time, so that they are exported in a moment; and a feeder."""
import torch
from torch import nn

from feeders.feeder import Feeder


class Model(nn.Module):
    """(N, C, T, V, M) → (N, num_class)."""

    def __init__(self, num_class=4, num_point=25, num_person=2, graph=None, graph_args=None, in_channels=3):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 8, (3, 1))
        self.fc = nn.Linear(8 * num_point, num_class)

    def forward(self, x):
        N, C, T, V, M = x.shape
        x = self.conv(x.permute(0, 4, 1, 2, 3).flatten(0, 1)).relu().mean(2)  # (N·M, 8, V)
        return self.fc(x.flatten(1)).view(N, M, -1).mean(1)


class ByContent(Model):
    """What it computes depends on the values of its input."""

    def forward(self, x):
        return super().forward(x) * (2 if x.sum() > 0 else 1)


class OtherWhenExported(Model):
    """What is exported differs from what runs in PyTorch."""

    def forward(self, x):
        return super().forward(x * (1.1 if torch.compiler.is_exporting() else 1))


class OtherFeeder(Feeder):
    """What it does to a clip is not known to the export."""
