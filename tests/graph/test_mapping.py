"""Joints of one skeleton from those of another: values in, values out, joint by joint."""
import numpy as np
import pytest

from graph.mapping import map_joints
from graph.skeleton import Graph, skeleton

M, T = 2, 5


def mapped_from(joints, source, target, dimensions=2):
    """Return what map_joints does, for two skeletons by their names."""
    return map_joints(joints, skeleton(source).joint_names, skeleton(target), dimensions)


NECK = 'neck: middle of left shoulder, right shoulder'


def clip(name, seed=0):
    """Return joints (M, T, V, 3) of the skeleton `name`, and the number of each joint by its name."""
    names = skeleton(name).joint_names
    joints = np.random.default_rng(seed).uniform(0.1, 1, (M, T, len(names), 3)).astype(np.float32)
    return joints, {joint: v for v, joint in enumerate(names)}


@pytest.mark.parametrize('source, expected', [
    ('openpose25', []), ('halpe26', []), ('coco17', [NECK]), ('mediapipe33', [NECK])])
def test_openpose18_from_what_estimators_write(source, expected):
    joints, number = clip(source)
    before = joints.copy()
    mapped, notes = mapped_from(joints, source, 'openpose18')
    assert notes == expected
    assert mapped.shape == (M, T, 18, 3) and mapped.dtype == np.float32
    left, right = joints[..., number['left shoulder'], :], joints[..., number['right shoulder'], :]
    for v, name in enumerate(skeleton('openpose18').joint_names):
        if name in number:
            np.testing.assert_array_equal(mapped[..., v, :], joints[..., number[name], :])
        else:
            np.testing.assert_allclose(mapped[..., v, :2], (left + right)[..., :2] / 2, rtol=1e-6)
            np.testing.assert_array_equal(mapped[..., v, 2], np.minimum(left, right)[..., 2])
    np.testing.assert_array_equal(joints, before)


def test_a_derived_joint_is_missing_where_one_of_its_sources_is():
    joints, number = clip('coco17')
    joints[0, 1, number['left shoulder'], 2] = 0  # coordinates that an estimator does not believe in
    joints[1, 2, number['right shoulder']] = np.nan
    mapped, _ = mapped_from(joints, 'coco17', 'openpose18')
    neck = mapped[..., 1, :]
    assert (neck[0, 1] == 0).all() and np.isnan(neck[1, 2]).all()
    assert (neck[..., 2] > 0).sum() == M * T - 2
    mapped, _ = mapped_from(np.where(np.arange(3) < 2, joints, 0), 'coco17', 'openpose18', dimensions=3)
    assert np.isfinite(mapped[0, 1, 1]).all() and (mapped[0, 1, 1, :2] > 0).all()  # no scores: the shoulder is there


def test_three_dimensions_and_whole_bodies_of_zeros():
    joints, number = clip('mediapipe33')
    joints[1] = 0
    mapped, notes = mapped_from(joints, 'mediapipe33', 'ntu25', dimensions=3)
    middle = joints[:, :, [number[f'{side} {joint}'] for side in ('left', 'right') for joint in ('shoulder', 'hip')]]
    np.testing.assert_allclose(mapped[:, :, 1], middle.mean(2), rtol=1e-6)
    np.testing.assert_array_equal(mapped[:, :, 15], joints[:, :, number['left foot index']])
    assert (mapped[0] != 0).all() and (mapped[1] == 0).all()
    assert 'left hand: middle of left index, left pinky' in notes and 'left foot: left foot index' in notes


def test_branches_that_the_source_lacks_are_zero_and_noted():
    joints, _ = clip('kinect20')
    mapped, notes = mapped_from(joints, 'kinect20', 'ntu25', dimensions=3)
    assert notes == [NECK, 'left hand tip: missing', 'left thumb: missing', 'right hand tip: missing',
                     'right thumb: missing']
    assert (mapped[:, :, 21:] == 0).all() and (mapped[:, :, :21] != 0).all()


@pytest.mark.parametrize('source, target, text', [
    ('hand21', 'openpose18', "'neck' is missing, and cannot be derived"),
    ('openpose18', 'hand21', "'wrist' is missing, and cannot be derived"),
    ('coco17', 'smpl24', "'spine 3' is missing, and cannot be derived: 'neck' hangs on it"),
    ('coco17', 'openpose81', "there is no skeleton 'openpose81': there are azure32, coco17, "),
])
def test_a_needed_joint_that_is_not_there_is_named(source, target, text):
    with pytest.raises(ValueError, match=text):
        mapped_from(clip(source)[0], source, target)


def test_a_skeleton_of_ones_own_maps_by_its_names():
    own = Graph(joints=['neck', 'left shoulder', 'right shoulder', 'extra'], center='neck', pairs=[],
                inward=[['left shoulder', 'neck'], ['right shoulder', 'neck'], ['extra', 'neck']])
    coco, number = clip('coco17')
    mapped, notes = map_joints(coco, skeleton('coco17').joint_names, own)
    assert notes == [NECK, 'extra: missing']
    np.testing.assert_array_equal(mapped[..., 1, :], coco[..., number['left shoulder'], :])
    with pytest.raises(ValueError, match='18 joints, and 17 names'):
        map_joints(np.zeros((M, T, 18, 3)), skeleton('coco17').joint_names, own)
