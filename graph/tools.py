"""Adjacency matrices from lists of links, and the graph of a skeleton."""
import numpy as np

from runtime.errors import UserError


def attribute_of(graph, name):
    """Return the attribute `name` of `graph`; UserError if it has none, as graphs in the published style."""
    if not hasattr(graph, name):
        kind = type(graph)
        raise UserError(f'{kind.__module__}.{kind.__qualname__} has no {name}, which bones and flips need: see '
                        'graph/tools.py')
    return getattr(graph, name)


def edge2mat(link, num_node):
    """Return the (V, V) matrix with 1 at [j, i] for every link (i, j)."""
    A = np.zeros((num_node, num_node))
    for i, j in link:
        A[j, i] = 1
    return A


def normalize_digraph(A):
    """Return the (V, V) matrix `A` with every column divided by its sum; empty columns stay 0."""
    column_sum = A.sum(0)
    return A / np.where(column_sum > 0, column_sum, 1)


def get_spatial_graph(num_node, self_link, inward, outward):
    """Return A (3, V, V): self links, and the inward and the outward links, each normalised by column.

    The three subsets are the spatial partition of 2s-AGCN, section 3.1: the joint itself, the neighbours nearer to
    the body's centre, those farther from it.
    """
    identity = edge2mat(self_link, num_node)
    towards_centre = normalize_digraph(edge2mat(inward, num_node))
    from_centre = normalize_digraph(edge2mat(outward, num_node))
    return np.stack((identity, towards_centre, from_centre))


def get_adjacency_matrix(edges, num_nodes):
    """Return the float32 (V, V) matrix with 1 at [i, j] for every edge (i, j).

    This and the next two have the names and meanings of MS-G3D (Liu et al., CVPR 2020), whose descendants' graphs
    import them.
    """
    return edge2mat(edges, num_nodes).T.astype(np.float32)


def k_adjacency(A, k, with_self=False, self_factor=1):
    """Return the (V, V) matrix with 1 where two joints are `k` links of `A` (V, V) apart, not fewer.

    With `with_self`, `self_factor` is added on the diagonal. For k = 0 it is the identity. Source: MS-G3D, equation 3.
    """
    identity = np.eye(len(A), dtype=A.dtype)
    if k == 0:
        return identity
    nearer, reached = (np.linalg.matrix_power(A + identity, steps) > 0 for steps in (k - 1, k))
    return (reached & ~nearer).astype(A.dtype) + with_self * self_factor * identity


def normalize_adjacency_matrix(A):
    """Return D^(-1/2) A D^(-1/2), float32 (V, V), where D has the row sums of `A` on its diagonal; empty rows stay.
    """
    degree = A.sum(-1)
    scale = np.where(degree > 0, degree, 1) ** -0.5
    return (scale[:, None] * A * scale).astype(np.float32)


class SkeletonGraph:
    """The graph of one skeleton.

    Attributes, as the published graphs have them: `A` (3, V, V) float64, `num_node` V, and the lists of links
    `self_link`, `inward`, `outward`, `neighbor`, each link a pair (from, to) of joints counted from 0. Beside them
    `joint_names`, `bone_partners` (the joint that each joint's bone starts at), `center` (the joint that the body is
    centred on) and `left_right` (the pairs of joints that a mirror swaps).
    """

    def __init__(self, joint_names, inward, bone_partners, center, left_right, labeling_mode='spatial'):
        if labeling_mode != 'spatial':
            raise ValueError(f"labeling_mode '{labeling_mode}': only 'spatial' exists")
        self.joint_names = list(joint_names)
        self.num_node = len(self.joint_names)
        self.self_link = [(i, i) for i in range(self.num_node)]
        self.inward = list(inward)
        self.outward = [(j, i) for i, j in self.inward]
        self.neighbor = self.inward + self.outward
        self.bone_partners = list(bone_partners)
        self.center = center
        self.left_right = list(left_right)
        self.A = get_spatial_graph(self.num_node, self.self_link, self.inward, self.outward)
