"""Recordings at another number of frames per second."""
import math

import numpy as np

DECIMALS = 6  # of the number of a frame: nearer than that, it is another frame's

SAME_RATE = 0.01  # 29.97 frames per second are as good as 30


def rates_differ(fps, wanted):
    """Say whether frames at `fps` must be resampled to the rate `wanted`; not if one of them is None, not known."""
    return None not in (fps, wanted) and abs(fps / wanted - 1) > SAME_RATE


def resample(recording, fps):
    """Return the Recording at `fps` frames per second, from its first frame to its last.

    Joints are interpolated linearly between the two nearest frames. A joint that one of them lacks, and a body of
    another id, are taken from the nearer one.
    """
    count = new_frames(recording.joints.shape[1], recording.fps, fps)
    before, after, weight = source_frames(np.arange(count), recording.fps, fps)
    after = np.minimum(after, recording.joints.shape[1] - 1)
    joints, ids = between(recording.joints[:, before], recording.joints[:, after], weight,
                          None if recording.ids is None else (recording.ids[:, before], recording.ids[:, after]))
    return recording._replace(joints=joints, ids=ids, fps=fps)


def new_frames(frames, old_fps, fps):
    """Return how many frames at `fps` there are from the first of `frames` frames at `old_fps` to the last."""
    return math.floor(round((frames - 1) * fps / old_fps, DECIMALS)) + 1 if frames else 0


def source_frames(frames, old_fps, fps):
    """Return (before, after, weight): the frames between which new `frames` (T,) lie, and the fraction of `after`."""
    at = np.round(frames * (old_fps / fps), DECIMALS)
    before = np.floor(at).astype(int)
    weight = at - before
    return before, before + (weight > 0), weight


def between(first, second, weight, ids=None):
    """Return (joints, ids) between two frames for each T: `first` and `second` (M, T, V, C), `weight` (T,) of `second`.

    `ids` is a pair of arrays (M, T), or None.
    """
    nearer = weight > .5
    blend = first + (second - first) * weight[:, None, None]
    both = first.any(-1, keepdims=True) & second.any(-1, keepdims=True)
    if ids is not None:
        both &= (ids[0] == ids[1])[..., None, None]
        ids = np.where(nearer, ids[1], ids[0])
    return np.where(both, blend, np.where(nearer[:, None, None], second, first)), ids
