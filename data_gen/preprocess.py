"""The normalisation of 3D skeletons, NTU's by default: no gaps, centred on the spine, upright, facing the camera."""
import numpy as np

from data_gen.rotation import rotation_onto

X_AXIS, Z_AXIS = np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
CENTER = 1  # the middle of the spine


def pre_normalization(data, zaxis=(0, 1), xaxis=(8, 4)):
    """Return `data` (N, C, T, V, M), C = x y z, with every sample normalised by `normalize_bodies`."""
    normalized = np.empty_like(data)
    for sample, clip in zip(normalized, data):
        sample[:] = normalize_bodies(clip.transpose(3, 1, 2, 0), clip.shape[1], zaxis, xaxis)
    return normalized


def normalize_bodies(bodies, num_frames, zaxis=(0, 1), xaxis=(8, 4), center=CENTER, all_joints=False):
    """Return bodies (M, T, V, 3) as a clip (3, num_frames, V, M), padded, centred and rotated, T ≤ num_frames.

    Frames without a body are filled by `frames_to_show`. The first person's joint `center` (the middle of the spine)
    is the origin of each frame. Then all frames are turned so that in the first frame the first person's vector from
    joint zaxis[0] to zaxis[1] lies on z, and after that so that the one from xaxis[1] to xaxis[0] lies on x. Each of
    the three is left out if it is None. "Empty" means that the values sum to 0, here and in the published code; what
    is empty stays so. With `all_joints`, who has a value that is not 0 in a frame is there with all joints.
    """
    M, _, V, C = bodies.shape
    normalized = np.zeros((C, num_frames, V, M), bodies.dtype)
    orders = [frames_to_show(is_there(body, all_joints)) for body in bodies]
    lengths = {len(order) for order in orders if len(order)}
    if not lengths:
        return normalized
    # Persons of equal length repeat in step, so what is done to each frame is done once, before it is repeated.
    period = lengths.pop() if len(lengths) == 1 else num_frames

    joints = np.zeros((C, M, period, V), bodies.dtype)
    for m, order in enumerate(orders):
        if len(order):
            joints[:, m] = bodies[m][order[np.arange(period) % len(order)]].transpose(2, 0, 1)
    if center is not None:
        there = joints.any((0, 3), keepdims=True) if all_joints else joints.sum(0) != 0
        joints -= joints[:, :1, :, center:center + 1].copy()
        joints *= there
    for joints_on_axis, axis in ((zaxis, Z_AXIS), (xaxis and xaxis[::-1], X_AXIS)):
        if joints_on_axis is None:
            continue
        start, end = joints_on_axis
        joints = rotate(joints, rotation_onto(joints[:, 0, 0, end] - joints[:, 0, 0, start], axis))

    normalized[:, :period] = joints.transpose(0, 2, 3, 1)
    for start in range(period, num_frames, period):
        normalized[:, start:start + period] = normalized[:, :min(period, num_frames - start)]
    return normalized


def is_there(body, all_joints=False):
    """Return (T,) bool: in which frames the body (T, V, 3) is there; see `normalize_bodies`."""
    return body.any((1, 2)) if all_joints else body.sum((1, 2)) != 0


def frames_to_show(body_there):
    """Return the indices of the frames that are shown in turn, over and over, to fill a clip; none for an empty person.

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
