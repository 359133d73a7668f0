"""From the poses in single frames to one recording: persons followed and chosen, gaps filled, joints mapped."""
from typing import Any, NamedTuple

import numpy as np

from data_gen.formats.pose_recording import PoseRecording
from data_gen.formats.sample import BrokenSample
from data_gen.poses.following import Follower
from data_gen.poses.gaps import fill_gaps
from data_gen.resample import between
from graph.mapping import map_joints
from graph.skeleton import skeleton

MOST_VALUES = 1 << 27  # in the joints of a recording: half a gigabyte as float32


class Wishes(NamedTuple):
    """What the user wants of a recording: so many `persons`, absent ones being zeros (None: all there are), gaps of
    joints filled up to `fill` frames, and joints mapped `to` a skeleton of config/skeletons (None: as they are)."""

    persons: Any = None
    fill: int = 0
    to: Any = None


def as_recording(detections, wishes, source=None):
    """Return (the PoseRecording of Detections, remarks), each remark a text and what it says of this recording."""
    persons, remarks = persons_in(detections), []
    if wishes.persons and (others := persons.max() + 1 - wishes.persons) > 0:
        detections, persons = most_seen(detections, persons, wishes.persons)
        remarks.append((f'more than {wishes.persons} persons: those seen most are kept', f'{others} left out'))
    M = wishes.persons or persons.max() + 1
    name, joints = detections.skeleton, {}
    for key, dimensions in (('joints_2d', 2), ('joints_3d', 3)):
        poses = getattr(detections, key)
        if poses is None:
            continue
        joints[key], notes = complete(placed(poses, detections, persons, M), detections, wishes, dimensions)
        remarks += [note for note in notes if note not in remarks]
    names = tuple(skeleton(wishes.to or name).joint_names)
    return PoseRecording(names, **joints, image_size=detections.image_size, fps=detections.fps, source=source), remarks


def complete(joints, detections, wishes, dimensions):
    """Return (joints (M, T, V, C) at a constant rate, gaps filled and mapped as wished for, remarks)."""
    name, remarks = detections.skeleton, []
    if detections.times is not None:
        joints = at_constant_rate(joints, detections.times, detections.fps)
        remarks.append(('frames at an uneven rate: joints are interpolated', f'{detections.fps:g} frames a second'))
    if gap := fill_gaps(joints, wishes.fill):
        m, v, first, last = gap
        remarks.append(('joints are missing in gaps, which pose_gendata.py --fill FRAMES interpolates',
                        f"'{skeleton(name).joint_names[v]}' of person {m + 1} in frames {first + 1} to {last + 1}"))
    if wishes.to in (None, name):
        return joints, remarks
    try:
        joints, derived = map_joints(joints, skeleton(name).joint_names, skeleton(wishes.to), dimensions)
    except ValueError as error:
        raise BrokenSample(f'--as {wishes.to}: {name}: {error}') from None
    return joints, remarks + [(f'{name} as {wishes.to}: {"; ".join(derived)}', '')] * bool(derived)


def persons_in(detections):
    """Return the person (P,) in each pose, counted from 0 in order of appearance.

    The ids say so, unless a frame has one of them twice: some programs write 0 for everybody whom they did not follow.
    """
    frames, ids, joints = detections.frames, detections.ids, detections.joints_2d
    persons = np.zeros(len(frames), int)
    if ids is not None and len(set(zip(ids.tolist(), frames.tolist()))) == len(ids):
        order = np.lexsort((ids, frames))
        _, first, persons[order] = np.unique(ids[order], return_index=True, return_inverse=True)
        return np.argsort(np.argsort(first))[persons]
    if joints is None:
        if len(np.unique(frames)) < len(frames):
            raise BrokenSample('several persons in a frame, and nothing says who is who: 3D joints without a place in '
                               'the image cannot be followed')
        return persons
    follower = Follower(detections.image_size)
    order = np.argsort(frames, kind='stable')
    for here in np.split(order, np.searchsorted(frames[order], np.arange(1, detections.num_frames))):
        persons[here] = follower.follow(joints[here])
    return persons


def most_seen(detections, persons, most):
    """Return Detections and persons of the `most` persons with the highest sum of scores."""
    joints = detections.joints_2d
    weight = np.bincount(persons, None if joints is None else joints[..., 2].sum(1))
    kept = np.sort(np.argsort(-weight, kind='stable')[:most])
    here = np.isin(persons, kept)
    arrays = {key: getattr(detections, key) for key in ('frames', 'joints_2d', 'joints_3d', 'ids')}
    return (detections._replace(**{key: array if array is None else array[here] for key, array in arrays.items()}),
            np.searchsorted(kept, persons[here]))


def placed(poses, detections, persons, M):
    """Return joints (M, T, V, C), each of the `poses` (P, V, C) in its frame and at its person's place."""
    T = detections.num_frames
    if M * T * poses[0].size > MOST_VALUES:
        raise BrokenSample(f'{M} persons in {T} frames are too many for one recording: --persons keeps those who are '
                           'seen most')
    joints = np.zeros((M, T, *poses.shape[1:]), poses.dtype)
    joints[persons, detections.frames] = poses
    return joints


def at_constant_rate(joints, times, fps):
    """Return joints (M, T', V, C) at `fps` frames per second from `joints` (M, T, V, C), which were seen at `times`.

    See data_gen.resample.between.
    """
    new = times[0] + np.arange(round((times[-1] - times[0]) * fps) + 1) / fps
    after = np.searchsorted(times, new).clip(1, len(times) - 1)
    weight = ((new - times[after - 1]) / (times[after] - times[after - 1])).clip(0, 1)
    return between(joints[:, after - 1], joints[:, after], weight)[0].astype(joints.dtype)
