"""Who is who in a recording: bodies that have ids, followed over the frames, and those that count."""
import numpy as np

from data_gen.formats.sample import BrokenSample

MAX_PERSONS = 32  # in a recording
STILL = 0.01  # metres: the joints of a person who only stands deviate more, those of furniture taken for one less


def first_of_each_frame(recording, bodies):
    """Return the Recording with only the first `bodies` bodies of each frame."""
    if not recording.followed:
        ids = None if recording.ids is None else recording.ids[:bodies]
        return recording._replace(joints=recording.joints[:bodies], ids=ids)
    there = recording.joints.any((2, 3))
    counted = there & (there.cumsum(0) <= bodies)
    return recording._replace(joints=recording.joints * counted[..., None, None])


def by_id(recording, rejoined=False):
    """Return joints (P, T, V, C) of a Recording with ids: each of the P persons in a place of their own.

    Kinect gives a person whom it has lost a new id. So with `rejoined` an id that appears after the last frame of
    another one goes on as that person: the first one who is free. Raises BrokenSample if two bodies in a frame have one
    id, or if there are too many persons.
    """
    if recording.ids is None:
        return recording.joints
    frames, places = np.nonzero(recording.ids.T >= 0)
    ids = recording.ids[places, frames]
    if len(np.unique(np.stack((ids, frames)), axis=1).T) < len(ids):
        raise BrokenSample('two bodies in a frame have one id')
    names, first, number = np.unique(ids, return_index=True, return_inverse=True)
    last = np.zeros(len(names), int)
    np.maximum.at(last, number, frames)
    person, until = np.zeros(len(names), int), []  # of each id; the last frame of each person
    for i in np.argsort(first):
        free = (p for p, end in enumerate(until) if rejoined and end < frames[first[i]])
        person[i] = next(free, len(until))
        until[person[i]:person[i] + 1] = [last[i]]
    if len(until) > MAX_PERSONS:
        raise BrokenSample(f'{len(until)} persons are too many for one recording')
    followed = np.zeros((len(until), *recording.joints.shape[1:]))
    followed[person[number], frames] = recording.joints[places, frames]
    return followed


def without_still(joints):
    """Return the joints (M, T, V, 3) of those who move: their mean deviation from each joint's mean is over STILL."""
    there = joints.any((2, 3))
    moving = [joints[m, seen].std(0).mean() > STILL for m, seen in enumerate(there)]
    return joints[moving] if any(moving) else joints
