"""What is drawn on a video: one image at a time, of any size, with people, classes or nobody."""
import weakref

import numpy as np
import pytest

from prediction.windows import Segment

pytest.importorskip('matplotlib')
video = pytest.importorskip('figures.video')

RATE, FRAMES, NAMES = 10, 40, [f'action {number}' for number in range(12)]
MIDDLES = np.arange(12) * 3 + 2.
CHANCES = np.full((12, 12), .05) + .45 * np.eye(12)
SHOWN = FRAMES / RATE, [Segment(3 * n, 3 * n + 3, n, .5) for n in range(12)], CHANCES, MIDDLES, NAMES, RATE
CLASSES = [(0., 'action 0', .5), (3., None, 0)]


def joints(score=1.):
    """Return (2, FRAMES, 3, 3): a person in the left half, and nobody."""
    people = np.zeros((2, FRAMES, 3, 3))
    people[0] = [(.1, .1, score), (.2, .8, score), (.4, .5, score)]
    return people


def drawn(images, people):
    return video.drawn(((t / RATE, image) for t, image in enumerate(images)), people, RATE, [(1, 0), (2, 1)], CLASSES,
                       SHOWN)


def test_one_image_is_in_memory_at_a_time():
    alive = []

    def images():
        for _ in range(20):
            assert sum(image() is not None for image in alive) <= 2
            image = np.zeros((90, 120, 3), np.uint8)
            alive.append(weakref.ref(image))
            yield image

    assert sum(1 for _ in drawn(images(), joints())) == 20


def test_joints_that_are_seen_are_drawn_and_nothing_else():
    plain = np.full((90, 121, 3), 80, np.uint8)
    (_, seen), = drawn([plain], joints())
    (_, unseen), = drawn([plain], joints(score=.4))
    changed = (seen[:90, :121] != plain).any(2)
    assert changed[9, 12] and changed[72, 24] and changed[45, 48] and not changed[:, 61:].any()
    np.testing.assert_array_equal(unseen[:90, :121], plain)
    assert seen.shape[0] % 2 == seen.shape[1] % 2 == 0


def test_the_nearest_class_is_current():
    images = [np.zeros((90, 640, 3), np.uint8)] * FRAMES
    frames = [frame for _, frame in drawn(images, joints())]
    height = video.Panel(640, *SHOWN).text_height
    words = [frame[90:90 + height] for frame in frames]
    assert [(line == words[0]).all() for line in words] == [t / RATE <= 1.5 for t in range(FRAMES)]


def test_a_video_of_odd_size_is_written_with_its_times(tmp_path):
    av = pytest.importorskip('av')
    images = [np.full((91, 121, 3), 100, np.uint8)] * 8
    uneven = [0, .1, .25, .3, .5, .6, .7, .8]
    video.save_video(zip(uneven, (image for _, image in drawn(images, joints()))), tmp_path / 'a.mp4', RATE)
    with av.open(str(tmp_path / 'a.mp4')) as container:
        assert [round(frame.time, 3) for frame in container.decode(video=0)] == uneven
