"""The demo's made-up recordings: raw NTU files of plausible people, the same ones for the same seed."""
import itertools
import re

import numpy as np
import pytest
from conftest import assert_one_line_error

from data_gen.demo.actions import ACTIONS, perform, style
from data_gen.demo.camera import seen_by
from data_gen.demo.figure import BONES, JOINT, SOLES, Motion, body, mirrored, pose
from data_gen.demo_gendata import CAMERAS, TEST_PEOPLE, TRAINING_PEOPLE

NAME = re.compile(r'S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})\.skeleton')
PEOPLE = 8


def read_skeleton(path):
    """Return the frames of a `.skeleton` file, a list of (bodies, 25, 3); fails if a line is not as NTU writes it."""
    lines = iter(path.read_text(encoding='ascii').splitlines())
    frames = []
    for _ in range(int(next(lines))):
        bodies = []
        for _ in range(int(next(lines))):
            assert len(next(lines).split()) == 10
            assert next(lines) == '25'
            joints = np.array([next(lines).split() for _ in range(25)], dtype=float)
            assert joints.shape == (25, 12)
            bodies.append(joints[:, :3])
        frames.append(np.array(bodies).reshape(-1, 25, 3))
    assert next(lines, None) is None
    return frames


def bone_lengths(joints):
    """Return (…, 24): the lengths of the bones in joints (…, 25, 3)."""
    ends = [(JOINT[name], JOINT[parent]) for name, (parent, _) in BONES.items()]
    return np.stack([np.linalg.norm(joints[..., i, :] - joints[..., j, :], axis=-1) for i, j in ends], axis=-1)


def make(run, folder, *arguments):
    run('data_gen/demo_gendata.py', '--out_folder', folder, '--people', PEOPLE, *arguments)
    return {path.name: path for path in sorted((folder / 'nturgb+d_skeletons').iterdir())}


@pytest.fixture(scope='module')
def performances():
    """(M, T, 25, 3) of one pair of people in every action."""
    people = [np.random.default_rng([1, person]) for person in range(2)]
    bodies, styles = [body(rng) for rng in people], [style(rng) for rng in people]
    return {action.name: perform(action, bodies, styles, np.random.default_rng(2)) for action in ACTIONS}


def test_every_person_does_every_action_before_every_camera(run, tmp_path):
    files = make(run, tmp_path / 'demo')
    people = (*TRAINING_PEOPLE[:6], *TEST_PEOPLE[:2])
    found = {tuple(map(int, NAME.fullmatch(name).groups()[1:])) for name in files}
    assert found == {(c, p, 1, a) for c, p, a in itertools.product((1, 2, 3), people, range(1, len(ACTIONS) + 1))}
    classes = (tmp_path / 'demo' / 'class_names.txt').read_text().splitlines()
    assert classes == [action.name for action in ACTIONS]

    lost = 0
    for name, path in files.items():
        frames = read_skeleton(path)
        bodies = {len(frame) for frame in frames}
        action = ACTIONS[int(NAME.fullmatch(name).group(5)) - 1]
        assert bodies - {0} == {2 if action.partner else 1}
        assert 30 <= len(frames) <= 300
        seen = np.stack([frame for frame in frames if len(frame)])
        assert seen[..., 2].min() > 1.5 and seen[..., 2].max() < 6  # the sensor's range
        lengths = bone_lengths(seen)
        assert lengths.std(0).max() < .03  # the sensor's noise and no more
        lost += 0 in bodies
    assert 0 < lost < len(files) / 2


def test_a_seed_gives_the_same_files_and_another_seed_others(run, tmp_path):
    first, second, other = (make(run, tmp_path / name, '--seed', seed) for name, seed in (('a', 3), ('b', 3), ('c', 4)))
    assert [p.read_bytes() for p in first.values()] == [p.read_bytes() for p in second.values()]
    assert all(path.read_bytes() != first[name].read_bytes() for name, path in other.items())


def test_recordings_of_another_run_are_not_mixed_in(run, tmp_path):
    make(run, tmp_path / 'demo')
    make(run, tmp_path / 'demo')  # the same again is fine
    process = run('data_gen/demo_gendata.py', '--out_folder', tmp_path / 'demo', '--people', 9, status=0)
    assert '216 recordings' in process.stdout
    process = run('data_gen/demo_gendata.py', '--out_folder', tmp_path / 'demo', '--people', PEOPLE, status=2)
    assert_one_line_error(process, '24 recordings', 'S100C001P013R001A001.skeleton', '--out_folder')


@pytest.mark.parametrize('arguments', [('--people', 7), ('--people', 27), ('--seed', -1)])
def test_numbers_that_cannot_be_are_one_line(run, tmp_path, arguments):
    process = run('data_gen/demo_gendata.py', '--out_folder', tmp_path / 'demo', *arguments, status=2)
    assert_one_line_error(process, *arguments)
    assert not (tmp_path / 'demo').exists()


def test_bones_keep_their_lengths_and_feet_stand_on_the_floor(performances):
    for name, joints in performances.items():
        lengths = bone_lengths(joints)
        np.testing.assert_allclose(lengths, lengths[:, :1].repeat(joints.shape[1], 1), atol=1e-9)
        height = joints[:, :, SOLES, 1].min(-1)
        np.testing.assert_allclose(height[:, 0], 0, atol=1e-9)
        assert height.max() > .2 if name == 'jump' else height.max() < 1e-9


def test_actions_differ_by_motion_and_share_their_stance(performances):
    def way_of(name, joint):
        return np.abs(np.diff(performances[name][0, :, JOINT[joint]], axis=0)).sum()

    def raised(name):
        return performances[name][0, :, JOINT['right hand'], 1] > performances[name][0, :, JOINT['right shoulder'], 1]

    assert raised('wave').any() and raised('throw').any() and not raised('clap').any()
    assert way_of('wave', 'right hand') > 1.2 * way_of('throw', 'right hand')
    assert way_of('kick', 'right foot') > 4 * way_of('kick', 'left foot')
    hips = {name: joints[0, :, JOINT['base of spine'], 1] for name, joints in performances.items()}
    assert hips['squat'].min() < .75 * hips['squat'][0]
    assert hips['jump'].max() > hips['jump'][0] + .2 and hips['jump'].min() < .95 * hips['jump'][0]
    apart = np.linalg.norm(np.subtract(*performances['clap'][0, :, [JOINT['left hand'], JOINT['right hand']]]), axis=-1)
    assert apart.min() < .2 < apart[0]
    hands = performances['shake hands'][:, :, JOINT['right hand']]
    assert np.linalg.norm(hands[0] - hands[1], axis=-1).min() < .25


def test_two_people_stand_within_reach_of_each_other(performances):
    for name in ('shake hands', 'push'):
        spines = performances[name][:, :, JOINT['middle of spine']]
        apart = np.linalg.norm(spines[0] - spines[1], axis=-1)
        assert apart.min() > .3 and apart.max() < 2


def test_cameras_see_the_same_motion_from_45_degrees_apart(performances):
    views = {camera: seen_by(degrees, performances['wave']) for camera, degrees in CAMERAS.items()}
    assert CAMERAS == {1: 0, 2: -45, 3: 45}
    half = np.sqrt(.5)
    turned = np.array([[half, 0, half], [0, 1, 0], [-half, 0, half]])  # by 45 degrees about the vertical axis
    middle = seen_by(0, np.zeros(3))
    for left, right in ((2, 1), (1, 3)):
        np.testing.assert_allclose((views[left] - middle) @ turned.T, views[right] - middle, atol=1e-12)


def test_a_mirrored_motion_is_the_mirror_image():
    rng = np.random.default_rng(0)
    bones = body(rng)
    motion = Motion(rng.uniform(-.4, .4, size=(5, 25, 3)), rng.normal(size=(5, 3)), planted=('left ankle',))
    order = [JOINT[name.replace('left', '#').replace('right', 'left').replace('#', 'right')] for name in JOINT]
    image = pose(bones, motion)[:, order] * (-1, 1, 1)
    np.testing.assert_allclose(pose(bones, mirrored(motion)), image, atol=1e-12)
