"""A drawn video has the times of the video that it is drawn on."""
import numpy as np
import pytest

from prediction.windows import Window

pytest.importorskip('matplotlib')
video = pytest.importorskip('figures.video')
av = pytest.importorskip('av')


def test_a_video_of_odd_size_is_written_with_its_times(tmp_path):
    times = [0, .1, .25, .3, .5, .6, .7, .8]
    images = ((time, np.full((91, 121, 3), 100, np.uint8)) for time in times)
    people = np.full((1, 8, 3, 3), .5)
    panel = video.Panel(120, [Window(0, 8, np.arange(2.))], ['sit', 'stand'], 10)
    video.save_video(video.drawn(images, people, 10, [(1, 0), (2, 1)], panel), tmp_path / 'a.mp4', 10)
    with av.open(str(tmp_path / 'a.mp4')) as container:
        assert [round(frame.time, 3) for frame in container.decode(video=0)] == times
