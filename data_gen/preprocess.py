"""The normalisation of NTU's skeletons: no gaps, centred on the spine, upright, facing the camera."""
import numpy as np

from data_gen.rotation import rotation_onto

X_AXIS, Z_AXIS = np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
CENTER = 1  # the middle of the spine


def pre_normalization(data, zaxis=(0, 1), xaxis=(8, 4)):
    """Return `data` (N, C, T, V, M), C = x y z, with every sample normalised by `normalize_clip`."""
    normalized = np.empty_like(data)
    for sample, clip in zip(normalized, data):
        sample[:] = normalize_clip(clip, zaxis, xaxis)
    return normalized


def normalize_clip(clip, zaxis=(0, 1), xaxis=(8, 4)):
    """Return the clip (C, T, V, M), C = x y z, padded, centred and rotated; the given one is left as it is.

    Frames without a body are filled by `frames_to_show`. The first person's middle of the spine is the origin of
    each frame. Then all frames are turned so that in the first frame the first person's vector from joint zaxis[0] to
    zaxis[1] lies on z, and after that so that the one from xaxis[1] to xaxis[0] lies on x. "Empty" means that the
    values sum to 0, here and in the published code; what is empty stays so.
    """
    T = clip.shape[1]
    body_there = clip.sum((0, 2)).T != 0  # (M, T)
    orders = [frames_to_show(frames) if frames.any() else None for frames in body_there]
    lengths = {len(order) for order in orders if order is not None}
    if not lengths:
        return clip.copy()
    # Persons of equal length repeat in step, so what is done to each frame is done once, before it is repeated.
    period = lengths.pop() if len(lengths) == 1 else T

    joints = np.zeros((clip.shape[0], clip.shape[3], period, clip.shape[2]), clip.dtype)  # (C, M, T, V)
    for m, order in enumerate(orders):
        if order is not None:
            joints[:, m] = clip[..., m][:, np.resize(order, period)]
    there = joints.sum(0) != 0
    joints -= joints[:, :1, :, CENTER:CENTER + 1].copy()
    joints *= there
    for (start, end), axis in ((zaxis, Z_AXIS), (xaxis[::-1], X_AXIS)):
        joints = rotate(joints, rotation_onto(joints[:, 0, 0, end] - joints[:, 0, 0, start], axis))

    normalized = np.empty_like(clip)
    normalized[:, :period] = joints.transpose(0, 2, 3, 1)
    for start in range(period, T, period):
        normalized[:, start:start + period] = normalized[:, :min(period, T - start)]
    return normalized


def frames_to_show(body_there):
    """Return the indices of the frames that are shown in turn, over and over, to fill a clip.

    `body_there` (T,) bool says which of a person's frames have a body. Late starters lose all their empty frames,
    others only those after the last body.
    """
    seen = np.flatnonzero(body_there)
    return np.arange(seen[-1] + 1) if body_there[0] else seen


def rotate(joints, matrix):
    """Return the joints (3, …), turned by the float64 `matrix` (3, 3), in their own precision."""
    turned = np.empty_like(joints)
    for c, (x, y, z) in enumerate(matrix):
        # Not a matrix product: its last bit depends on the machine's BLAS and on its threads.
        turned[c] = x * joints[0].astype(np.float64) + y * joints[1] + z * joints[2]
    return turned
