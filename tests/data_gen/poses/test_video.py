"""Frames of video files: all of them, upright, at their times; and what is no whole video."""
import numpy as np
import pytest

from data_gen.formats.sample import BrokenSample
from data_gen.poses.recordings import Detections, at_even_rate
from data_gen.poses.video import constant_rate, open_video
from tests.data_gen.poses.videos import plain_images, turn, write_video

pytest.importorskip('av')


def read(path):
    with open_video(path) as (frames, rate):
        times, images = zip(*frames)
    return np.array(times), images, rate


@pytest.mark.parametrize('name, rate', [('a.mp4', 30), ('a.mkv', 25), ('a.avi', 15)])
def test_all_frames_are_read_at_their_rate(tmp_path, name, rate):
    times, images, stated = read(write_video(tmp_path / name, plain_images(), rate))
    assert stated == rate and constant_rate(times, stated) == (rate, True)
    np.testing.assert_allclose(times, np.arange(20) / rate, atol=1e-3)
    for t, image in enumerate(images):
        assert image.shape == (480, 640, 3) and abs(image.mean() - 100 - t) < 3


def test_a_turned_video_is_read_upright(tmp_path):
    image = np.zeros((480, 640, 3), np.uint8)
    image[:240] = 255
    _, images, _ = read(turn(write_video(tmp_path / 'a.mp4', [image] * 4)))
    assert images[0].shape == (640, 480, 3)
    assert images[0][:, 300:].mean() > 240 and images[0][:, :180].mean() < 15


def test_joints_of_an_uneven_video_are_brought_to_one_rate(tmp_path):
    milliseconds = [0, 40, 80, 100, 200, 240, 280, 320, 360, 400]
    times, _, stated = read(write_video(tmp_path / 'a.mkv', plain_images(10), times=milliseconds))
    np.testing.assert_allclose(times, np.array(milliseconds) / 1000, atol=1e-3)
    assert constant_rate(times, stated) == (25, False)
    detections = Detections(None, 10, 'mediapipe33', fps=25, times=times)
    joints = np.stack((100 * times + 1, times * 0 + .5), -1)[None, :, None]  # moving evenly
    np.testing.assert_allclose(at_even_rate(joints, detections)[0, :, 0, 0], 4 * np.arange(11) + 1, atol=.2)
    joints[0, 4] = 0  # nobody
    found = at_even_rate(joints, detections)
    assert found.any(-1)[0, :, 0].tolist() == [True] * 4 + [False] * 2 + [True] * 5


def test_small_errors_of_times_and_a_single_frame_are_even():
    times = np.arange(50) / 30 + np.random.default_rng(0).uniform(-.01, .01, 50)
    assert constant_rate(times, 30.) == (30, True)
    assert constant_rate(np.round(np.arange(50) / 29.97, 3), 29.97) == (29.97, True)
    assert constant_rate([0.]) == (None, True)


def cut(path):
    path.write_bytes(path.read_bytes()[:path.stat().st_size // 2])
    return path


def test_what_is_no_whole_video_is_said(tmp_path):
    texts = {'text.mp4': b'hello\n' * 100, 'empty.mp4': b'', 'random.avi': np.random.default_rng(0).bytes(5000)}
    for name, content in texts.items():
        (tmp_path / name).write_bytes(content)
    videos = [cut(write_video(tmp_path / name, plain_images(60), **options))
              for name, options in {'cut.mp4': {}, 'cut.mkv': {}, 'fast.mp4': {'movflags': 'faststart'}}.items()]
    for path in [*(tmp_path / name for name in texts), tmp_path / 'gone.mp4', *videos]:
        with pytest.raises(BrokenSample, match='not a whole video|cut off: .* of its 2.0 seconds'):
            read(path)
