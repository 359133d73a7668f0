"""AGCN, one stream of 2s-AGCN: Shi et al., Two-Stream Adaptive Graph Convolutional Networks for Skeleton-Based Action
Recognition, CVPR 2019."""
import torch
from torch import nn

from model.units import GraphUnit, SkeletonNetwork


class AdaptiveGraphUnit(GraphUnit):
    """The paper's adaptive graph convolution (section 4.1): G_k = A_k + B_k + C_k.

    A_k (`A`) is the graph of the skeleton and stays fixed. B_k (`PA`) is learned. C_k is computed from each body: the
    softmax over rows (dim −2) of the similarity of its joints, embedded by θ_k (`conv_a`) and φ_k (`conv_b`).
    """

    def __init__(self, in_channels, out_channels, A):
        super().__init__()
        self.PA = nn.Parameter(torch.full_like(A, 1e-6))
        self.register_buffer('A', A.clone(), persistent=False)
        self.add_embeddings(in_channels, out_channels)
        self.add_conv_d(in_channels, out_channels)
        self.add_down_and_bn(in_channels, out_channels)

    def graphs(self, x):
        """Return the graphs for x (N, C, T, V) by letter: A and B (3, V, V), C (N, 3, V, V)."""
        return {'A': self.A, 'B': self.PA, 'C': self.similarity(x).softmax(-2)}


class Model(SkeletonNetwork):
    """AGCN: (N, C, T, V, M) → scores before softmax (N, num_class). For `graph` and errors see SkeletonNetwork."""

    def __init__(self, num_class=60, num_point=25, num_person=2, graph=None, graph_args={}, in_channels=3,  # noqa: B006
                 base_channels=64):
        super().__init__(AdaptiveGraphUnit, num_class, num_point, num_person, graph, graph_args, in_channels,
                         base_channels)
