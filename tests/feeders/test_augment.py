"""The augmentations of joints: what each keeps, that it draws anew, and how the Feeder puts them in order."""
import random

import numpy as np
import pytest

from feeders import augment
from graph import kinetics, ntu_rgb_d
from graph.streams import STREAMS, bones, motion
from runtime.errors import UserError

GRAPHS = {3: ntu_rgb_d.Graph(), 2: kinetics.Graph()}
NAMES = {3: 'graph.ntu_rgb_d.Graph', 2: 'graph.kinetics.Graph'}
both_dimensions = pytest.mark.parametrize('dimensions', (2, 3))


@pytest.fixture(autouse=True)
def seeded():
    np.random.seed(0)


def made_clip(dimensions, T=20, seed=1):
    """A clip (3, T, V, 2) of the first person; the second is absent, as zeros."""
    x = np.random.default_rng(seed).standard_normal((3, T, GRAPHS[dimensions].num_node, 2)).astype(np.float32)
    x[..., 1] = 0
    x.flags.writeable = False
    return x


def bone_lengths(x, dimensions):
    return np.linalg.norm(bones(x, GRAPHS[dimensions].bone_partners)[:dimensions], axis=0)


@both_dimensions
def test_rotation_keeps_bone_lengths_scores_and_zeros(dimensions):
    x = made_clip(dimensions)
    turned = augment.random_rotate(x, 30, dimensions)
    assert turned.dtype == np.float32 and not np.allclose(turned, x)
    np.testing.assert_allclose(bone_lengths(turned, dimensions), bone_lengths(x, dimensions), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(turned[dimensions:], x[dimensions:])
    assert not turned[..., 1].any()


@both_dimensions
@pytest.mark.parametrize('function', (augment.random_scale, augment.random_shear))
def test_scale_and_shear_are_one_matrix_for_all_joints(dimensions, function):
    x = made_clip(dimensions)
    before = x[:dimensions].reshape(dimensions, -1)
    changes = []
    for _ in range(200):
        changed = function(x, .2, dimensions)
        after = changed[:dimensions].reshape(dimensions, -1)
        matrix = np.linalg.lstsq(before.T, after.T, rcond=None)[0].T
        np.testing.assert_allclose(matrix @ before, after, atol=1e-5)
        np.testing.assert_array_equal(changed[dimensions:], x[dimensions:])
        assert changed.dtype == np.float32 and not changed[..., 1].any()
        changes.append(matrix - np.eye(dimensions))
    drawn = np.ones((dimensions, dimensions), bool) if function == augment.random_shear else np.eye(dimensions) > 0
    assert abs(np.array(changes)).max() < .2001
    assert (np.min(changes, axis=0)[drawn] < -.18).all() and (np.max(changes, axis=0)[drawn] > .18).all()


@both_dimensions
def test_flip_mirrors_left_and_right_and_twice_is_nothing(dimensions):
    x, graph = made_clip(dimensions), GRAPHS[dimensions]
    flipped = augment.random_flip(x, 1, graph.left_right)
    for left, right in graph.left_right:
        np.testing.assert_array_equal(flipped[:, :, left], x[:, :, right] * [[[-1]], [[1]], [[1]]])
    middle = set(range(graph.num_node)) - {joint for pair in graph.left_right for joint in pair}
    for joint in middle:
        np.testing.assert_array_equal(flipped[1:, :, joint], x[1:, :, joint])
        np.testing.assert_array_equal(flipped[0, :, joint], -x[0, :, joint])
    np.testing.assert_array_equal(augment.random_flip(flipped, 1, graph.left_right), x)
    np.testing.assert_array_equal(augment.random_flip(x, 0, graph.left_right), x)
    fraction = np.mean([augment.random_flip(x, .3, graph.left_right) is not x for _ in range(500)])
    assert .2 < fraction < .4


@pytest.mark.parametrize('length, size', ((300, 64), (64, 64), (65, 64), (10, 64), (1, 8), (128, 64)))
def test_uniform_frames_come_in_order_one_from_each_span(length, size):
    edges = np.arange(size + 1) * length / size
    seen = set()
    for fraction in (0, .5, 1 - 2 ** -53, *np.random.random((50, size))):
        frames = augment.uniform_frames(length, size, fraction)
        assert len(frames) == size and (np.diff(frames) >= 0).all()
        assert (frames >= np.floor(edges[:-1])).all() and (frames <= edges[1:]).all() and frames[-1] < length
        seen |= set(frames)
    assert seen == set(range(length))


def repeated(x, length, total=50):
    return np.take(x[:, :length], np.arange(total) % length, axis=1)


@pytest.mark.parametrize('unit', (1, 1000))
def test_true_length_of_two_persons_repeated_apart(unit):
    """As normalised: each person repeated by itself, then both centred on a joint of the first one, with rounding.

    In metres and in millimetres.
    """
    first, second = (unit * made_clip(3, T=50, seed=seed)[..., :1] for seed in (1, 2))
    both = np.concatenate([repeated(first, 12), repeated(second, 17)], axis=3)
    assert augment.true_length(both - both[:, :, 1:2, :1]) == 17
    late = both.copy()
    late[:, :5, :, 1] = 0
    assert augment.true_length(late) == augment.true_length(np.zeros_like(late)) == 50


def test_true_length_of_published_clips(golden):
    for clip in golden('ntu_pipeline.npz')['joint']:  # clips of one to three seconds, repeated to 300 frames
        length = augment.true_length(clip)
        assert length < 100
        np.testing.assert_allclose(repeated(clip, length, 300), clip, atol=1e-5)
    for clip in golden('kinetics_pipeline.npz')['joint']:
        length = augment.true_length(clip)
        assert clip[:, length - 1].any() and not clip[:, length:].any()


def numbered_clips():
    """Two clips whose x says the frame it is, repeated after 30 frames."""
    x = repeated(np.broadcast_to(np.arange(1., 51)[None, :, None, None], (3, 50, 25, 1)), 30)
    return np.stack([x * np.linspace(1, 2, 25)[:, None]] * 2).astype(np.float32)


def test_test_clips_are_spread_draws_without_padding_and_a_single_one_is_the_middle(feed):
    x = numbered_clips()
    several = feed(x, uniform_sample=10, test_clips=3)[0][0]
    assert several.shape == (3, 3, 10, 25, 1)
    for draw in range(3):
        np.testing.assert_array_equal(several[draw, 0, :, 0, 0], 1 + draw + np.arange(0, 30, 3))
    feeder = feed(x, uniform_sample=10)
    for _ in range(3):
        np.testing.assert_array_equal(feeder[0][0], several[1])


@both_dimensions
@pytest.mark.parametrize('arguments', (
    {'random_flip': .5, 'random_rotate': 17, 'random_scale': .1, 'random_shear': .1, 'uniform_sample': 8,
     'uniform_sample_random': True},
    {'random_choose': True, 'random_move': True, 'window_size': 8}), ids=('new', 'published'))
def test_streams_are_derived_from_augmented_joints(feed, dimensions, arguments):
    x = np.stack([made_clip(dimensions), made_clip(dimensions, seed=2)])
    clips = {}
    for stream in STREAMS:
        feeder = feed(x, stream=stream, graph=NAMES[dimensions], dimensions=dimensions, **arguments)
        random.seed(9)
        np.random.seed(9)
        clips[stream] = np.stack([feeder[1][0] for _ in range(6)])
    bone = bones(clips['joint'], GRAPHS[dimensions].bone_partners)
    np.testing.assert_array_equal(clips['bone'], bone)
    np.testing.assert_array_equal(clips['joint_motion'], motion(clips['joint']))
    np.testing.assert_array_equal(clips['bone_motion'], motion(bone))
    assert len({clip.tobytes() for clip in clips['joint']}) == 6


@pytest.mark.parametrize('arguments, words', (
    ({'random_rotate': 5}, 'dimensions'), ({'random_flip': .5, 'dimensions': 3}, 'graph'),
    ({'test_clips': 2}, 'uniform_sample'), ({'test_clips': 0}, 'test_clips 0'), ({'window_size': None}, 'window_size'),
    ({'uniform_sample': 4.5}, 'uniform_sample 4.5'), ({'uniform_sample': 8, 'random_shift': True}, 'random_shift'),
    ({'uniform_sample_random': True}, 'uniform_sample_random and test_clips need uniform_sample'),
    ({'uniform_sample': 8, 'random_span': .5}, 'random_span 0.5'),
    ({'uniform_sample': 8, 'uniform_sample_random': True, 'test_clips': 2}, 'uniform_sample_random'),
    ({'stream': 'bones'}, 'bone_motion'), ({'stream': 'bone'}, 'graph.ntu_rgb_d.Graph'),
    ({'stream': 'bone', 'graph': 'graph.kinetics.Graph'}, 'has 25 joints and graph.kinetics.Graph has 18'),
    ({'stream': 'bone', 'graph': 'graph.nowhere.Graph'}, 'graph.nowhere')))
def test_arguments_that_do_not_fit_are_refused(feed, arguments, words):
    with pytest.raises(UserError, match=words):
        feed(numbered_clips(), **arguments)


@both_dimensions
def test_noise_moves_found_joints_and_nothing_else(dimensions):
    x = made_clip(dimensions, T=200)
    x = np.where(np.arange(x.shape[2])[:, None] == 3, 0, x)  # a joint that is missing
    moved = augment.random_noise(x, 0.01, dimensions) - x
    found = (x[:dimensions] != 0).any(0)
    assert moved[:dimensions, found].std() == pytest.approx(0.01, rel=0.05)
    assert not moved[:, ~found].any() and not moved[dimensions:].any() and moved.dtype == np.float32


def test_a_random_span_is_a_part_of_the_clip_in_order():
    spans = [augment.random_span(100, 0.6) for _ in range(500)]
    assert min(begin for begin, _ in spans) < 5 and max(begin + length for begin, length in spans) > 95
    assert all(length >= 60 and begin >= 0 and begin + length <= 100 for begin, length in spans)
    for begin, length in spans:
        frames = augment.uniform_frames(length, 16, np.random.random(16), begin)
        assert (np.diff(frames) >= 0).all() and begin - 1 < frames[0] and frames[-1] < np.ceil(begin + length)
