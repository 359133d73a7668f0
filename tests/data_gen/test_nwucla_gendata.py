"""nwucla_gendata.py as a command: parts by view, classes by name, clips as a plain transcription makes them."""
import json

import numpy as np
import pytest
import yaml
from conftest import ROOT

from tests.data_gen.plain_ntu import turn
from tests.data_gen.prepared import load
from tests.data_gen.raw_ntu import random_bodies

SCRIPT = 'data_gen/nwucla_gendata.py'
ACTIONS = 1, 2, 3, 4, 5, 6, 8, 9, 11, 12
KINECT = ROOT / 'config/skeletons/kinect20.yaml'


@pytest.fixture
def raw(tmp_path):
    """A folder with a recording of each action and view, and a file that is none."""
    folder = tmp_path / 'all_sqe'
    folder.mkdir()
    for number, action in enumerate(ACTIONS):
        for view in (1, 2, 3):
            name = f'a{action:02d}_s{view:02d}_e00_v{view:02d}'
            write(folder / f'{name}.json', random_bodies(np.random.default_rng([number, view]), 9)[0, :, :20])
    (folder / 'a07_s01_e00_v01.json').write_text('{}')  # no such action
    return folder


def write(path, joints):
    """Write joints (T, 20, 3) as the data set has them."""
    path.write_text(json.dumps({'file_name': path.stem, 'skeletons': joints.tolist(), 'label': 1}))
    return path


def plain_clip(path):
    """Return the clip of a recording: the middle of the spine is the origin, the spine upright, shoulders on x."""
    joints = np.array(json.loads(path.read_text())['skeletons'])
    joints = joints - joints[:, 1:2]
    for end, start, axis in ((1, 0, (0, 0, 1)), (8, 4, (1, 0, 0))):
        joints = joints @ turn(joints[0, end] - joints[0, start], np.array(axis)).T
    return joints[np.arange(300) % len(joints)].transpose(2, 0, 1)[..., None]


def test_the_usual_files(raw, tmp_path, run):
    out = tmp_path / 'data/nw-ucla'
    process = run(SCRIPT, '--data_path', raw)
    assert 'ignoring 1 files that are not named like recordings of NW-UCLA' in process.stdout
    for part, views in (('train', (1, 2)), ('val', (3,))):
        names, labels, data = load(out, part)
        expected = sorted((f'a{action:02d}_s{view:02d}_e00_v{view:02d}.json', label)
                          for label, action in enumerate(ACTIONS) for view in views)
        assert list(zip(names, labels)) == expected
        assert data.shape == (len(names), 3, 300, 20, 1) and data.dtype == np.float32
        np.testing.assert_allclose(data, [plain_clip(raw / name) for name in names], atol=1e-5)
    assert len((out / 'class_names.txt').read_text().splitlines()) == len(ACTIONS)

    run('data_gen/gen_bone_data.py')  # finds nw-ucla, and the skeleton in it
    joints, bones = (np.load(out / f'val_data_{stream}.npy') for stream in ('joint', 'bone'))
    number = yaml.safe_load(KINECT.read_text())['joints'].index
    hand, wrist = number('right hand'), number('right wrist')
    np.testing.assert_array_equal(bones[:, :, :, hand], joints[:, :, :, hand] - joints[:, :, :, wrist])


def test_damaged_recordings_are_left_out_named_and_counted(raw, tmp_path, run):
    damages = [json.dumps(content) for content in (
        {'label': 1}, [1], {'skeletons': []}, {'skeletons': [[['left'] * 3] * 20]},
        {'skeletons': [[[float('nan'), 0, 0]] * 20]}, {'skeletons': [[[1e30, 0, 0]] * 20]},
        {'skeletons': [[[0.5] * 3] * 20, [[0.5] * 3] * 19]}, {'skeletons': [[[0.5] * 3] * 25]})]
    names = [f'a02_s01_e{number:02d}_v01.json' for number in range(10, 19)]
    for name, text in zip(names, ['{"skeletons": [', *damages]):
        (raw / name).write_text(text)
    process = run(SCRIPT, '--data_path', raw, '--out_folder', tmp_path / 'out', status=1)
    lines = process.stderr.splitlines()
    assert [line.split(': ')[:2] for line in lines] == [['left out', str(raw / name)] for name in names]
    assert len(load(tmp_path / 'out', 'train')[0]) == 2 * len(ACTIONS)
