"""Where `predict.py --live` takes frames from: lines of JSON, a video, or a camera."""
import contextlib
import json
import pathlib
import sys
from typing import Any, NamedTuple

import numpy as np

from data_gen.formats.pose_recording import in_kinects_axes
from data_gen.formats.raw_file import reading
from data_gen.formats.sample import BrokenSample
from data_gen.poses import video
from data_gen.poses.following import Follower
from data_gen.poses.landmarks import PERSONS, SKELETON, Landmarker, silent_libraries
from data_gen.resample import between
from data_gen.sources import is_video
from graph.skeleton import skeleton
from prediction.ahead import NewestOnly, made_ahead
from runtime.errors import print_error

USUAL_RATE = 30  # frames per second, where neither the network nor the video says any
POSES_AHEAD = 32  # that wait while a window is scored: about a second


class Source(NamedTuple):
    """Frames as they come: lines of JSON as bytes, or dicts as LivePredictor takes them.

    `header` holds arguments of LivePredictor. `dropped()` returns how many frames of a camera came too fast and were
    left out.
    """

    frames: Any
    header: dict = {}
    dropped: Any = lambda: 0


@contextlib.contextmanager
def open_source(name, preparations, pose_model):
    """Open as a Source: standard input (-), a video, the number of a camera, or a file of lines.

    `preparations` are those of the network. One thread finds people in images, while this one recognises their actions.
    Of a camera, which a third thread reads, only the newest frame is kept. Raises UserError for what cannot be opened.
    """
    is_camera = name.isdecimal() and not pathlib.Path(name).exists()
    with contextlib.ExitStack() as opened:
        if name == '-':
            yield Source(sys.stdin.buffer)
            return
        if not is_camera and not is_video(name):
            yield Source(opened.enter_context(open(name, 'rb')))
            return
        first = preparations[0]
        opened.enter_context(silent_libraries())
        if is_camera:
            images, rate = NewestOnly(video.camera_frames(name)), first.fps
        else:
            opened.enter_context(reading(name))
            images, rate = opened.enter_context(video.open_video(name))
        rate = rate or USUAL_RATE
        landmarker = opened.enter_context(Landmarker(pose_model, PERSONS))
        people = made_ahead(people_in(images, landmarker, first.dimensions), POSES_AHEAD)
        opened.enter_context(contextlib.closing(people))
        yield Source(at_rate(people, rate), dropped=lambda: images.dropped if is_camera else 0, header={
            'joint_names': skeleton(SKELETON).joint_names, 'fps': rate, 'followed': True,
            'image_size': (1, 1) if first.dimensions == 2 else None})


def live_results(live, source):
    """Yield the results of a LivePredictor for the frames of a Source; report broken frames and ignore them."""
    for number, frame in enumerate(source.frames, 1):
        try:
            result = live.push(parsed(frame) if isinstance(frame, bytes) else frame)
        except BrokenSample as error:
            print_error(f'line {number}: {error}')
        else:
            if result:
                yield result


def parsed(line):
    """Return the content of a line of JSON; BrokenSample if it is none."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BrokenSample(f'not valid JSON: {error}') from None


def people_in(images, landmarker, dimensions, persons=PERSONS):
    """Yield (seconds, joints (M, V, 3) in 2 or 3 `dimensions`) of M `persons` in each (seconds, image).

    A person keeps a slot for as long as the tracker knows them, as in a recording of pose_gendata.py.
    """
    follower, slots = None, Slots(persons)
    for seconds, image in images:
        follower = follower or Follower(image.shape[1::-1])
        joints, world = landmarker.find(seconds, image)
        people = np.zeros((persons, *joints.shape[1:]))
        people[slots.of(follower.follow(joints).tolist())] = joints if dimensions == 2 else in_kinects_axes(world)
        yield seconds, people


class Slots:
    """Gives each person, a number, one of M slots; a new person takes the slot that was left first."""

    def __init__(self, M):
        # Person → slot, in the order in which they were last seen; negative numbers stand for nobody.
        self.held = {slot - M: slot for slot in range(M)}

    def of(self, persons):
        """Return the slots of the at most M persons in a frame."""
        for person in sorted(self.held.keys() & persons):
            self.held[person] = self.held.pop(person)
        for person in sorted(set(persons) - self.held.keys()):
            self.held[person] = self.held.pop(next(iter(self.held)))
        return [self.held[person] for person in persons]


def at_rate(frames, rate):
    """Yield the frames (seconds, joints) at a constant rate, as LivePredictor takes them.

    Each frame gets the nearest time of that rate; of several at one time, the first is used. Joints are interpolated
    where there is none.
    """
    newest, before = -1, None
    for seconds, joints in frames:
        number = round(seconds * rate)
        if before is not None and number > newest + 1:
            weights = np.arange(1, number - newest) / (number - newest)
            missing, _ = between(before[:, None], joints[:, None], weights)
            for n, joints_between in enumerate(missing.swapaxes(0, 1), newest + 1):
                yield frame_at(n / rate, joints_between)
        if number > newest:
            yield frame_at(seconds, joints)
            newest, before = number, joints


def frame_at(seconds, joints):
    return {'persons': joints, 'time': round(seconds, 3)}
