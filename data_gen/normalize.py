"""Normalisation: the joints of one recording as the clip (C, T, V, M) that the model takes, in 3D and in 2D.

`ntu_clip`, `kinetics_clip`, `coco_clip` and `nwucla_clip` do it as for the published data sets; data_gen.preparation
does it as a user's own data set asks for. Sources: Shi et al., 2s-AGCN, CVPR 2019, section 4.1 (3D); Yan et al.,
ST-GCN, AAAI 2018, section 4.1 (2D).
"""
import math

import numpy as np

FRAMES, PERSONS = 300, 2  # of a clip of the published data sets
CENTER, UP, RIGHT = 1, (0, 1), (4, 8)  # NTU's middle of the spine; base and middle of the spine; the shoulders
X_AXIS, Z_AXIS = np.array([1.0, 0, 0]), np.array([0, 0, 1.0])
TINY = 1e-6  # below this, a vector counts as zero and an angle as none


class EmptySample(Exception):
    """One sample has nothing to learn from. The text is the reason, the same for all such samples."""


def ntu_clip(recording):
    """Return the clip of a Recording of NTU's 25 joints, float32 (3, 300, 25, 2), and a list of remarks.

    Raises EmptySample if no frame has a body, as published.
    """
    if not len(recording.joints):
        raise EmptySample('without a body in any frame')
    joints, remarks = first_frames(recording.joints, FRAMES)
    return clip_3d(joints, FRAMES, PERSONS), remarks


def kinetics_clip(recording):
    """Return the clip of a Recording of OpenPose's 18 joints, float32 (3, 300, 18, 2), and a list of remarks.

    Of each frame, the two persons of highest score are kept. A clip of nobody is all zeros, as published.
    """
    joints, remarks = first_frames(recording.joints, FRAMES)
    return clip_2d(joints, FRAMES, PERSONS, recording.image_size, frame_by_frame=True), remarks


def coco_clip(recording):
    """Return the clip of a Recording of V joints in 2D, COCO's or others, float32 (3, 300, V, 2), and remarks, a list.

    The two persons of highest score in the whole clip are kept. A clip of nobody is all zeros, as PYSKL's own.
    """
    joints, remarks = first_frames(recording.joints, FRAMES)
    return clip_2d(joints, FRAMES, PERSONS, recording.image_size), remarks


def nwucla_clip(recording):
    """Return the clip of a Recording of Kinect v1's 20 joints, float32 (3, 300, 20, 1), and a list of remarks.

    The joints that centre and rotate a body have the numbers that they have in NTU's skeleton.
    """
    joints, remarks = first_frames(recording.joints, FRAMES)
    return clip_3d(joints, FRAMES, persons=1), remarks


def first_frames(joints, frames):
    """Return the first `frames` frames of joints (M, T, V, C), and the list of what there is to remark."""
    return joints[:, :frames], [f'longer than {frames} frames, cut'] if joints.shape[1] > frames else []


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

    With `image_size` (width, height), x and y become shares of the image from its centre, y upwards; both are 0 where
    the score is. The persons of highest score come first: in each frame, or in the whole clip.
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


def most_active(joints, persons=PERSONS, all_joints=False):
    """Return the `persons` bodies of highest energy among `joints` (M, T, V, 3), highest first.

    Energy is the spread of x plus that of y plus that of z (standard deviations over T and V) where the body is there:
    see `is_there` for `all_joints`.
    """
    energies = [energy(body[is_there(body, all_joints)]) for body in joints]
    return joints[np.argsort(energies, kind='stable')[::-1][:persons]]


def energy(body):
    """Return the sum of the standard deviations of x, y and z of one body (T, V, 3)."""
    return body.std((0, 1)).sum() if len(body) else 0.0


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

    Frames without a body are filled by `frames_to_show`. The first person's joint `center` is the origin of each frame.
    Then all frames are turned so that in the first frame the first person's vector from joint up[0] to up[1] lies on
    z, and after that so that the one from right[0] to right[1] lies on x. Each of the three is left out if it is None.
    "Empty" means that the values sum to 0, here and in the published code; what is empty stays so. With `all_joints`,
    a person with any value that is not 0 in a frame is there with all joints.
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
    for joints_on_axis, axis in ((up, Z_AXIS), (right, X_AXIS)):
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
