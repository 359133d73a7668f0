"""Joints that were not found in some frames, interpolated between the frames that have them."""
import numpy as np


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
