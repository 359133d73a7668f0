"""Persons followed over the frames of a recording, and the gaps in what is known of them."""
import numpy as np

from data_gen.formats.sample import BrokenSample
from runtime.errors import UserError

LOST = 30  # frames, about a second: who is away for longer comes back as a new person
NEWEST = 0.5  # weight of the newest step in a person's velocity
UNLIKELY = 1e9  # cost of a pair that is too far apart
MOST_VALUES = 1 << 27  # in the joints of a recording: one gigabyte


def follow(detections):
    """Return the joints (M, T, V, C) of Detections, each person with an m of their own, in order of appearance.

    Persons are told apart by the ids, if there are any and no frame has one of them twice, else by `nearest_poses`. An
    id that comes back after more than LOST frames is a new person. Raises BrokenSample if there are too many persons.
    """
    order = np.argsort(detections.frames, kind='stable')
    joints, frames = detections.joints[order], detections.frames[order]
    ids = None if detections.ids is None else detections.ids[order]
    if ids is not None and len(np.unique(np.stack((ids, frames)), axis=1).T) == len(ids):
        persons = split_at_gaps(ids, frames)
    else:
        persons = nearest_poses(joints, frames, detections.dimensions)
    M, T = persons.max() + 1, detections.num_frames
    if M * T * joints[0].size > MOST_VALUES:
        raise BrokenSample(f'{M} persons in {T} frames are too many for one recording: cut it into shorter ones')
    followed = np.zeros((M, T, *joints.shape[1:]))
    followed[persons, frames] = joints
    return followed


def split_at_gaps(ids, frames):
    """Return the person (P,) of each detection, from 0 in order of appearance; `frames` (P,) are sorted."""
    by_id = np.lexsort((frames, ids))
    new = np.ones(len(ids), bool)
    new[1:] = (np.diff(ids[by_id]) != 0) | (np.diff(frames[by_id]) > LOST + 1)
    persons = np.empty(len(ids), int)
    persons[by_id] = np.cumsum(new) - 1
    _, first, number = np.unique(persons, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[number.ravel()]


def nearest_poses(joints, frames, dimensions):
    """Return the person (P,) of each detection, from 0 in order of appearance; `frames` (P,) are sorted.

    The persons of a frame are assigned so that the sum of the distances to where they are expected is least, as the
    mean over the joints that are seen in both poses. A person is expected at the last pose, moved on by their velocity.
    One who is farther away than the body is large is a new person.
    """
    points = joints[..., :dimensions]
    seen = joints.any(-1)
    size = np.linalg.norm(np.ptp(np.where(seen[..., None], points, points.mean(1, keepdims=True)), axis=1), axis=-1)
    persons = np.empty(len(joints), int)
    last = np.empty(0, int)  # of each person, the number of the last detection
    velocity = np.zeros((0, dimensions))
    starts = np.flatnonzero(np.diff(frames, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(frames)]):
        new = np.arange(start, end)
        known = np.flatnonzero(frames[start] - frames[last] <= LOST + 1)
        old, steps = last[known], frames[start] - frames[last[known]]
        expected = points[old] + (velocity[known] * steps[:, None])[:, None]
        both = seen[old][:, None] & seen[new]
        distance = np.linalg.norm(expected[:, None] - points[new], axis=-1)
        cost = (distance * both).sum(-1) / np.maximum(both.sum(-1), 1)
        cost[~both.any(-1) | (cost > np.maximum.outer(size[old], size[new]))] = UNLIKELY
        rows, columns = assign(cost)
        likely = cost[rows, columns] < UNLIKELY
        rows, columns = rows[likely], columns[likely]
        matched, a, b, shared = known[rows], old[rows], new[columns], both[rows, columns, :, None]
        step = ((points[b] - points[a]) * shared).sum(1) / (shared.sum(1) * steps[rows, None])
        moved = velocity[matched].any(1, keepdims=True)
        velocity[matched] = np.where(moved, NEWEST * step + (1 - NEWEST) * velocity[matched], step)
        persons[b], last[matched] = matched, b
        strangers = np.delete(new, columns)
        persons[strangers] = len(last) + np.arange(len(strangers))
        last = np.append(last, strangers)
        velocity = np.concatenate((velocity, np.zeros((len(strangers), dimensions))))
    return persons


def assign(cost):
    """Return the rows and the columns of the pairs with the least sum of costs, each row and column in one at most."""
    if min(cost.shape) < 2:
        return np.unravel_index(cost.argmin()[None] if cost.size else np.empty(0, int), cost.shape)
    try:
        from scipy.optimize import linear_sum_assignment
    except ModuleNotFoundError:
        raise UserError('to follow several persons without ids, SciPy is needed: pip install -r '
                        'requirements-extra.txt') from None
    return linear_sum_assignment(cost)


def fill_gaps(joints, longest):
    """Interpolate joints (M, T, V, C), in place, in gaps of up to `longest` frames; return the first gap that is left.

    A joint that is 0 in all channels is missing; a gap lies between two frames that have it. The one returned is
    (person, joint, first frame, last frame), from 0, or None.
    """
    T, left = joints.shape[1], None
    t = np.arange(T)[:, None]
    for m, body in enumerate(joints):
        seen = body.any(-1)
        before = np.maximum.accumulate(np.where(seen, t, -1))
        after = np.minimum.accumulate(np.where(seen, t, T)[::-1])[::-1]
        missing = ~seen & (before >= 0) & (after < T)
        short = after - before - 1 <= longest
        frame, v = np.nonzero(missing & short)
        a, b = before[frame, v], after[frame, v]
        share = ((frame - a) / (b - a))[:, None]
        body[frame, v] = (1 - share) * body[a, v] + share * body[b, v]
        if left is None and (missing & ~short).any():
            frame, v = np.argwhere(missing & ~short)[0]
            left = m, v, frame, after[frame, v] - 1
    return left
