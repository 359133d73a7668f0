"""Augmentations beyond the published ones: uniform sampling of frames, rotation, scale, shear, mirror and noise.

Functions take and return a clip (C, T, V, M), do not change their argument, and draw from `numpy.random`. The first
`dimensions` channels are coordinates: 3 (x, y, z), or 2 (x, y), followed by a score that is not changed. The origin is
not moved, so that absent persons and padding stay zeros.
"""
import numpy as np

MAX_ROUNDING = 1e-4  # of a pose's size: repeated frames differ by rounding; a sensor's noise is ten times as large


def true_length(x):
    """Return the clip's number of frames without its padding: zeros at the end, or the clip itself repeated.

    A repeated clip has the longest period among its persons. A period is that of a person's poses (joints relative to
    the first one, so that it does not matter where the person stands), or of the joints if no pose ever changes.
    """
    nonzero = np.flatnonzero((x != 0).any(axis=(0, 2, 3)))
    if not len(nonzero):
        return x.shape[1]
    x = x[:, :nonzero[-1] + 1]
    for poses in (x[:, :, 1:] - x[:, :, :1], x):
        length = max(map(period, np.moveaxis(poses, 3, 0)))
        if length > 1:
            break
    return length


def period(pose):
    """Return the least p with pose[:, t] equal to pose[:, t - p] for all t from p on, of `pose` (C, T, V); else T."""
    T = pose.shape[1]
    first = pose.any(axis=(0, 2)).argmax()
    same = MAX_ROUNDING * abs(pose).max(initial=0)  # in the units of the data
    again = (abs(pose[:, first + 1:] - pose[:, first, None]) <= same).all(axis=(0, 2))
    for p in 1 + np.flatnonzero(again):  # the few frames that look like the first one
        if (abs(pose[:, p:] - pose[:, :-p]) <= same).all():
            return int(p)
    return T


def uniform_frames(length, size, position, first=0.):
    """Return the indices of `size` frames, one from each of `size` equal spans of the `length` frames from `first` on.

    `position`, in [0, 1), is that of a frame in its span: a number, or an array (size,). Source: Duan et al.,
    Revisiting Skeleton-based Action Recognition, CVPR 2022 (uniform sampling).
    """
    return np.minimum(first + (np.arange(size) + position) * length / size, np.ceil(first + length) - 1).astype(int)


def random_span(length, fraction):
    """Return (first frame, length) of a random span of the clip's `length` frames, of at least `fraction` of them."""
    span = length * np.random.uniform(fraction, 1)
    return np.random.uniform(0, length - span), span


def random_noise(x, deviation, dimensions):
    """Return the clip with normal noise of `deviation`, in the units of x, added to every joint that is not zero."""
    moved = x.copy()
    present = (x[:dimensions] != 0).any(0)
    moved[:dimensions] += deviation * np.random.standard_normal(x[:dimensions].shape).astype(x.dtype) * present
    return moved


def random_rotate(x, degrees, dimensions):
    """Return the clip rotated by up to `degrees` about each of the three axes, or in the plane of x and y."""
    angles = np.radians(np.random.uniform(-degrees, degrees, 3 if dimensions == 3 else 1))
    return transform(x, rotation(*angles))


def rotation(*angles):
    """Return the matrix that rotates about x, then y, then z by three angles (radians), or in the plane by one."""
    (c, *cs), (s, *ss) = np.cos(angles), np.sin(angles)
    if len(angles) == 1:
        return np.array([[c, -s], [s, c]])
    about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    about_y = np.array([[cs[0], 0, ss[0]], [0, 1, 0], [-ss[0], 0, cs[0]]])
    about_z = np.array([[cs[1], -ss[1], 0], [ss[1], cs[1], 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def random_scale(x, fraction, dimensions):
    """Return the clip scaled by one factor between 1 − `fraction` and 1 + `fraction`."""
    return transform(x, np.eye(dimensions) * np.random.uniform(1 - fraction, 1 + fraction))


def random_shear(x, fraction, dimensions):
    """Return the clip sheared and stretched: each joint times the unit matrix plus up to ± `fraction` in every entry.

    Source of the shear: Rao et al., Augmented Skeleton Based Contrastive Action Learning with Momentum LSTM for
    Unsupervised Action Recognition, 2021.
    """
    return transform(x, np.eye(dimensions) + np.random.uniform(-fraction, fraction, (dimensions, dimensions)))


def transform(x, matrix):
    """Return the clip with `matrix` (D, D) applied to the first D channels of every joint."""
    transformed = x.copy()
    # einsum does not use BLAS, whose sums depend on the number of threads.
    transformed[:len(matrix)] = np.einsum('ij,jtvm->itvm', matrix.astype(x.dtype), x[:len(matrix)])
    return transformed


def random_flip(x, probability, left_right):
    """Return the clip mirrored with `probability`: x becomes −x, and the joints of each pair of `left_right` swap."""
    if np.random.random() >= probability:
        return x
    mirror = np.arange(x.shape[2])
    for left, right in left_right:
        mirror[[left, right]] = right, left
    flipped = np.take(x, mirror, axis=2)
    flipped[0] *= -1
    return flipped
