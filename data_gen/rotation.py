"""Rotations of joints, as matrices that act on column vectors."""
import math

import numpy as np

TINY = 1e-6  # below this, a vector counts as zero and an angle as none


def angle_between(v1, v2):
    """Return the angle between two vectors in radians; 0 where one of them is zero."""
    if np.abs(v1).sum() < TINY or np.abs(v2).sum() < TINY:
        return 0.0
    cosine = np.dot(v1 / np.linalg.norm(v1), v2 / np.linalg.norm(v2))
    return math.acos(min(max(cosine, -1.0), 1.0))


def rotation_matrix(axis, theta):
    """Return the (3, 3) float64 matrix that turns by `theta` radians about `axis`, clockwise seen against it.

    This is the sense that takes v to e for axis v × e: R = I + sin θ K + (1 − cos θ) K², K the cross product with
    the unit axis (Rodrigues). The identity where the axis is zero or the angle none.
    """
    axis = np.asarray(axis, np.float64)
    if np.abs(axis).sum() < TINY or abs(theta) < TINY:
        return np.eye(3)
    x, y, z = axis / math.sqrt(np.dot(axis, axis))
    K = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(theta) * K + (1 - math.cos(theta)) * (K @ K)


def rotation_onto(vector, axis):
    """Return the (3, 3) float64 matrix that turns `vector` onto the unit vector `axis`."""
    v, e = (np.asarray(u).tolist() for u in (vector, axis))
    cross = (v[1] * e[2] - v[2] * e[1], v[2] * e[0] - v[0] * e[2], v[0] * e[1] - v[1] * e[0])
    return rotation_matrix(cross, angle_between(vector, axis))
