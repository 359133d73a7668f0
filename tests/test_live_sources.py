"""Frames of `--live`: threads that end and do not queue, persons in their slots, a constant rate; and Ctrl-C."""
import contextlib
import itertools
import json
import os
import signal
import threading

import numpy as np
import pytest
from commands import Command
from conftest import ROOT, assert_one_line_error

from data_gen.poses import video
from data_gen.preparation import published
from prediction import live_sources
from prediction.ahead import NewestOnly, made_ahead
from prediction.live_sources import Slots, at_rate, open_source
from tests.long_recordings import WINDOW, lines_of, people, write_road


@pytest.mark.parametrize('read, most', [(lambda items: made_ahead(items, 3), 5),
                                        (lambda items: iter(NewestOnly(items)), np.inf)])
def test_the_thread_waits_and_ends_when_the_reader_stops(read, most):
    made, closed = [], []

    def items():
        try:
            for number in itertools.count():
                made.append(number)
                yield number
        finally:
            closed.append(threading.current_thread())

    ahead = read(items())
    for number in itertools.islice(ahead, 50):
        assert len(made) <= number + most
    ahead.close()
    thread, = closed
    assert thread is not threading.current_thread() and not thread.is_alive()


def test_persons_keep_their_slots_and_a_new_one_takes_that_of_who_left_first():
    slots = Slots(2)
    assert slots.of([5, 3]) == [1, 0]
    assert slots.of([5]) == [1] and slots.of([3, 5]) == [0, 1]
    assert slots.of([3]) == [0] and slots.of([7, 3]) == [1, 0]
    assert slots.of([]) == [] and slots.of([9, 8]) == [1, 0]


def test_frames_come_at_a_constant_rate():
    joints = np.random.default_rng(0).random((6, 1, 3, 3))
    even = list(at_rate([(t / 30 + .004 * (-1) ** t, joints[t]) for t in range(6)], 30))
    np.testing.assert_array_equal([frame['persons'] for frame in even], joints)
    found = [frame['persons'] for frame in at_rate(zip((0, .1, .11, .4), joints), 10)]
    assert len(found) == 5
    for frame, expected in zip(found, (joints[0], joints[1], (2 * joints[1] + joints[3]) / 3,
                                       (joints[1] + 2 * joints[3]) / 3, joints[3])):
        np.testing.assert_allclose(frame, expected)


def test_a_camera_is_read_while_people_are_found(monkeypatch):
    """Frames that come while a pose is estimated are dropped, counted and interpolated."""
    frames, found, ended = 200, threading.Event(), threading.Event()

    def camera_frames(number):
        assert number == '97'
        for t in range(frames):
            if t == 1:
                found.wait()  # all others come at once
            yield t / 30, np.full((4, 4, 3), t, np.uint8)
        ended.set()

    class OnePerson(contextlib.nullcontext):
        def find(self, seconds, image):
            found.set()
            ended.wait()
            return np.full((1, 33, 3), .5, np.float32), np.full((1, 33, 3), image[0, 0, 0], np.float32)

        def follow(self, joints):
            return np.zeros(len(joints), int)

    monkeypatch.setattr(video, 'camera_frames', camera_frames)
    monkeypatch.setattr(live_sources, 'Landmarker', lambda model, persons: OnePerson(OnePerson()))
    monkeypatch.setattr(live_sources, 'Follower', OnePerson)
    with open_source('97', [published()['graph.ntu_rgb_d.Graph']], 'model') as source:
        pushed = list(source.frames)
    assert source.header['fps'] == 30 and source.header['image_size'] is None
    assert len(pushed) == frames and source.dropped() == frames - 2
    np.testing.assert_array_equal(pushed[-1]['persons'][:, 0], [[1 - frames, 1 - frames, frames - 1], [0, 0, 0]])
    assert pushed[-1]['time'] == round((frames - 1) / 30, 3)


def test_an_interrupt_ends_the_command(tmp_path):
    write_road(tmp_path)
    os.mkfifo(tmp_path / 'frames')
    command = Command(ROOT / 'predict.py', ['--config', 'c.yaml', '--window', WINDOW, '--stride', WINDOW, '--json',
                                            '--live', 'frames'], tmp_path, watched=True)
    with open(tmp_path / 'frames', 'w') as frames:
        for line in lines_of(people(WINDOW + 1))[:WINDOW]:
            frames.write(line + '\n')
        frames.flush()
        first = json.loads(command.lines.readline())
        os.kill(command.process.pid, signal.SIGINT)
        finished = command.finish()
    assert first['to'] == WINDOW and finished.returncode == 130
    assert_one_line_error(finished, 'interrupted')
