"""From a video to what is done in it: in one step, by its recording, and live, all with the same numbers."""
import json

import numpy as np
import pytest
from conftest import assert_one_line_error, run_script, shared_path

from tests.data_gen.poses.videos import images, write_video
from tests.long_recordings import ALL_CLASSES, scores_by_window, write_road

WINDOW, STRIDE = 10, 4
NETWORKS = {'3d': {}, '2d': {'points': 18, 'graph': 'graph.kinetics.Graph'}}


@pytest.fixture(scope='module')
def model():
    for library in ('av', 'mediapipe', 'norfair', 'matplotlib'):
        pytest.importorskip(library)
    return '--pose-model', shared_path('pose/pose_landmarker_full.task')


@pytest.fixture(scope='module')
def road(tmp_path_factory, model):
    """A folder with a video, its recording, and networks for joints in 3D and in 2D."""
    folder = tmp_path_factory.mktemp('video')
    (folder / 'videos').mkdir()
    write_video(folder / 'videos/hopper.mp4', images(26))
    for name, network in NETWORKS.items():
        (folder / name).mkdir()
        write_road(folder / name, **network)
    run_script('data_gen/pose_gendata.py', 'videos', *model, '--out_folder', 'poses', cwd=folder)
    return folder


def predictions(run, road, name, *arguments):
    process = run('predict.py', '--config', f'{name}/c.yaml', '--json', *ALL_CLASSES, *arguments, cwd=road)
    return json.loads(process.stdout)['predictions']


@pytest.mark.parametrize('name', NETWORKS)
def test_a_folder_of_videos_is_predicted_as_their_recordings(run, road, model, name):
    whole, = predictions(run, road, name, *model, 'videos')
    assert whole['file'] == 'videos/hopper.mp4' and whole['frames'] == 26
    assert whole['top'] == predictions(run, road, name, 'poses')[0]['top']


@pytest.mark.parametrize('name', NETWORKS)
def test_a_video_live_gives_the_numbers_of_windows(run, road, model, name):
    windows = '--window', WINDOW, '--stride', STRIDE
    expected = scores_by_window(predictions(run, road, name, *windows, 'poses/hopper.npz')[0]['windows'])
    assert scores_by_window(predictions(run, road, name, *windows, *model, 'videos')[0]['windows']) == expected
    process = run('predict.py', '--config', f'{name}/c.yaml', '--json', *ALL_CLASSES, *windows, *model, '--live',
                  'videos/hopper.mp4', cwd=road)
    results = [json.loads(line) for line in process.stdout.splitlines()]
    found = scores_by_window(results)
    assert list(found) == list(expected) and len(found) == 5 and 'error' not in process.stderr
    np.testing.assert_allclose(list(found.values()), list(expected.values()), atol=1e-5)
    assert results[0]['time'] == .3


def test_a_video_is_drawn_as_a_clip(run, road, model):
    run('visualize.py', 'clip', '--config', '3d/c.yaml', *model, '--file', 'videos/hopper.mp4', '--out', 'clip.svg',
        cwd=road)
    assert 'hopper' in (road / 'clip.svg').read_text()


def test_people_and_classes_are_drawn_on_a_video(run, road, model):
    import av
    drawn = ['visualize.py', 'video', '--config', '3d/c.yaml', '--weights', '3d/w.pt', 'videos/hopper.mp4', *model]
    run(*drawn, '--window', WINDOW, '--stride', STRIDE, '--out', 'drawn.mp4', cwd=road)
    with av.open(str(road / 'videos/hopper.mp4')) as video, av.open(str(road / 'drawn.mp4')) as result:
        pairs = list(zip(video.decode(video=0), result.decode(video=0), strict=True))
    assert all(abs(before.time - after.time) < 1e-3 for before, after in pairs)
    for before, after in pairs:
        before, after = (frame.to_ndarray(format='rgb24').astype(int) for frame in (before, after))
        assert after.shape[1] == 640 and after.shape[0] > 480 + 60
        assert .002 < (np.abs(after[:480] - before).max(2) > 60).mean() < .1  # a skeleton, on the image as it was


@pytest.mark.parametrize('arguments, words', [
    (['poses/hopper.npz'], 'poses/hopper.npz: one video is needed'),
    (['videos/hopper.mp4', '--out', 'a.gif'], 'must end in .mp4')])
def test_what_cannot_be_drawn_is_said(run, road, arguments, words):
    process = run('visualize.py', 'video', *arguments, '--config', '3d/c.yaml', cwd=road, status=2)
    assert_one_line_error(process, words)
