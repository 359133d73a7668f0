"""What may be done to one clip (C, T, V, M) before the model sees it.

Every function returns its result and leaves its argument as it is. What is random is drawn from the global states of
`random` and `numpy.random`, in the order of the published code, so that a seed gives the clips it has always given.
"""
import random

import numpy as np


def downsample(x, step, random_sample=True):
    """Return every `step`-th frame, from a random one of the first `step` or from the first."""
    begin = np.random.randint(step) if random_sample else 0
    return x[:, begin::step]


def auto_pading(x, size, random_pad=False):
    """Return the clip within `size` frames, zeros around it: at a random place, or at the start.

    A clip of `size` frames or more is returned as it is.
    """
    C, T, V, M = x.shape
    if size <= T:
        return x
    begin = random.randint(0, size - T) if random_pad else 0
    padded = np.zeros((C, size, V, M), x.dtype)
    padded[:, begin:begin + T] = x
    return padded


def random_choose(x, size, auto_pad=True):
    """Return a random window of `size` frames; a shorter clip is padded at random, or left as it is."""
    T = x.shape[1]
    if size < T:
        begin = random.randint(0, T - size)
        return x[:, begin:begin + size]
    return auto_pading(x, size, random_pad=True) if auto_pad else x


def random_shift(x):
    """Return the clip with its span of non-zero frames moved to a random place, zeros around it."""
    begin, end = nonzero_span(x)
    size = end - begin
    new_begin = random.randint(0, x.shape[1] - size)
    shifted = np.zeros_like(x)
    shifted[:, new_begin:new_begin + size] = x[:, begin:end]
    return shifted


def random_move(x, angle_candidate=(-10., -5., 0., 5., 10.), scale_candidate=(.9, 1., 1.1),
                transform_candidate=(-.2, -.1, 0., .1, .2), move_time_candidate=(1,)):
    """Return the clip seen by a camera that turns, zooms and pans in the plane of x and y.

    The clip is cut at `move_time` nodes; at each an angle (degrees), a scale and two shifts are drawn, and between
    nodes they change linearly. Joints at the origin (absent ones) are shifted too. Source: Yan et al., ST-GCN, AAAI
    2018 (training).
    """
    T = x.shape[1]
    move_time = random.choice(move_time_candidate)
    nodes = np.append(np.arange(0, T, T / move_time).round().astype(int), T)
    candidates = angle_candidate, scale_candidate, transform_candidate, transform_candidate
    at_nodes = np.array([choose(values, len(nodes)) for values in candidates])
    angle, scale, shift_x, shift_y = interpolate(at_nodes, nodes)[:, :, None, None]
    plane = np.empty(x.shape[1:], np.complex128)  # x + iy, which turns and zooms by one multiplication
    plane.real, plane.imag = x[:2]
    plane *= scale * np.exp(1j * np.radians(angle))
    plane += shift_x + 1j * shift_y
    moved = np.empty_like(x)
    moved[0], moved[1], moved[2:] = plane.real, plane.imag, x[2:]
    return moved


def choose(candidates, size):
    """Return what `np.random.choice(candidates, size)` would, from the same draws, in half the time."""
    return np.asarray(candidates)[np.random.randint(0, len(candidates), size)]


def interpolate(values, nodes):
    """Return (K, T) from `values` (K, n+1) at the n+1 `nodes`, frames from 0 to T.

    From node to node each row is a line that begins at the one's value and ends at the next one's, both reached.
    """
    lines = []
    for i, length in enumerate(np.diff(nodes)):
        first, last = values[:, i, None], values[:, i + 1, None]
        lines.append(first + (last - first) * (np.arange(length) / max(1, length - 1)))
    return np.concatenate(lines, axis=1)


def mean_subtractor(x, mean):
    """Return the clip with `mean` subtracted from all frames up to the last one that is not all zero."""
    _, end = nonzero_span(x)
    centred = x.copy()
    centred[:, :end] -= mean
    return centred


def nonzero_span(x):
    """Return (begin, end): the frames that are not all zero lie in begin…end−1. An empty clip counts as a full one."""
    nonzero = (x != 0).any(axis=(0, 2, 3))
    return nonzero.argmax(), len(nonzero) - nonzero[::-1].argmax()


def openpose_match(x):
    """Return the clip (x, y, score) with persons linked from frame to frame, the best-scored track first.

    From each frame to the next, persons choose in the order of their scores, best first, the nearest person (summed
    squared distance of the joints) that is still free.
    """
    C, T, V, M = x.shape
    order = np.argsort(-x[2].sum(axis=1)[:-1], axis=1, kind='stable')  # (T-1, M): who chooses first, second, …
    step = x[:2, 1:, :, None, :] - x[:2, :-1, :, :, None]
    distance = (step ** 2).sum(axis=(0, 2))  # (T-1, M, M): from person to person of the next frame
    frames = np.arange(T - 1)
    track = np.empty((T, M), int)
    track[0] = np.arange(M)
    for person in order.T:
        nearest = distance[frames, person].argmin(axis=1)
        distance[frames, :, nearest] = np.inf
        track[1:][frames, person] = nearest
    hop = 1
    while hop < T:  # track[t] leads from frame t - hop to t: chained with those before, from frame 0 to t
        track[hop:] = np.take_along_axis(track[hop:], track[:-hop], axis=1)
        hop *= 2
    linked = np.take_along_axis(x, track[None, :, None, :], axis=3)
    return linked[..., np.argsort(-linked[2].sum(axis=(0, 1), dtype=np.float64), kind='stable')]
