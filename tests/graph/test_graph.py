"""The graphs against the published adjacency matrices, and the helpers that graphs of other authors import."""
import numpy as np
import pytest

from graph import coco, kinetics, ntu_rgb_d
from graph.tools import get_adjacency_matrix, k_adjacency, normalize_adjacency_matrix

PUBLISHED = {'ntu_rgb_d': ntu_rgb_d, 'kinetics': kinetics}


@pytest.mark.parametrize('name', PUBLISHED)
def test_adjacency_is_the_published_one(golden, name):
    A = PUBLISHED[name].Graph(labeling_mode='spatial').A
    assert A.dtype == np.float64
    np.testing.assert_array_equal(A, golden('graph.npz')[name])


def test_the_bones_of_pyskl_s_hips_start_at_the_nose():
    partners, published = coco.PysklGraph().bone_partners, coco.Graph().bone_partners
    assert {v for v in range(17) if partners[v] != published[v]} == {11, 12} and partners[11] == partners[12] == 0
    np.testing.assert_array_equal(coco.PysklGraph().A, coco.Graph().A)


# A path of four joints, 0 - 1 - 2 - 3, and one joint by itself.
PATH = get_adjacency_matrix([(0, 1), (1, 2), (2, 3), (1, 0), (2, 1), (3, 2)], 5)


def test_joints_exactly_k_links_apart():
    distance = abs(np.subtract.outer(range(5), range(5)))
    distance[4, :4] = distance[:4, 4] = 99
    for k in range(5):
        np.testing.assert_array_equal(k_adjacency(PATH, k), distance == k)
    np.testing.assert_array_equal(k_adjacency(PATH, 2, with_self=True, self_factor=3),
                                  (distance == 2) + 3 * np.eye(5))
    assert k_adjacency(PATH, 2, with_self=True).dtype == np.float32


def test_rows_and_columns_are_divided_by_the_root_of_their_degree():
    degrees = [1, 2, 2, 1]
    normalised = normalize_adjacency_matrix(PATH)
    assert normalised.dtype == np.float32 and not normalised[4].any() and not normalised[:, 4].any()
    for i in range(4):
        for j in range(4):
            assert normalised[i, j] == pytest.approx(PATH[i, j] / np.sqrt(degrees[i] * degrees[j]))
