"""What a pose estimator finds, frame by frame, before persons are followed over the frames."""
import pathlib
import re
from typing import Any, NamedTuple

import numpy as np

from data_gen.formats.raw_file import numbers
from data_gen.formats.sample import BrokenSample
from graph.skeleton import skeleton

LONGEST = 100_000  # frames: an hour
NUMBERED = re.compile(r'(.*?)(\d+)(\D*)')


class Nobody(BrokenSample):
    """There is no person in any frame."""

    def __init__(self, text='nobody is found in any frame'):
        super().__init__(text)


class Detections(NamedTuple):
    """P poses in T frames; `frames` (P,) says in which frame each is, from 0.

    - `skeleton`: the name of a skeleton in config/skeletons, of V joints;
    - `joints_2d`: (P, V, 3), x, y and score, all 0 where a joint was not found; None if the source has none;
    - `joints_3d`: (P, V, 3), x, y and z; None if the source has none. It has at least one of the two;
    - `ids`: (P,), who it is, None if the source does not say;
    - `image_size`: (width, height) in pixels, `fps`: frames per second, None if they are not known;
    - `times`: (T,), seconds of the frames, if they do not follow each other evenly.
    """

    frames: np.ndarray
    num_frames: int
    skeleton: str
    joints_2d: Any = None
    joints_3d: Any = None
    ids: Any = None
    image_size: Any = None
    fps: Any = None
    times: Any = None


def detections_2d(joints, frames, ids, name, num_frames=None):
    """Return the Detections of `joints` (P, V, 3), x, y and score as a file has them; `name` is their skeleton's.

    `frames` are numbers from 0, or, without `num_frames`, from any number. A joint of score 0 was not found. Detections
    without any joint are left out; `ids` are, if one is None. Raises Nobody if there is nobody.
    """
    joints = np.where(joints[..., 2:] > 0, joints, 0)
    frames, num_frames, found, ids = places(joints, frames, ids, num_frames)
    return Detections(frames, num_frames, name, joints_2d=joints[found], ids=ids)


def skeleton_of_size(V, skeletons):
    """Return the skeleton with V joints among the names `skeletons`; BrokenSample if none has as many."""
    sizes = {skeleton(name).num_node: name for name in skeletons}
    if V not in sizes:
        known = ' and '.join(f'{size} ({name})' for size, name in sizes.items())
        raise BrokenSample(f'{V} joints in a person: {known} are taken')
    return sizes[V]


def places(joints, frames, ids, num_frames=None):
    """Return (frames (P',) from 0, their number T, which detections (P,) have a joint, ids (P',) or None)."""
    frames = np.array(frames)
    if num_frames is None:
        frames = frames - frames.min()
        num_frames = int(frames.max()) + 1
    if num_frames > LONGEST:
        raise BrokenSample(f'its frames span {num_frames}, and {LONGEST} are the most: the frames of one recording '
                           'are numbered one after the other')
    found = joints.any((1, 2))
    if not found.any():
        raise Nobody
    ids = None if None in ids else np.unique(ids, return_inverse=True)[1][found]
    return frames[found], num_frames, found, ids


def person_number(value):
    """Return the number of a person, None if there is none; some programs write it in a list."""
    if isinstance(value, list) and len(value) == 1:
        value, = value
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def triples(lists, what):
    """Return P lists of x0, y0, score0, x1, … as float64 (P, V, 3); Nobody if there are none."""
    if not lists:
        raise Nobody
    array = numbers(lists, what)
    if array.ndim != 2 or array.shape[1] % 3:
        raise BrokenSample(f'{what} are not x, y and score of each joint')
    return array.reshape(len(lists), -1, 3)


def frame_numbers(names):
    """Return the last number in each of the `names` of frames: images or files, with or without a suffix.

    Raises BrokenSample if there is none, or if the names differ in more than that: they are of several recordings.
    """
    names = [re.sub(r'\.[A-Za-z]\w*$', '', pathlib.PurePath(str(name)).name) for name in names]
    parts = [NUMBERED.fullmatch(name) for name in names]
    if None in parts:
        raise BrokenSample(f"'{names[parts.index(None)]}' has no number that says which frame it is")
    others = sorted({(part[1], part[3]) for part in parts})
    if len(others) > 1:
        raise BrokenSample(f"frames of several recordings ('{''.join(others[0])}' and '{''.join(others[1])}'): one "
                           'recording is taken')
    return [int(part[2]) for part in parts]
