"""Bones and motion against their definition, one joint and one frame at a time."""
import numpy as np
import pytest

from graph import kinetics, ntu_rgb_d
from graph.streams import bones, motion

KINETICS, NTU = kinetics.Graph().bone_partners, ntu_rgb_d.Graph().bone_partners


@pytest.mark.parametrize('partners', [NTU, KINETICS])
@pytest.mark.parametrize('leading', [(), (2,)])
def test_bones(partners, leading):
    x = np.random.default_rng(0).normal(size=(*leading, 3, 6, len(partners), 2)).astype(np.float32)
    before = x.copy()
    bone = bones(x, partners)
    assert bone.dtype == np.float32 and np.array_equal(x, before)
    for joint, partner in enumerate(partners):
        assert np.array_equal(bone[..., joint, :], x[..., joint, :] - x[..., partner, :])
        assert joint != partner or not bone[..., joint, :].any()


@pytest.mark.parametrize('leading', [(), (2,)])
def test_motion(leading):
    x = np.random.default_rng(0).normal(size=(*leading, 3, 6, 25, 2)).astype(np.float32)
    moved = motion(x)
    assert moved.dtype == np.float32 and moved.shape == x.shape
    for t in range(5):
        assert np.array_equal(moved[..., t, :, :], x[..., t + 1, :, :] - x[..., t, :, :])
    assert not moved[..., 5, :, :].any()


def test_published_bones_and_motion(golden):
    arrays = golden('ntu_pipeline.npz')
    for key, function in (('bone', lambda x: bones(x, NTU)), ('motion', motion)):
        names = [name for name in arrays if key in name]
        assert names
        for name in names:
            np.testing.assert_array_equal(function(arrays['joint'][:len(arrays[name])]), arrays[name])


def test_partners_of_another_skeleton_are_refused():
    with pytest.raises(ValueError, match='18 partners for 25 joints'):
        bones(np.zeros((3, 6, 25, 2), np.float32), KINETICS)
