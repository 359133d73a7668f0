"""The recording that describes itself: what is written is read, and what is broken is named in one line."""
import numpy as np
import pytest

from data_gen.formats.pose_recording import PoseRecording, read_recording, write_recording
from data_gen.formats.sample import BrokenSample
from data_gen.recording import FRACTIONS, METRES

NAMES = 'head', 'neck', 'left hand'
JOINTS_2D, JOINTS_3D = np.random.default_rng(0).random((2, 2, 5, 3, 3), np.float32)


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / 'deep/jump.npz'
    write_recording(path, PoseRecording(NAMES, JOINTS_2D, JOINTS_3D, (640, 480), 29.97, 'jump.mp4'))
    for dimensions, joints, units in ((2, JOINTS_2D, FRACTIONS), (3, JOINTS_3D * (-1, -1, 1), METRES)):
        recording = read_recording(path, dimensions)
        np.testing.assert_array_equal(recording.joints, joints)
        assert recording.joints.dtype == np.float64
        assert recording[1:8] == (NAMES, dimensions, units, (640, 480), 29.97, True, None)
    with np.load(path) as arrays:
        assert arrays['source'] == 'jump.mp4' and arrays['joint_names'].tolist() == list(NAMES)


def test_the_same_recording_is_the_same_file_and_says_what_it_lacks(tmp_path):
    for name in ('a.npz', 'b.npz'):
        write_recording(tmp_path / name, PoseRecording(NAMES, JOINTS_2D))
    assert (tmp_path / 'a.npz').read_bytes() == (tmp_path / 'b.npz').read_bytes()
    assert read_recording(tmp_path / 'a.npz', 2)[4:6] == (None, None)
    with pytest.raises(BrokenSample, match='a.npz: its joints have 2 dimensions, and 3 are needed'):
        read_recording(tmp_path / 'a.npz', 3)


@pytest.mark.parametrize('change, words', [
    ({'joint_names': np.array(NAMES[:2])}, 'joints_2d is float32'), ({'joint_names': None}, 'no joint_names'),
    ({'joint_names': np.array(['a', 'a', 'b'])}, 'joint_names'), ({'joints_2d': None}, 'neither'),
    ({'joints_2d': JOINTS_2D * np.nan}, 'joints_2d has a value of nan'), ({'fps': np.array(0.)}, 'fps'),
    ({'joints_3d': JOINTS_3D[:1]}, 'not of the same persons'), ({'image_size': np.array([0, 5])}, 'image_size'),
    ({'joints_2d': np.array([None])}, 'not a whole .npz')])
def test_what_is_broken_is_named_in_one_line(tmp_path, change, words):
    arrays = {'joint_names': np.array(NAMES), 'joints_2d': JOINTS_2D, **change}
    np.savez(tmp_path / 'clip.npz', **{key: array for key, array in arrays.items() if array is not None})
    with pytest.raises(BrokenSample, match=f'clip.npz: .*{words}'):
        read_recording(tmp_path / 'clip.npz', 2)


def test_files_that_are_no_archives_are_named(tmp_path):
    write_recording(tmp_path / 'clip.npz', PoseRecording(NAMES, JOINTS_2D))
    whole = (tmp_path / 'clip.npz').read_bytes()
    for content in (b'', b'hello', whole[:len(whole) // 2]):
        (tmp_path / 'clip.npz').write_bytes(content)
        with pytest.raises(BrokenSample, match='clip.npz: not a whole'):
            read_recording(tmp_path / 'clip.npz', 2)
