"""The functions on one clip: the published numbers, and what each keeps."""
import random

import numpy as np
import pytest
import torch

from feeders import tools

GOLDEN_CALLS = {
    'downsample': lambda x: tools.downsample(x, 4),
    'mean_subtractor': lambda x: tools.mean_subtractor(x, 0.25),
    'auto_pading': lambda x: tools.auto_pading(x, 80),
    'auto_pading_random': lambda x: tools.auto_pading(x, 80, random_pad=True),
    'random_choose': lambda x: tools.random_choose(x, 32),
    'random_choose_pad': lambda x: tools.random_choose(x, 80),
    'random_move': tools.random_move,
    'random_move_3': lambda x: tools.random_move(x, move_time_candidate=[1, 2, 3]),
    'random_shift': tools.random_shift,
    'openpose_match': lambda x: tools.openpose_match(abs(x)),
}


def seed(number):
    random.seed(number)
    np.random.seed(number)


@pytest.fixture(autouse=True)
def seeded():
    seed(0)


def made_clip(C=3, T=20, V=5, M=2, begin=3, end=16):
    x = np.zeros((C, T, V, M), np.float32)
    x[:, begin:end] = np.random.default_rng(7).standard_normal((C, end - begin, V, M))
    return x


@pytest.mark.parametrize('name', GOLDEN_CALLS)
def test_published_numbers(golden, name):
    arrays = golden('feeder.npz')
    seed(20)
    np.testing.assert_allclose(GOLDEN_CALLS[name](arrays['clip']), arrays[name], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize('name', GOLDEN_CALLS)
def test_argument_is_left_as_it_is_and_type_kept(name):
    x = made_clip()
    before = x.copy()
    x.flags.writeable = False  # as a clip mapped from a file
    assert GOLDEN_CALLS[name](x).dtype == np.float32
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize('M', (1, 2, 3, 4))
def test_match_untangles_persons_and_sorts_tracks_by_score(M):
    """Persons far apart, their slots shuffled in every frame, come back as steady tracks, best score first."""
    rng = np.random.default_rng(M)
    T, V = 17, 6
    steady = np.empty((3, T, V, M), np.float32)
    steady[:2] = 10 * np.arange(M) + rng.random((2, T, V, M))
    steady[2] = .9 - .2 * np.arange(M) + .05 * rng.random((T, V, M))
    shuffled = np.stack([steady[:, t][..., rng.permutation(M)] for t in range(T)], axis=1)
    np.testing.assert_array_equal(tools.openpose_match(shuffled), steady)


def crops_and_resizes(x, begin, length, window):
    """What valid_crop_resize does to the frames from `begin` on, one frame at a time."""
    resized = np.empty((x.shape[0], window, *x.shape[2:]))
    for t in range(window):
        place = min(max((t + .5) * length / window - .5, 0), length - 1)
        first, fraction = int(place), place - int(place)
        resized[:, t] = (1 - fraction) * x[:, begin + first] + fraction * x[:, begin + min(first + 1, length - 1)]
    return resized


@pytest.mark.parametrize('window', (8, 64, 100))
@pytest.mark.parametrize('fraction, begin, length', ((.95, 2, 76), (1., 0, 80)))
def test_the_middle_part_is_resized(window, fraction, begin, length):
    x = made_clip(T=90, begin=0, end=80)
    found = tools.valid_crop_resize(x, np.int64(80), [fraction], window)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, crops_and_resizes(x, begin, length, window), atol=1e-4)


@pytest.mark.parametrize('valid', (30, 80, 200))
def test_a_random_part_of_at_least_64_frames_is_resized(valid):
    x = made_clip(T=220, begin=0, end=valid)
    lengths = set()
    for number in range(20):
        seed(number)
        found = tools.valid_crop_resize(x, valid, [.5, 1], 32)
        seed(number)
        length = min(max(int(valid * (np.random.rand(1)[0] / 2 + .5)), 64), valid)
        begin = np.random.randint(0, valid - length + 1)
        np.testing.assert_allclose(found, crops_and_resizes(x, begin, length, 32), atol=1e-4)
        lengths.add(length)
    assert lengths == {30} if valid == 30 else min(lengths) >= 64 and max(lengths) <= valid


def test_a_clip_without_valid_frames_gives_zeros():
    for p_interval in ([.5, 1], [.95]):
        found = tools.valid_crop_resize(np.zeros((3, 20, 5, 2), np.float32), 0, p_interval, 8)
        assert found.shape == (3, 8, 5, 2) and not found.any()


def test_random_rot_turns_every_frame_alike():
    x = made_clip()
    before = x.copy()
    for number in range(10):
        torch.manual_seed(number)
        angles = torch.empty(3).uniform_(-.3, .3).tolist()
        torch.manual_seed(number)
        turned = tools.random_rot(x)
        expected = x.astype(np.float64)
        for axis, angle in enumerate(angles):
            (i, j), c, s = ((1, 2), (2, 0), (0, 1))[axis], np.cos(angle), np.sin(angle)
            expected[[i, j]] = c * expected[i] + s * expected[j], c * expected[j] - s * expected[i]
        np.testing.assert_allclose(turned, expected, atol=1e-5)
        assert turned.dtype == np.float32
    np.testing.assert_array_equal(x, before)
    assert not np.array_equal(tools.random_rot(x), tools.random_rot(x))
    np.testing.assert_array_equal(tools.random_rot(x, theta=0.), x)
