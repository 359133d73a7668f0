"""Adjacency matrices from lists of links."""
import numpy as np

from runtime.errors import UserError


def attribute_of(graph, name):
    """Return the attribute `name` of `graph`; UserError if it has none, as graphs in the published style."""
    if not hasattr(graph, name):
        raise UserError(f'{type(graph).__module__}.{type(graph).__qualname__} has no {name}, which bones and flips '
                        'need: see graph/skeleton.py')
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
