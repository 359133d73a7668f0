"""What is drawn on a video of any size: people, classes or nobody."""
import numpy as np
import pytest

from prediction.windows import Window

pytest.importorskip('matplotlib')
video = pytest.importorskip('figures.video')

RATE, FRAMES, NAMES = 10, 40, [f'action {number}' for number in range(12)]
WINDOWS = [Window(3 * n, 3 * n + 3, 2 * np.eye(12)[n]) for n in range(12)] + [Window(36, 40, None)]


def drawn(images, score=1.):
    """Return the drawn images: of a person in the left half, whose joints have this score, and of nobody."""
    people = np.zeros((2, FRAMES, 3, 3))
    people[0] = [(.1, .1, score), (.2, .8, score), (.4, .5, score)]
    panel = video.Panel(120, WINDOWS, NAMES, RATE)
    return video.drawn(((t / RATE, image) for t, image in enumerate(images)), people, RATE, [(1, 0), (2, 1)], panel)


def test_joints_that_are_found_are_drawn_and_nothing_else():
    plain = np.full((90, 121, 3), 80, np.uint8)
    (_, found), = drawn([plain])
    (_, unsure), = drawn([plain], score=.4)
    changed = (found[:90, :121] != plain).any(2)
    assert changed[9, 12] and changed[72, 24] and changed[45, 48] and not changed[:, 61:].any()
    np.testing.assert_array_equal(unsure[:90, :121], plain)
    assert found.shape[0] % 2 == found.shape[1] % 2 == 0


def test_the_nearest_class_is_current():
    frames = [frame for _, frame in drawn([np.zeros((90, 120, 3), np.uint8)] * FRAMES)]
    texts = [frame[90:98] for frame in frames]
    assert [(text == texts[0]).all() for text in texts] == [t <= 3 for t in range(FRAMES)]
    assert (texts[-1] == texts[37]).all() and not (texts[-1] == texts[35]).all()


def test_a_video_of_odd_size_is_written_with_its_times(tmp_path):
    av = pytest.importorskip('av')
    images = [np.full((91, 121, 3), 100, np.uint8)] * 8
    uneven = [0, .1, .25, .3, .5, .6, .7, .8]
    video.save_video(zip(uneven, (image for _, image in drawn(images))), tmp_path / 'a.mp4', RATE)
    with av.open(str(tmp_path / 'a.mp4')) as container:
        assert [round(frame.time, 3) for frame in container.decode(video=0)] == uneven
