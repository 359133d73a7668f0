"""From the poses in single frames to one recording: persons followed and chosen, gaps filled, joints mapped."""
from typing import Any, NamedTuple

import numpy as np

from data_gen.formats.pose_recording import PoseRecording
from data_gen.formats.sample import BrokenSample
from data_gen.poses.following import Follower
from data_gen.resample import between
from graph.mapping import map_joints
from graph.skeleton import skeleton

MAX_POSES = 1_000_000  # persons times frames: more than four hours of two people


class Detections(NamedTuple):
    """P poses in T frames; `frames` (P,) says in which frame each is, from 0.

    - `skeleton`: the name of a skeleton in config/skeletons, of V joints;
    - `joints_2d`: (P, V, 3), x and y as fractions of the image and a score, all 0 where a joint was not found;
    - `joints_3d`: (P, V, 3), x, y and z. At least one of the two is not None;
    - `ids`: (P,), numbers of persons, None if the source does not say who is who;
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

    @property
    def even_frames(self):
        """The number of frames at an even rate."""
        return self.num_frames if self.times is None else round((self.times[-1] - self.times[0]) * self.fps) + 1


def nobody():
    """Return the error for a source that shows no person."""
    return BrokenSample('nobody is found in any frame')


def as_recording(detections, persons=None, fill=0, to=None, source=None):
    """Return (the PoseRecording of Detections, remarks for the user).

    The recording has the number of `persons` that is given, those with the highest sum of scores; None keeps all.
    Joints are interpolated in gaps of up to `fill` frames, and mapped `to` a skeleton of config/skeletons, unless it is
    None. `source` is a text for the file.
    """
    who, remarks = persons_in(detections), []
    M, T = persons or who.max() + 1, detections.even_frames
    if M * T > MAX_POSES:
        raise BrokenSample(f'{M} persons in {T} frames are too many for one recording: --persons keeps those seen most')
    if who.max() >= M:
        remarks.append(f'more than {M} persons: those seen most are kept')
    joints = {}
    for key, dimensions in (('joints_2d', 2), ('joints_3d', 3)):
        if (poses := getattr(detections, key)) is not None:
            placed = place(poses, detections, who, M)
            joints[key], notes = complete(placed, detections, fill, to, dimensions)
            remarks += notes
    names = tuple(skeleton(to or detections.skeleton).joint_names)
    recording = PoseRecording(names, **joints, image_size=detections.image_size, fps=detections.fps, source=source)
    return recording, list(dict.fromkeys(remarks))


def persons_in(detections):
    """Return the person (P,) of each pose, counted from 0 in order of appearance.

    Ids that a frame has twice are ignored: some programs write 0 for everybody whom they did not track.
    """
    frames, ids, joints = detections.frames, detections.ids, detections.joints_2d
    persons, order = np.zeros(len(frames), int), np.argsort(frames, kind='stable')
    if ids is not None and len(set(zip(ids.tolist(), frames.tolist()))) == len(ids):
        numbers = {}
        persons[order] = [numbers.setdefault(number, len(numbers)) for number in ids[order].tolist()]
    elif joints is not None:
        follower = Follower(detections.image_size)
        for in_frame in np.split(order, np.searchsorted(frames[order], np.arange(1, detections.num_frames))):
            persons[in_frame] = follower.follow(joints[in_frame])
    elif len(np.unique(frames)) < len(frames):
        raise BrokenSample('several persons in a frame, and nothing says who is who: give one person in 3D, or ids')
    return persons


def place(poses, detections, who, M):
    """Return joints (M, T, V, C) of the M persons seen most, in order of appearance, from `poses` (P, V, C)."""
    scores = detections.joints_2d
    weight = np.bincount(who, None if scores is None else scores[..., 2].sum(1))
    kept = np.sort(np.argsort(-weight, kind='stable')[:M])
    chosen = np.isin(who, kept)
    joints = np.zeros((M, detections.num_frames, *poses.shape[1:]), poses.dtype)
    joints[np.searchsorted(kept, who[chosen]), detections.frames[chosen]] = poses[chosen]
    return joints


def complete(joints, detections, fill, to, dimensions):
    """Return (joints (M, T, V, C) at an even rate, gaps filled and mapped as wanted, remarks)."""
    name, remarks = detections.skeleton, []
    if detections.times is not None:
        joints = at_even_rate(joints, detections)
        remarks.append(f'frames at an uneven rate: joints are interpolated to {detections.fps:g} frames a second')
    if fill_gaps(joints, fill):
        remarks.append('joints are missing in gaps, which pose_gendata.py --fill FRAMES interpolates')
    if to in (None, name):
        return joints, remarks
    try:
        joints, derived = map_joints(joints, skeleton(name).joint_names, skeleton(to), dimensions)
    except ValueError as error:
        raise BrokenSample(f'--as {to}: {name}: {error}') from None
    return joints, remarks + [f'{name} as {to}: {"; ".join(derived)}'] * bool(derived)


def at_even_rate(joints, detections):
    """Return joints (M, T', V, C) at an even rate from `joints` (M, T, V, C) at the times of the Detections.

    See data_gen.resample.between.
    """
    times = detections.times
    new = times[0] + np.arange(detections.even_frames) / detections.fps
    after = np.searchsorted(times, new).clip(1, len(times) - 1)
    weight = ((new - times[after - 1]) / (times[after] - times[after - 1])).clip(0, 1)
    return between(joints[:, after - 1], joints[:, after], weight)[0].astype(joints.dtype)


def fill_gaps(joints, max_gap):
    """Interpolate joints (M, T, V, C), in place, in gaps of up to `max_gap` frames; return whether gaps are left.

    A missing joint is 0 in all channels; a gap lies between two frames that have it.
    """
    left = False
    for m, v in np.ndindex(joints.shape[0], joints.shape[2]):
        track = joints[m, :, v]
        seen = np.flatnonzero(track.any(-1))
        for gap in np.flatnonzero(np.diff(seen) > 1):
            before, after = seen[gap:gap + 2]
            if after - before - 1 > max_gap:
                left = True
                continue
            weight = (np.arange(before + 1, after)[:, None] - before) / (after - before)
            track[before + 1:after] = (1 - weight) * track[before] + weight * track[after]
    return left
