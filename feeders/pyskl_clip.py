"""What PYSKL does to a recording: normalisation, streams, and the frames of its clips.

Arrays are (M, T, V, C): bodies, frames, joints, and x, y, z or x, y, score. Source: Duan et al., PYSKL: Towards Good
Practices for Skeleton Action Recognition, ACM MM 2022; https://github.com/kennymckormick/pyskl.
"""
import numpy as np

from data_gen.normalize import X_AXIS, Z_AXIS, rotation_onto
from graph import coco, ntu_rgb_d

NEAR_0 = 1e-8
MIDDLE_OF_SPINE = 1
LOWEST_SCORE = 0.01
# The joint at which each joint's bone starts. In 2D the hips hang on the nose, not on the shoulders as in graph.coco.
PARTNERS = {'3d': list(ntu_rgb_d.BONE_PARTNERS),
            '2d': [coco.NOSE if joint in (11, 12) else partner for joint, partner in enumerate(coco.BONE_PARTNERS)]}


def normalize_3d(x, center=MIDDLE_OF_SPINE, turned=True):
    """Return x, in metres, without the frames that lack the main body, centred and turned.

    The main body is the first, or the second if it is there in more frames: then they change places. The origin is its
    joint `center` in the first frame. The clip is turned, unless `turned` is False, so that in that frame NTU's spine
    lies on z, and after that the line of the shoulders on x. Joints at 0 were not seen, and stay there.
    """
    there = [(np.abs(body) > NEAR_0).any((1, 2)) for body in x]
    if len(x) == 2 and there[0].sum() < there[1].sum():
        x, there = x[::-1], there[::-1]
    if not there[0].any():
        return x
    x = x[:, there[0]]
    x = (x - x[0, 0, center]) * x.any(-1, keepdims=True)
    if not turned:
        return x
    first = x[0, 0]
    upright = rotation_onto(first[1] - first[0], Z_AXIS)
    R = rotation_onto(upright @ (first[8] - first[4]), X_AXIS) @ upright
    return x[..., :1] * R[:, 0] + x[..., 1:2] * R[:, 1] + x[..., 2:] * R[:, 2]


def normalize_2d(x, score, size):
    """Return x, in pixels of a picture of `size` (height, width), as shares of it from −1 to 1, and the score.

    Joints whose score (M, T, V) is at most LOWEST_SCORE have x and y 0.
    """
    half = size[::-1] / 2
    x = np.where(score[..., None] <= LOWEST_SCORE, 0, (x - half) / half)
    return np.concatenate((x, score[..., None]), -1)


def derive(x, stream, kind, partners):
    """Return a stream of the joints x: joint, bone, joint_motion or bone_motion; `kind` is '3d' or '2d'.

    `partners` has the joint at which each joint's bone starts. In 2D the score of a bone is the mean of its two
    joints', that of a motion the mean of its two frames'.
    """
    if stream.startswith('bone'):
        x = difference(x, x[:, :, partners], kind)
    if stream.endswith('motion'):
        moved = np.zeros_like(x)
        moved[:, :-1] = difference(x[:, 1:], x[:, :-1], kind)
        x = moved
    return x


def difference(x, y, kind):
    result = x - y
    if kind == '2d':
        result[..., 2] = (x[..., 2] + y[..., 2]) / 2
    return result


def draw_frames(length, size, clips, rng, anywhere):
    """Return the frames (clips, size) of `clips` draws from `length` frames, spread over all of them.

    A recording shorter than `size` is repeated: from any frame on if `anywhere`, else from frames evenly spread. Of one
    below twice that length, frames are left out at random. Else each frame is a random one of one of `size` equal
    spans. `rng` is numpy.random, or a RandomState; it is drawn from as PYSKL does, also where nothing comes of it.
    """
    drawn = []
    for clip in range(clips):
        rng.rand(), rng.randint(1)  # the share of the recording, and where it begins: all of it, at 0
        if length < size:
            first = rng.randint(length) if anywhere else clip if length < clips else clip * length // clips
            frames = first + np.arange(size)
        elif length < 2 * size:
            left_out = np.zeros(size + 1, int)
            left_out[rng.choice(size + 1, length - size, replace=False)] = 1
            frames = np.arange(size) + left_out.cumsum()[:-1]
        else:
            borders = np.arange(size + 1) * length // size
            frames = borders[:-1] + rng.randint(np.diff(borders))
        drawn.append(frames % length)
    return np.stack(drawn)
