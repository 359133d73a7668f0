"""Augmentations of joints beyond the published ones: frames drawn uniformly, rotation, scale, shear, mirror,
noise.

Functions take and return one clip (C, T, V, M), leave their argument as it is, and draw from `numpy.random`. The
first `dimensions` channels are coordinates: 3 of them (x, y, z), or 2 (x, y, and a score that is left alone). The
origin stays where it is, so that absent persons and padding, which are zeros, stay zeros.
"""
import numpy as np

SAME = 1e-4  # of a pose's size: repeated frames differ by rounding; a sensor's noise is ten times as large


def true_length(x):
    """Return how many frames the clip has before its padding: zeros at the end, or the clip repeated.

    A person is repeated with a period if all poses (joints relative to the first one, which takes out where the body
    stands) come again after that many frames; the clip is as long as the longest period among its persons. Where all
    keep one pose, the period is that of where they stand.
    """
    nonzero = np.flatnonzero((x != 0).any(axis=(0, 2, 3)))
    if not len(nonzero):
        return x.shape[1]
    x = x[:, :nonzero[-1] + 1]
    length = longest_period(x[:, :, 1:] - x[:, :, :1])
    return length if length > 1 else longest_period(x)


def longest_period(x):
    """Return the greatest `period` among the persons of `x` (C, T, V, M)."""
    return max(period(x[..., person]) for person in range(x.shape[3]))


def period(pose):
    """Return the least p with pose[:, t] equal to pose[:, t - p] for all t from p on, of `pose` (C, T, V); else T."""
    T = pose.shape[1]
    first = pose.any(axis=(0, 2)).argmax()
    same = SAME * abs(pose).max(initial=0)  # whatever the unit
    again = (abs(pose[:, first + 1:] - pose[:, first, None]) <= same).all(axis=(0, 2))
    for p in 1 + np.flatnonzero(again):  # few: frames that look like the first one
        if (abs(pose[:, p:] - pose[:, :-p]) <= same).all():
            return int(p)
    return T


def uniform_frames(length, size, share, begin=0.):
    """Return the `size` frames, in order, that lie at `share` of each of `size` equal spans of the `length` frames
    from `begin` on.

    `share` is in [0, 1): one number, or one for each span. Source: Duan et al., Revisiting Skeleton-based
    Action Recognition, CVPR 2022 (uniform sampling).
    """
    return np.minimum(begin + (np.arange(size) + share) * length / size, np.ceil(begin + length) - 1).astype(int)


def random_span(length, share):
    """Return (begin, length) of a random span, of at least `share` of the clip's `length` frames, anywhere in it."""
    span = length * np.random.uniform(share, 1)
    return np.random.uniform(0, length - span), span


def random_noise(x, deviation, dimensions):
    """Return the clip with each joint that is there moved by normal noise, anew in each frame; `deviation` is in x's
    units (metres in 3D)."""
    moved = x.copy()
    there = (x[:dimensions] != 0).any(0)
    moved[:dimensions] += deviation * np.random.standard_normal(x[:dimensions].shape).astype(x.dtype) * there
    return moved


def random_rotate(x, degrees, dimensions):
    """Return the clip turned by up to `degrees` about each of the three axes, or in the plane of x and y."""
    angles = np.radians(np.random.uniform(-degrees, degrees, 3 if dimensions == 3 else 1))
    return transform(x, rotation(*angles))


def rotation(*angles):
    """Return the matrix that turns about x, then y, then z by three angles (radians), or in the plane by one."""
    (c, *cs), (s, *ss) = np.cos(angles), np.sin(angles)
    if len(angles) == 1:
        return np.array([[c, -s], [s, c]])
    about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    about_y = np.array([[cs[0], 0, ss[0]], [0, 1, 0], [-ss[0], 0, cs[0]]])
    about_z = np.array([[cs[1], -ss[1], 0], [ss[1], cs[1], 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def random_scale(x, share, dimensions):
    """Return the clip larger or smaller by up to `share`, one factor for all coordinates."""
    return transform(x, np.eye(dimensions) * np.random.uniform(1 - share, 1 + share))


def random_shear(x, share, dimensions):
    """Return the clip sheared and stretched, as if its people were built otherwise: its joints times the unit matrix
    to every entry of which up to ± `share` is added (shear: Rao et al., Augmented Skeleton Based Contrastive Action
    Learning with Momentum LSTM for Unsupervised Action Recognition, 2021).
    """
    return transform(x, np.eye(dimensions) + np.random.uniform(-share, share, (dimensions, dimensions)))


def random_flip(x, probability, left_right):
    """Return the clip mirrored (x becomes −x, and the joints of each pair of `left_right` change places), or not."""
    if np.random.random() >= probability:
        return x
    mirror = np.arange(x.shape[2])
    for left, right in left_right:
        mirror[[left, right]] = right, left
    flipped = np.take(x, mirror, axis=2)
    flipped[0] *= -1
    return flipped


def transform(x, matrix):
    """Return the clip with `matrix` (D, D) applied to the first D channels of every joint."""
    transformed = x.copy()
    # einsum, and no BLAS: its sums do not depend on the number of threads.
    transformed[:len(matrix)] = np.einsum('ij,jtvm->itvm', matrix.astype(x.dtype), x[:len(matrix)])
    return transformed
