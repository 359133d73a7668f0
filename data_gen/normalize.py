"""Normalisation: the joints of one recording as the clip (C, T, V, M) that the model takes, in 3D and in 2D.

A data_gen.preparation.Preparation says which of these functions a data set needs, and with which joints and sizes.
Sources: Shi et al., 2s-AGCN, CVPR 2019, section 4.1 (3D); Yan et al., ST-GCN, AAAI 2018, section 4.1 (2D); Duan et al.,
PYSKL, ACM MM 2022, and https://github.com/kennymckormick/pyskl (`pyskl_3d`, `pyskl_2d`).
"""
import math

import numpy as np

CENTER, UP, RIGHT = 1, (0, 1), (4, 8)  # NTU's middle of the spine; base and middle of the spine; the shoulders
X_AXIS, Z_AXIS = np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
TINY = 1e-6  # below this, a vector counts as zero and an angle as none
PYSKL_NEAR_0, PYSKL_LOWEST_SCORE = 1e-8, 0.01  # at most this: an absent joint


def clip_3d(joints, frames, persons, up=UP, right=RIGHT, center=CENTER, all_joints=False):
    """Return joints (M, T, V, 3) as the clip of the most active persons, normalised: float32 (3, frames, V, persons).

    See `most_active` and `normalize_bodies`.
    """
    kept = most_active(joints, persons, all_joints)
    bodies = np.zeros((persons, *joints.shape[1:]), np.float32)
    bodies[:len(kept)] = kept
    return normalize_bodies(bodies, frames, up, right, center, all_joints)


def clip_2d(joints, frames, persons, image_size=None, frame_by_frame=False):
    """Return joints (M, T, V, 3), C = x y score, as a clip: float32 (3, frames, V, persons), padded with zeros.

    With `image_size` (width, height), x and y become fractions of the image from its centre, y upwards; both are 0
    where the score is. The persons of highest score come first: in each frame, or in the whole clip.
    """
    x, y, score = np.moveaxis(joints, -1, 0)
    # The last bit of a sum depends on its order, and with it which of two persons with equal scores comes first.
    total = score.cumsum(2)[..., -1] if frame_by_frame else score.sum((1, 2))[:, None]
    best = np.argsort(-total, 0, kind='stable')[:persons]
    if image_size is not None:
        width, height = image_size
        x, y = x / width - 0.5, -(y / height - 0.5)
    seen = score != 0
    normalized = np.stack((np.where(seen, x, 0), np.where(seen, y, 0), score))
    normalized = np.take_along_axis(normalized, best[None, ..., None], 1)
    clip = np.zeros((3, frames, joints.shape[2], persons), np.float32)
    clip[:, :joints.shape[1], :, :len(best)] = normalized.transpose(0, 2, 3, 1)
    return clip


def most_active(joints, persons, all_joints=False):
    """Return the `persons` bodies of highest energy among `joints` (M, T, V, 3), highest first.

    Energy is the sum of the standard deviations of x, y and z over T and V where the body is present: see `is_present`
    for `all_joints`.
    """
    seen = [body[is_present(body, all_joints)] for body in joints]
    energies = [body.std((0, 1)).sum() if len(body) else 0 for body in seen]
    return joints[np.argsort(energies, kind='stable')[::-1][:persons]]


def pre_normalization(data, zaxis=(0, 1), xaxis=(8, 4)):
    """Return `data` (N, C, T, V, M), C = x y z, with every sample normalised by `normalize_bodies`.

    zaxis is (start, end), xaxis (end, start), as in the published code.
    """
    normalized = np.empty_like(data)
    for sample, clip in zip(normalized, data):
        sample[:] = normalize_bodies(clip.transpose(3, 1, 2, 0), clip.shape[1], zaxis, xaxis[::-1])
    return normalized


def normalize_bodies(bodies, num_frames, up=UP, right=RIGHT, center=CENTER, all_joints=False):
    """Return bodies (M, T, V, 3) as a clip (3, num_frames, V, M), padded, centred and rotated, T ≤ num_frames.

    Frames without a body are filled by `frames_in_turn`. The first person's joint `center` is the origin of each frame.
    Then all frames are turned so that in the first frame the first person's vector from joint up[0] to up[1] lies on
    z, and after that so that the one from right[0] to right[1] lies on x. Each of the three is left out if it is None.
    "Empty" means that the values sum to 0, here and in the published code; what is empty stays so. With `all_joints`,
    a person with any value that is not 0 in a frame is there with all joints.
    """
    M, _, V, C = bodies.shape
    normalized = np.zeros((C, num_frames, V, M), bodies.dtype)
    orders = [frames_in_turn(is_present(body, all_joints)) for body in bodies]
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
        present = joints.any((0, 3), keepdims=True) if all_joints else joints.sum(0) != 0
        joints -= joints[:, :1, :, center:center + 1].copy()
        joints *= present
    for joints_on_axis, axis in ((up, Z_AXIS), (right, X_AXIS)):
        if joints_on_axis is None:
            continue
        start, end = joints_on_axis
        joints = rotate(joints, rotation_onto(joints[:, 0, 0, end] - joints[:, 0, 0, start], axis))

    normalized[:, :period] = joints.transpose(0, 2, 3, 1)
    for start in range(period, num_frames, period):
        normalized[:, start:start + period] = normalized[:, :min(period, num_frames - start)]
    return normalized


def is_present(body, all_joints=False):
    """Return (T,) bool: in which frames the body (T, V, 3) is present; see `normalize_bodies`."""
    return body.any((1, 2)) if all_joints else body.sum((1, 2)) != 0


def frames_in_turn(present):
    """Return the indices of the frames that fill a clip, in turn, over and over; none for an empty person.

    `present` (T,) bool says which of a person's frames have a body. Late starters lose all their empty frames,
    others only those after the last body.
    """
    seen = np.flatnonzero(present)
    return np.arange(seen[-1] + 1) if present[:1].any() else seen


def rotate(joints, matrix):
    """Return the joints (3, …), turned by the float64 `matrix` (3, 3), in their own precision."""
    turned = np.empty_like(joints)
    for c, (x, y, z) in enumerate(matrix):
        # Not a matrix product: its last bit depends on the machine's BLAS and on its threads.
        turned[c] = x * joints[0].astype(np.float64) + y * joints[1] + z * joints[2]
    return turned


def rotation_onto(vector, axis):
    """Return the (3, 3) float64 matrix that turns `vector` onto the unit vector `axis`.

    It turns about v × e by the angle θ between the two: R = I + sin θ K + (1 − cos θ) K², K the cross product with the
    unit vector along v × e (Rodrigues). The identity where v × e or the angle is none.
    """
    v, e = np.asarray(vector).tolist(), axis.tolist()
    cross = np.array((v[1] * e[2] - v[2] * e[1], v[2] * e[0] - v[0] * e[2], v[0] * e[1] - v[1] * e[0]))
    if np.abs(vector).sum() < TINY or np.abs(cross).sum() < TINY:
        return np.eye(3)
    theta = math.acos(min(max(np.dot(vector / np.linalg.norm(vector), axis), -1.0), 1.0))
    if theta < TINY:
        return np.eye(3)
    x, y, z = cross / math.sqrt(np.dot(cross, cross))
    K = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(theta) * K + (1 - math.cos(theta)) * (K @ K)


def pyskl_3d(bodies, center, up, right):
    """Return bodies (M, T, V, 3), M ≤ 2, without the frames that lack the main body, centred and rotated as in PYSKL.

    The main body is the first, or the second if it is there in more frames: then they change places. The origin is its
    joint `center` in the first frame. The clip is rotated, where `up` and `right` are given, so that in that frame the
    vector from joint up[0] to up[1] lies on z, and after that the one from right[0] to right[1] on x. Joints at 0 were
    not seen, and stay there.
    """
    present = [(np.abs(body) > PYSKL_NEAR_0).any((1, 2)) for body in bodies]
    if len(bodies) == 2 and present[0].sum() < present[1].sum():
        bodies, present = bodies[::-1], present[::-1]
    if not len(bodies) or not present[0].any():
        return bodies
    x = bodies[:, present[0]]
    x = (x - x[0, 0, center]) * x.any(-1, keepdims=True)
    if up is None or right is None:
        return x
    first = x[0, 0]
    upright = rotation_onto(first[up[1]] - first[up[0]], Z_AXIS)
    R = rotation_onto(upright @ (first[right[1]] - first[right[0]]), X_AXIS) @ upright
    return x[..., :1] * R[:, 0] + x[..., 1:2] * R[:, 1] + x[..., 2:] * R[:, 2]


def pyskl_2d(bodies, image_size):
    """Return bodies (M, T, V, 3), C = x y score, with x and y as fractions of half the image, −1 to 1, as in PYSKL."""
    half = np.array(image_size, bodies.dtype) / 2
    seen = bodies[..., 2:] > PYSKL_LOWEST_SCORE
    return np.concatenate((np.where(seen, (bodies[..., :2] - half) / half, 0), bodies[..., 2:]), -1)
