"""What a pose estimator finds in a video, frame by frame, before persons are followed over the frames."""
import pathlib
import re
from typing import Any, NamedTuple

import numpy as np

from data_gen.formats.raw_file import numbers
from data_gen.formats.sample import BrokenSample

LONGEST = 100_000  # frames: an hour
NUMBERED = re.compile(r'(.*?)(\d+)(\D*)')


class Nobody(BrokenSample):
    """There is no person in any frame."""


class Detections(NamedTuple):
    """P detections of persons in T frames.

    `joints` is float64 (P, V, C), C = x y score or, in 3D, x y z; `frames` (P,) says in which frame each is, from 0;
    `ids` (P,) who it is, None if the file does not say. `skeleton` is the name of a skeleton in config/skeletons.
    `dimensions` is 2 or 3. `shares` says that x and y are shares of the image, whatever their values.
    """

    joints: np.ndarray
    frames: np.ndarray
    num_frames: int
    skeleton: str
    ids: Any = None
    dimensions: int = 2
    shares: bool = False


def detections(joints, frames, ids, skeletons, num_frames=None, **more):
    """Return the Detections of `joints`, as `numbers` returns them; `skeletons` maps V to the name of a skeleton.

    `frames` may begin at any number, its lowest if `num_frames` is not given. Detections without any joint are left
    out; `ids` are, if one is None. Raises Nobody if there is nobody, and BrokenSample for another V.
    """
    if not joints.any():
        raise Nobody('without a skeleton in any frame')
    if joints.ndim != 3 or joints.shape[1] not in skeletons:
        known = ' and '.join(f'{V} ({name})' for V, name in skeletons.items())
        raise BrokenSample(f'{joints.shape[1]} joints in a person: {known} are taken')
    frames = np.array(frames)
    if num_frames is None:
        frames = frames - frames.min()
        num_frames = int(frames.max()) + 1
    if num_frames > LONGEST:
        raise BrokenSample(f'its frames span {num_frames}, and {LONGEST} are the most: the frames of one recording '
                           'are numbered one after the other')
    if more.get('dimensions', 2) == 2:
        joints[joints[..., 2] == 0] = 0
    found = joints.any((1, 2))
    ids = None if None in ids else np.unique(ids, return_inverse=True)[1][found]
    return Detections(joints[found], frames[found], num_frames, skeletons[joints.shape[1]], ids, **more)


def person_number(value):
    """Return the number of a person, None if there is none; some programs write it in a list."""
    if isinstance(value, list) and len(value) == 1:
        value, = value
    return value if isinstance(value, int | float) else None


def triples(lists, what):
    """Return P lists of x0, y0, score0, x1, … as float64 (P, V, 3)."""
    array = numbers(lists, what)
    if len(lists) and (array.ndim != 2 or array.shape[1] % 3):
        raise BrokenSample(f'{what} are not x, y and score of each joint')
    return array.reshape(len(lists), -1, 3) if len(lists) else array


def frame_numbers(names):
    """Return the last number in each of the `names` of frames: images or files.

    Raises BrokenSample if there is none, or if the names differ in more than that: they are of several recordings.
    """
    parts = [NUMBERED.fullmatch(pathlib.PurePath(str(name)).stem) for name in names]
    if None in parts:
        raise BrokenSample(f"'{names[parts.index(None)]}' has no number that says which frame it is")
    others = sorted({(part[1], part[3]) for part in parts})
    if len(others) > 1:
        raise BrokenSample(f"frames of several recordings ('{''.join(others[0])}' and '{''.join(others[1])}'): one "
                           'recording is taken')
    return [int(part[2]) for part in parts]
