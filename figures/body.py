"""Where the joints of people are drawn."""
import numpy as np

FRONT_OF_3D = -1  # prepared bodies look along y, away from the reader: mirrored, they face the reader
MAX_TURN = np.pi / 3
FLAT, UPRIGHT, AS_RECORDED = 'flat', 'upright', 'as recorded'  # what clips hold


def kind_of_clips(preparation):
    """Return the kind of the clips of a Preparation, as `front_view` takes it; None if nothing says it."""
    if preparation is None:
        return None
    if preparation.dimensions == 2:
        return FLAT
    return UPRIGHT if preparation.up else AS_RECORDED


def front_view(joints, kind=None):
    """Return (M, T, V, 2) of joints (3, T, V, M): to the right and up, as seen from the front; NaN for unseen joints.

    `kind` says what the channels are. UPRIGHT is 3D with z up, as prepared NTU. AS_RECORDED is 3D with x to the right
    and y up. FLAT is 2D with a score, which is 0 for joints that were not seen, as in Kinetics. If `kind` is None, the
    clip is FLAT if its third channel is never negative, else UPRIGHT.
    """
    x, y, third = joints
    kind = kind or (FLAT if third.min() >= 0 else UPRIGHT)
    seen = third > 0 if kind == FLAT else np.broadcast_to(joints.any(axis=(0, 2))[:, None], x.shape)
    right, up = x, y
    if kind == UPRIGHT:
        angle = turn_of_camera(x, y, seen)
        right, up = FRONT_OF_3D * (np.cos(angle) * x + np.sin(angle) * y), third
    return np.where(seen, np.stack((right, up)), np.nan).transpose(3, 1, 2, 0)


def turn_of_camera(x, y, seen):
    """Return the angle, in radians, by which the camera goes around two people so that neither hides the other.

    x, y and `seen` are (T, V, M). With another number of people it is 0.
    """
    if not seen.any(axis=(0, 1)).all() or x.shape[2] != 2:
        return 0.
    first, second = (np.array([values[..., m][seen[..., m]].mean() for values in (x, y)]) for m in range(2))
    away_x, away_y = second - first
    angle = np.arctan2(away_y, away_x)
    angle -= np.pi * round(angle / np.pi)  # from either side: the shorter way
    return np.clip(angle, -MAX_TURN, MAX_TURN)
