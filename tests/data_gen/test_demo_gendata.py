"""The demo's synthetic recordings: raw NTU files of plausible people, the same ones on every run."""
import itertools
import re

import numpy as np
import pytest
from conftest import assert_one_line_error

from data_gen.demo.actions import ACTIONS, Person, perform
from data_gen.demo.figure import JOINT, PARENT, mirrored
from data_gen.demo_gendata import CAMERAS
from data_gen.formats.ntu_benchmarks import SUBJECTS_60
from data_gen.formats.ntu_skeleton import read_recording
from tests.data_gen.raw_ntu import tree_bytes

NAME = re.compile(r'S100C(\d{3})P(\d{3})R001A(\d{3})\.skeleton')
SCRIPT = 'data_gen/demo_gendata.py'


def bone_lengths(joints):
    """Return (…, 24): the lengths of the bones in joints (…, 25, 3)."""
    return np.stack([np.linalg.norm(joints[..., i, :] - joints[..., j, :], axis=-1) for i, j in PARENT.items()], -1)


@pytest.fixture(scope='module')
def performances():
    """(M, T, 25, 3) of two people in every action."""
    people = [Person(np.random.default_rng([1, person])) for person in range(2)]
    return {action.name: perform(action, *people, np.random.default_rng(2)) for action in ACTIONS}


def test_every_person_does_every_action_before_every_camera(run, tmp_path):
    run(SCRIPT, '--out_folder', 'demo', '--people', 8)
    folder = tmp_path / 'demo/nturgb+d_skeletons'
    found = {tuple(map(int, NAME.fullmatch(path.name).groups())): path for path in folder.iterdir()}
    people = {person for _, person, _ in found}
    assert len(people) == 8 and len(people & SUBJECTS_60) == 6
    assert set(found) == set(itertools.product(CAMERAS, people, range(1, len(ACTIONS) + 1)))
    assert (tmp_path / 'demo/class_names.txt').read_text().splitlines() == [action.name for action in ACTIONS]
    for (_, _, number), path in found.items():
        joints = read_recording(path).joints
        assert len(joints) == (2 if ACTIONS[number - 1].partner else 1) and 30 <= joints.shape[1] <= 300
        assert joints[..., 2].min() > 1.5 and joints[..., 2].max() < 6  # the sensor's range
        assert bone_lengths(joints).std(1).max() < .03  # the sensor's noise and no more

    run(SCRIPT, '--out_folder', 'again', '--people', 8)
    assert tree_bytes(tmp_path / 'demo') == tree_bytes(tmp_path / 'again')


def test_what_would_be_mixed_or_cannot_be_is_one_line(run, tmp_path):
    run(SCRIPT, '--out_folder', 'demo', '--people', 9)
    process = run(SCRIPT, '--out_folder', 'demo', '--people', 8, status=2)
    assert_one_line_error(process, '24 recordings', 'S100C001P013R001A001.skeleton', '--out_folder')
    assert_one_line_error(run(SCRIPT, '--out_folder', 'other', '--people', 27, status=2), '--people', '27')


def test_actions_differ_by_motion_and_share_their_stance(performances):
    def path_length(name, joint):
        return np.abs(np.diff(performances[name][0, :, JOINT[joint]], axis=0)).sum()

    def raised(name):
        return performances[name][0, :, JOINT['right hand'], 1] > performances[name][0, :, JOINT['right shoulder'], 1]

    for name, joints in performances.items():
        lengths = bone_lengths(joints)
        np.testing.assert_allclose(lengths, lengths[:, :1].repeat(joints.shape[1], 1), atol=1e-9)
        height = joints[..., 1].min(-1)  # of the feet over the floor
        np.testing.assert_allclose(height[:, 0], 0, atol=1e-9)
        assert height.max() > .2 if name == 'jump' else height.max() < 1e-9
    assert raised('wave').any() and raised('throw').any() and not raised('clap').any()
    assert path_length('wave', 'right hand') > path_length('throw', 'right hand')
    assert path_length('kick', 'right foot') > 4 * path_length('kick', 'left foot')
    hips = {name: joints[0, :, JOINT['base of spine'], 1] for name, joints in performances.items()}
    assert hips['squat'].min() < .75 * hips['squat'][0]
    assert hips['jump'].max() > hips['jump'][0] + .2 and hips['jump'].min() < .95 * hips['jump'][0]
    apart = np.linalg.norm(np.subtract(*performances['clap'][0, :, [JOINT['left hand'], JOINT['right hand']]]), axis=-1)
    assert apart.min() < .2 < apart[0]
    hands = performances['shake hands'][:, :, JOINT['right hand']]
    assert np.linalg.norm(hands[0] - hands[1], axis=-1).min() < .25
    for name in ('shake hands', 'push'):
        spines = performances[name][:, :, JOINT['middle of spine']]
        assert .3 < np.linalg.norm(spines[0] - spines[1], axis=-1).min() < 1.5


def test_a_left_hander_kicks_with_the_left(performances):
    image = mirrored(performances['kick'][0])
    np.testing.assert_array_equal(image[:, JOINT['left foot']],
                                  performances['kick'][0, :, JOINT['right foot']] * (-1, 1, 1))
