"""The streams as a Feeder derives them from a file of joints, after augmentation."""
import random

import numpy as np
import pytest

from feeders import tools
from feeders.feeder import STREAMS
from graph import kinetics, ntu_rgb_d
from graph.streams import bones, motion

GRAPHS = {'graph.ntu_rgb_d.Graph': ntu_rgb_d.Graph(), 'graph.kinetics.Graph': kinetics.Graph()}


def joints(V=25, N=4, T=12):
    return np.random.default_rng(3).standard_normal((N, 3, T, V, 2)).astype(np.float32)


def streams_by_definition(x, graph):
    """Joint by joint and frame by frame, as section 9 of the contract words it."""
    bone = np.zeros_like(x)
    for i, j in enumerate(graph.bone_partners):
        bone[:, :, :, i] = x[:, :, :, i] - x[:, :, :, j]
    both = {'joint': x, 'bone': bone}
    for name in ('joint', 'bone'):
        moved = np.zeros_like(x)
        for t in range(x.shape[2] - 1):
            moved[:, :, t] = both[name][:, :, t + 1] - both[name][:, :, t]
        both[name + '_motion'] = moved
    return both


def test_published_bones_and_motion(golden):
    arrays, partners = golden('ntu_pipeline.npz'), ntu_rgb_d.Graph().bone_partners
    for key, function in (('bone', lambda x: bones(x, partners)), ('motion', motion)):
        names = [name for name in arrays if key in name]
        assert names
        for name in names:
            np.testing.assert_array_equal(function(arrays['joint'][:len(arrays[name])]), arrays[name])


@pytest.mark.parametrize('name', GRAPHS)
@pytest.mark.parametrize('stream', STREAMS)
def test_a_stream_is_its_definition_bit_for_bit(feed, name, stream):
    x = joints(GRAPHS[name].num_node)
    feeder = feed(x, stream=stream, graph=name, window_size=15)
    expected = streams_by_definition(x, GRAPHS[name])[stream]
    for i in range(len(x)):
        clip = feeder[i][0]
        assert clip.shape == (3, 15, GRAPHS[name].num_node, 2) and clip.dtype == np.float32
        np.testing.assert_array_equal(clip[:, :12], expected[i])
        assert not clip[:, 12:].any()
    assert not np.shares_memory(feeder[0][0], feeder.data) and feeder[0][0].flags.writeable


@pytest.mark.parametrize('stream', STREAMS)
def test_a_stream_is_derived_after_augmentation(feed, stream):
    """Joints are moved as points; the bones between them are not shifted."""
    x = joints()
    arguments = {'random_choose': True, 'random_move': True, 'window_size': 8, 'graph': 'graph.ntu_rgb_d.Graph'}
    feeder = feed(x, stream=stream, **arguments)
    for seed in range(5):
        random.seed(seed)
        np.random.seed(seed)
        clip = feeder[1][0]
        random.seed(seed)
        np.random.seed(seed)
        moved = tools.random_move(tools.random_choose(x[1], 8))
        np.testing.assert_array_equal(clip, streams_by_definition(moved[None], ntu_rgb_d.Graph())[stream][0])
