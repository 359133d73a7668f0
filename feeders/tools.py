"""The published augmentations of a clip (C, T, V, M), those of 2s-AGCN and the two that CTR-GCN's feeders import.

Functions do not change their argument. They draw from the global states of `random`, `numpy.random` and torch in the
order of the published code, so that a seed gives the same clips.
"""
import random

import numpy as np
import torch
from torch.nn import functional as F

from feeders.augment import rotation, transform

MIN_CROP = 64  # frames


def downsample(x, step, random_sample=True):
    """Return every `step`-th frame, from a random one of the first `step` or from the first."""
    start = np.random.randint(step) if random_sample else 0
    return x[:, start::step]


def auto_pading(x, size, random_pad=False):
    """Return the clip padded with zeros to `size` frames, at its end or, if `random_pad`, at both ends.

    A clip of `size` frames or more is returned unchanged.
    """
    C, T, V, M = x.shape
    if size <= T:
        return x
    start = random.randint(0, size - T) if random_pad else 0
    padded = np.zeros((C, size, V, M), x.dtype)
    padded[:, start:start + T] = x
    return padded


def random_choose(x, size, auto_pad=True):
    """Return a random window of `size` frames; a shorter clip is padded on both sides if `auto_pad`."""
    T = x.shape[1]
    if size < T:
        start = random.randint(0, T - size)
        return x[:, start:start + size]
    return auto_pading(x, size, random_pad=True) if auto_pad else x


def random_shift(x):
    """Return the clip with its span of non-zero frames at a random place."""
    start, end = nonzero_span(x)
    size = end - start
    new_start = random.randint(0, x.shape[1] - size)
    shifted = np.zeros_like(x)
    shifted[:, new_start:new_start + size] = x[:, start:end]
    return shifted


def random_move(x, angle_candidate=(-10., -5., 0., 5., 10.), scale_candidate=(.9, 1., 1.1),
                transform_candidate=(-.2, -.1, 0., .1, .2), move_time_candidate=(1,)):
    """Return the clip rotated, scaled and shifted in the plane of x and y, by amounts that change over time.

    At the ends of `move_time` spans of frames an angle (degrees), a scale and two shifts are drawn, in between they
    change linearly. Absent joints, at the origin, are shifted too. Source: Yan et al., ST-GCN, AAAI 2018 (training).
    """
    T = x.shape[1]
    move_time = random.choice(move_time_candidate)
    nodes = np.append(np.arange(0, T, T / move_time).round().astype(int), T)
    candidates = angle_candidate, scale_candidate, transform_candidate, transform_candidate
    at_nodes = np.array([np.random.choice(values, len(nodes)) for values in candidates])
    angle, scale, shift_x, shift_y = interpolate(at_nodes, nodes)[:, :, None, None]
    plane = np.empty(x.shape[1:], np.complex128)  # x + iy: one product rotates and scales
    plane.real, plane.imag = x[:2]
    plane *= scale * np.exp(1j * np.radians(angle))
    plane += shift_x + 1j * shift_y
    moved = np.empty_like(x)
    moved[0], moved[1], moved[2:] = plane.real, plane.imag, x[2:]
    return moved


def interpolate(values, nodes):
    """Return (K, T) from `values` (K, n+1) at the n+1 `nodes`, frames from 0 to T.

    The frames of a span run linearly from the value at its first node to that at its last node, both included.
    """
    lines = []
    for i, length in enumerate(np.diff(nodes)):
        first, last = values[:, i, None], values[:, i + 1, None]
        lines.append(first + (last - first) * (np.arange(length) / max(1, length - 1)))
    return np.concatenate(lines, axis=1)


def valid_crop_resize(x, valid_frame_num, p_interval, window):
    """Return a part of the first `valid_frame_num` frames, resized to `window` frames: float32 (C, window, V, M).

    `p_interval` is [p], for the fraction p in the middle, or [least, most], for a random part, a random fraction of
    them, but at least MIN_CROP frames. Frames are interpolated linearly. Source: Chen et al., Channel-wise Topology
    Refinement Graph Convolution for Skeleton-Based Action Recognition, ICCV 2021 (their code). Unlike there, a clip
    without valid frames gives zeros.
    """
    C, _, V, M = x.shape
    if not valid_frame_num:
        return np.zeros((C, window, V, M), np.float32)
    if len(p_interval) == 1:
        start = int((1 - p_interval[0]) * valid_frame_num / 2)
        length = valid_frame_num - 2 * start
    else:
        least, most = p_interval
        fraction = np.random.rand(1)[0] * (most - least) + least
        length = min(max(int(valid_frame_num * fraction), MIN_CROP), valid_frame_num)
        start = np.random.randint(0, valid_frame_num - length + 1)
    lines = torch.from_numpy(x[:, start:start + length].astype(np.float32)).permute(0, 2, 3, 1).flatten(1, 2)
    return F.interpolate(lines, window, mode='linear').view(C, V, M, window).permute(0, 3, 1, 2).contiguous().numpy()


def random_rot(x, theta=0.3):
    """Return the clip (3, T, V, M) rotated by up to `theta` radians about each axis. Source: as valid_crop_resize."""
    angles = torch.empty(3).uniform_(-theta, theta).numpy()
    return transform(x, rotation(*-angles))


def mean_subtractor(x, mean):
    """Return the clip with `mean` subtracted from all frames up to the last non-zero one."""
    _, end = nonzero_span(x)
    centred = x.copy()
    centred[:, :end] -= mean
    return centred


def nonzero_span(x):
    """Return (start, end) of the span from the first to the last non-zero frame; (0, T) for an empty clip."""
    nonzero = (x != 0).any(axis=(0, 2, 3))
    return nonzero.argmax(), len(nonzero) - nonzero[::-1].argmax()


def openpose_match(x):
    """Return the clip (x, y, score) with its persons tracked from frame to frame, the track of best score first.

    Each person of a frame, in the order of their scores, is matched with the nearest person of the next frame that is
    not yet matched, by the summed squared distance of their joints.
    """
    C, T, V, M = x.shape
    order = np.argsort(-x[2].sum(axis=1)[:-1], axis=1, kind='stable')  # (T-1, M): persons, best first
    step = x[:2, 1:, :, None, :] - x[:2, :-1, :, :, None]
    distance = (step ** 2).sum(axis=(0, 2))  # (T-1, M, M): to the persons of the next frame
    frames = np.arange(T - 1)
    track = np.empty((T, M), int)
    track[0] = np.arange(M)
    for person in order.T:
        nearest = distance[frames, person].argmin(axis=1)
        distance[frames, :, nearest] = np.inf
        track[1:][frames, person] = nearest
    for t in range(1, T):  # track[t] maps the persons of frame t - 1 to those of t; then, those of frame 0
        track[t] = track[t, track[t - 1]]
    linked = np.take_along_axis(x, track[None, :, None, :], axis=3)
    return linked[..., np.argsort(-linked[2].sum(axis=(0, 1), dtype=np.float64), kind='stable')]
