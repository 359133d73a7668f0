"""The command: videos and estimators' files in, recordings out; what is kept, left out and refused."""
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT, assert_one_line_error, shared_path

from data_gen.formats.pose_recording import read_recording
from graph.skeleton import skeleton
from tests.data_gen.poses.estimators import person, write_mmpose, write_openpose, write_results
from tests.data_gen.poses.videos import images, plain_images, write_video

SCRIPT = 'data_gen/pose_gendata.py'


@pytest.fixture
def files(tmp_path):
    """A folder with files of three estimators, whose persons have ids, in it and in a folder within."""
    (tmp_path / 'files/deep').mkdir(parents=True)
    ids = [[1] * 6]
    write_openpose(tmp_path / 'files/jump', person(25, 6, (300, 300), (1, 0))[None], ids)
    write_results(tmp_path / 'files/run.json', person(17, 6, (300, 300), (1, 0))[None], ids)
    write_mmpose(tmp_path / 'files/deep/wave.json', person(26, 6, (300, 300), (1, 0))[None], ids=ids)
    (tmp_path / 'files/labels.csv').write_text('file,class\n')
    return tmp_path / 'files'


def written(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob('*') if path.is_file())


SIZE = '--image_size', 800, 600


def test_a_folder_becomes_a_folder_of_recordings(run, tmp_path, files):
    printed = run(SCRIPT, 'files', *SIZE, '--fps', 25, '--out_folder', 'out').stdout
    assert written(tmp_path / 'out') == ['deep/wave.npz', 'jump.npz', 'run.npz'] and '3 recordings written' in printed
    recording = read_recording(tmp_path / 'out/run.npz', 2)
    wanted = person(17, 6, (300, 300), (1, 0))[None] / [800, 600, 1]
    np.testing.assert_allclose(recording.joints, wanted, rtol=1e-6)
    assert (recording.image_size, recording.fps) == ((800, 600), 25)
    with np.load(tmp_path / 'out/jump.npz') as arrays:
        assert arrays['source'] == 'files/jump' and arrays['joints_2d'].shape == (1, 6, 25, 3)
        assert 'joints_3d' not in arrays


def test_existing_recordings_are_kept_and_broken_files_are_left_out(run, tmp_path, files):
    run(SCRIPT, 'files/run.json', *SIZE, '--out_folder', 'out')
    (files / 'run.json').write_text('broken')
    printed = run(SCRIPT, 'files', *SIZE, '--out_folder', 'out').stdout
    assert 'keeping 1 existing recordings' in printed and '2 recordings written' in printed
    process = run(SCRIPT, 'files', *SIZE, '--out_folder', 'out', '--overwrite', status=1)
    assert 'left out: files/run.json: not valid JSON' in process.stderr


def test_parts_of_several_machines_are_all_recordings_once(run, tmp_path, files):
    found = []
    for part in (1, 2, 3):
        run(SCRIPT, 'files', *SIZE, '--out_folder', f'out{part}', '--part', f'{part}/3')
        found += written(tmp_path / f'out{part}')
    assert sorted(found) == ['deep/wave.npz', 'jump.npz', 'run.npz']


def test_joints_are_mapped_filled_and_said(run, tmp_path, files):
    people = person(17, 6, (300, 300), (1, 0))[None]
    people[0, 2:4, 9] = 0
    write_results(files / 'run.json', people, [[1] * 6])
    printed = run(SCRIPT, 'files/run.json', *SIZE, '--as', 'openpose18', '--out_folder', 'out').stdout
    assert 'coco17 as openpose18: neck: middle of left shoulder, right shoulder: 1 (run.npz)' in printed
    assert '--fill FRAMES interpolates: 1 (run.npz)' in printed
    printed = run(SCRIPT, 'files/run.json', *SIZE, '--as', 'openpose18', '--fill', 2, '--out_folder', 'out2').stdout
    assert '--fill' not in printed
    recording = read_recording(tmp_path / 'out2/run.npz', 2)
    assert recording.joint_names == tuple(skeleton('openpose18').joint_names) and recording.joints.any(-1).all()


@pytest.mark.parametrize('arguments, words', [
    (['gone.mp4'], 'gone.mp4: no such video, file or folder'), (['empty'], 'empty: no videos'),
    (['a/clip.mp4', 'b/clip.avi'], 'would both be written to clip.npz'),
    (['a/clip.mp4'], 'data/pose/pose_landmarker_full.task: no such model of poses: download it from https://'),
    (['a', '--part', '4/3'], "'4/3' is not such as 3/16")])
def test_what_cannot_be_done_is_said_in_one_line(run, tmp_path, arguments, words):
    for folder in ('a', 'b', 'empty'):
        (tmp_path / folder).mkdir()
    (tmp_path / 'a/clip.mp4').write_bytes(b'')
    (tmp_path / 'b/clip.avi').write_bytes(b'')
    assert_one_line_error(run(SCRIPT, *arguments, status=2), words)


def test_videos_become_recordings_and_broken_ones_are_named(run, tmp_path):
    for library in ('av', 'mediapipe', 'norfair', 'matplotlib'):
        pytest.importorskip(library)
    (tmp_path / 'videos').mkdir()
    write_video(tmp_path / 'videos/hopper.mp4', images(20))
    write_video(tmp_path / 'videos/slow.avi', images(10), rate=15)
    write_video(tmp_path / 'videos/nobody.mp4', plain_images(10))
    (tmp_path / 'videos/text.mp4').write_text('no video')
    model = '--pose-model', shared_path('pose/pose_landmarker_full.task')
    process = run(SCRIPT, 'videos', *model, '--out_folder', 'out', '--workers', 2, status=1)
    assert written(tmp_path / 'out') == ['hopper.npz', 'slow.npz']
    lines = process.stderr.splitlines()
    assert sorted(lines) == ['left out: videos/nobody.mp4: nobody is found in any frame',
                             'left out: videos/text.mp4: not a whole video (Invalid data found when processing input)']
    assert read_recording(tmp_path / 'out/hopper.npz', 3).joints.shape == (2, 20, 33, 3)
    assert read_recording(tmp_path / 'out/slow.npz', 2).fps == 15
    run(SCRIPT, 'videos/hopper.mp4', *model, '--out_folder', 'one', '--workers', 1, '--persons', 1, '--as', 'ntu25')
    assert read_recording(tmp_path / 'one/hopper.npz', 3).joints.shape == (1, 20, 25, 3)


def test_importing_it_does_not_import_its_libraries():
    code = 'import sys, data_gen.pose_gendata; print(*sys.modules.keys() & set(sys.argv))'
    process = subprocess.run([sys.executable, '-c', code, 'av', 'cv2', 'mediapipe', 'norfair', 'torch', 'matplotlib'],
                             cwd=ROOT, capture_output=True, text=True, check=True)
    assert process.stdout.strip() == ''
