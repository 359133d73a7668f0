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
    present = recording.joints.any((2, 3))
    counted = present & (present.cumsum(0) <= bodies)
    return recording._replace(joints=recording.joints * counted[..., None, None])


def by_id(recording, rejoined=False):
    """Return the joints (P, T, V, C) of the P persons of a Recording, each id being one person.

    Kinect gives a person whom it has lost a new id. So with `rejoined` an id that appears after the last frame of
    another one goes on as that person: the first one who is free. Raises BrokenSample if two bodies in a frame have one
    id, or if there are too many persons.
    """
    if recording.ids is None:
        return recording.joints
    frames, positions = np.nonzero(recording.ids.T >= 0)
    ids = recording.ids[positions, frames]
    if len(np.unique(np.stack((ids, frames)), axis=1).T) < len(ids):
        raise BrokenSample('two bodies in a frame have one id')
    bodies, last_frame = [], []  # of each person
    for body_id in dict.fromkeys(ids.tolist()):
        own = ids == body_id
        free = [p for p, last in enumerate(last_frame) if rejoined and last < frames[own][0]]
        person = free[0] if free else len(bodies)
        if not free:
            bodies.append(np.zeros(recording.joints.shape[1:]))
            last_frame.append(0)
        bodies[person][frames[own]] = recording.joints[positions[own], frames[own]]
        last_frame[person] = frames[own][-1]
        if len(bodies) > MAX_PERSONS:
            raise BrokenSample(f'more than {MAX_PERSONS} persons are too many for one recording')
    return np.array(bodies).reshape(-1, *recording.joints.shape[1:])


def without_still(joints):
    """Return the joints (M, T, V, 3) of those who move: their mean deviation from each joint's mean is over STILL."""
    moving = [body[body.any((1, 2))].std(0).mean() > STILL for body in joints]
    return joints[moving] if any(moving) else joints
