"""The demo's synthetic recordings: raw NTU files of plausible people, the same ones on every run."""
import itertools
import re

from conftest import assert_one_line_error

from data_gen.demo.actions import ACTIONS
from data_gen.demo_gendata import CAMERAS
from data_gen.formats.ntu_benchmarks import SUBJECTS_60
from data_gen.formats.ntu_skeleton import read_recording
from tests.data_gen.raw_ntu import tree_bytes

NAME = re.compile(r'S100C(\d{3})P(\d{3})R001A(\d{3})\.skeleton')
SCRIPT = 'data_gen/demo_gendata.py'


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

    run(SCRIPT, '--out_folder', 'again', '--people', 8)
    assert tree_bytes(tmp_path / 'demo') == tree_bytes(tmp_path / 'again')


def test_recordings_of_other_people_are_not_mixed(run, tmp_path):
    run(SCRIPT, '--out_folder', 'demo', '--people', 9)
    process = run(SCRIPT, '--out_folder', 'demo', '--people', 8, status=2)
    assert_one_line_error(process, '24 recordings', 'S100C001P013R001A001.skeleton', '--out_folder')
