"""The recording that describes itself: what is written is read, and what is broken is named in one line."""
import zipfile

import numpy as np
import pytest

from data_gen.formats.pose_recording import PoseRecording, read_recording, write_recording
from data_gen.formats.sample import BrokenSample
from data_gen.recording import FRACTIONS, METRES

NAMES = 'head', 'neck', 'left hand'
JOINTS_2D, JOINTS_3D = np.random.default_rng(0).random((2, 2, 5, 3, 3), np.float32)


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'deep/jump.npz'


def test_what_is_written_is_read(path):
    write_recording(path, PoseRecording(NAMES, JOINTS_2D, JOINTS_3D, (640, 480), 29.97, 'jump.mp4'))
    for dimensions, joints, units in ((2, JOINTS_2D, FRACTIONS), (3, JOINTS_3D * (-1, -1, 1), METRES)):
        recording = read_recording(path, dimensions)
        np.testing.assert_array_equal(recording.joints, joints)
        assert recording.joints.dtype == np.float64
        assert recording[1:8] == (NAMES, dimensions, units, (640, 480), 29.97, True, None)
    with np.load(path) as arrays:
        assert arrays['source'] == 'jump.mp4' and arrays['joint_names'].tolist() == list(NAMES)


def test_what_a_file_does_not_have_is_none_or_said(path):
    write_recording(path, PoseRecording(NAMES, JOINTS_2D))
    assert read_recording(path, 2)[4:6] == (None, None)
    with pytest.raises(BrokenSample, match='jump.npz: its joints have 2 dimensions, and 3 are needed'):
        read_recording(path, 3)


@pytest.mark.parametrize('change, words', [
    ({'joint_names': np.array(NAMES[:2])}, 'joints_2d is float32'), ({'joint_names': None}, 'no joint_names'),
    ({'joint_names': np.arange(3)}, 'no joint_names'), ({'joint_names': np.array(['a', 'a', 'b'])}, 'joint_names'),
    ({'joints_2d': None}, 'neither'), ({'joints_2d': JOINTS_2D[0]}, 'joints_2d is float32'),
    ({'joints_2d': JOINTS_2D * np.nan}, 'joints_2d has a value of nan'), ({'joints_2d': JOINTS_2D[:, :0]}, 'joints_2d'),
    ({'joints_3d': JOINTS_3D[:1]}, 'not of the same persons'), ({'image_size': np.array([0, 5])}, 'image_size'),
    ({'image_size': np.array('big')}, 'image_size'), ({'fps': np.array(0.)}, 'fps'), ({'fps': np.array('30')}, 'fps'),
    ({'joints_2d': np.array([None])}, 'not a whole .npz')])
def test_what_is_broken_is_named_in_one_line(tmp_path, change, words):
    arrays = {'joint_names': np.array(NAMES), 'joints_2d': JOINTS_2D, **change}
    np.savez(tmp_path / 'clip.npz', **{key: array for key, array in arrays.items() if array is not None})
    with pytest.raises(BrokenSample, match=f'clip.npz: .*{words}'):
        read_recording(tmp_path / 'clip.npz', 2)


def test_files_that_are_no_archives_are_named(tmp_path, path):
    write_recording(path, PoseRecording(NAMES, JOINTS_2D))
    whole = path.read_bytes()
    with zipfile.ZipFile(tmp_path / 'other.npz', 'w') as file:
        file.writestr('joints_2d.npy', b'none')
    np.save(tmp_path / 'array.npy', JOINTS_2D)
    (tmp_path / 'array.npy').rename(tmp_path / 'array.npz')
    for name, content in {'empty.npz': b'', 'text.npz': b'hello', 'cut.npz': whole[:len(whole) // 2],
                          'other.npz': None, 'array.npz': None, 'gone.npz': None}.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(BrokenSample, match=name):
            read_recording(tmp_path / name, 2)
