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
from data_gen.poses.landmarks import PERSONS, SKELETON, Landmarker, check_model, silent_libraries
from data_gen.resample import between
from data_gen.sources import is_video
from graph.skeleton import skeleton
from prediction.ahead import Ahead

USUAL_RATE = 30  # frames per second, where neither the network nor the video says any
POSES_AHEAD = 32  # that wait while a window is scored: about a second


class Source(NamedTuple):
    """Frames as they come: `frames`, each of which `parse` makes one that LivePredictor takes, and what they hold.

    `header` are arguments of LivePredictor. `dropped()` returns how many frames were left out because they came too
    fast.
    """

    frames: Any
    parse: Any = lambda frame: frame
    header: dict = {}
    dropped: Any = lambda: 0


@contextlib.contextmanager
def open_source(name, preparations, pose_model):
    """Open what `name` stands for as a Source: standard input (-), a video, the number of a camera, a file of lines.

    `preparations` are those of the model, and `pose_model` is the path of MediaPipe's. People in images are found in a
    thread of its own, while their actions are recognised in this one. Of a camera, whose frames a third thread reads,
    only the newest frame is kept. Raises UserError for what cannot be opened.
    """
    with contextlib.ExitStack() as opened:
        is_camera = name.isdecimal() and not pathlib.Path(name).exists()
        if name == '-':
            yield Source(sys.stdin.buffer, parsed)
            return
        if not is_camera and not is_video(name):
            yield Source(opened.enter_context(open(name, 'rb')), parsed)
            return
        check_model(pose_model)
        first = preparations[0]
        opened.enter_context(silent_libraries())
        if is_camera:
            rate, camera = first.fps or USUAL_RATE, Ahead(video.camera_frames(int(name)), 1, newest_only=True)
            images = opened.enter_context(camera)
        else:
            opened.enter_context(reading(name))
            images, rate = opened.enter_context(video.open_video(name))
            rate = rate or USUAL_RATE
        found = opened.enter_context(Ahead(people_in(images, pose_model, first.dimensions), POSES_AHEAD))
        header = {'joint_names': skeleton(SKELETON).joint_names, 'fps': rate, 'followed': True,
                  'image_size': (1, 1) if first.dimensions == 2 else None}
        yield Source(at_rate(found, rate), header=header, dropped=lambda: camera.dropped if is_camera else 0)


def people_in(images, pose_model, dimensions, persons=PERSONS):
    """Yield (seconds, joints (M, V, 3) in 2 or 3 `dimensions`) of M `persons` in `images`, which are (seconds, image).

    A person keeps a place for as long as the tracker knows them, as in a recording of pose_gendata.py.
    """
    follower, places = None, Places(persons)
    with Landmarker(pose_model, persons) as landmarker:
        for seconds, image in images:
            follower = follower or Follower(image.shape[1::-1])
            joints, world = landmarker.find(seconds, image)
            here = places.of(follower.follow(joints).tolist())
            people = np.zeros((persons, *joints.shape[1:]))
            people[here] = joints if dimensions == 2 else in_kinects_axes(world)
            yield seconds, people


class Places:
    """Gives persons, who are known by numbers, so many places; who comes anew takes the one that was left first."""

    def __init__(self, number):
        # Person → place, in the order in which they were last seen; at first, negative numbers stand for nobody.
        self.held = {place - number: place for place in range(number)}

    def of(self, persons):
        """Return the places of the persons in a frame, who are no more than there are places."""
        for person in sorted(self.held.keys() & persons):
            self.held[person] = self.held.pop(person)
        for person in sorted(set(persons) - self.held.keys()):
            self.held[person] = self.held.pop(next(iter(self.held)))
        return [self.held[person] for person in persons]


def at_rate(frames, rate):
    """Yield the frames (seconds, joints) at a constant rate, as LivePredictor takes them.

    A frame is taken for the one at the nearest time of that rate. Where there is none, joints are interpolated; of
    several, the first is used.
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


def parsed(line):
    """Return the content of a line of JSON; BrokenSample if it is none."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BrokenSample(f'not valid JSON: {error}') from None
