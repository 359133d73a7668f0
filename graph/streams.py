"""Streams derived from joints: bones and motion, of arrays (…, C, T, V, M).

Sources: Shi et al., 2s-AGCN, CVPR 2019, section 3.3 (bones); Shi et al., Skeleton-Based Action Recognition with
Multi-Stream Adaptive Graph Convolutional Networks, TIP 2020, section III-D (motion); Duan et al., PYSKL, ACM MM 2022
(`mean_score`).

In 2D the third channel is a score. As published, it is subtracted like the coordinates; with `mean_score`, as in PYSKL,
the score of a bone is the mean of its two joints' scores, and that of a motion the mean of its two frames'.
"""
import pathlib

import numpy as np

STREAMS = 'joint', 'bone', 'joint_motion', 'bone_motion'
FILE_STREAMS = *STREAMS, 'joint_bone'
SCORE = 2  # the channel


def bones(joints, partners, mean_score=False, take=np.take):
    """Return each joint minus its partner, (…, C, T, V, M) as `joints`; a joint that is its own partner becomes 0.

    `partners` holds, for each of the V joints, the joint (from 0) at which its bone starts. `take(x, indices, axis)`
    picks along an axis: NumPy's, or that of another library whose arrays `joints` are.
    """
    if len(partners) != joints.shape[-2]:
        raise ValueError(f'{len(partners)} partners for {joints.shape[-2]} joints')
    return difference(joints, take(joints, partners, -2), mean_score)


def motion(x, mean_score=False, take=np.take):
    """Return the next frame minus this one, (…, C, T, V, M) as `x`; the last frame becomes 0. `take` as in `bones`."""
    T = x.shape[-3]
    moved = difference(take(x, [*range(1, T), T - 1], -3), x, mean_score)
    if mean_score:
        moved[..., SCORE, -1, :, :] = 0
    return moved


def difference(x, y, mean_score):
    result = x - y
    if mean_score:
        result[..., SCORE, :, :, :] = (x[..., SCORE, :, :, :] + y[..., SCORE, :, :, :]) / 2
    return result


def derive(joints, stream, partners=None, mean_score=False, take=np.take, concatenate=np.concatenate):
    """Return one of FILE_STREAMS of `joints` (…, C, T, V, M); see `bones` for the other arguments.

    joint_bone has the channels of the joints, then those of the bones.
    """
    x = bones(joints, partners, mean_score, take) if 'bone' in stream else joints
    if stream == 'joint_bone':
        return concatenate((joints, x), -4)
    return motion(x, mean_score, take) if stream.endswith('motion') else x


def stream_of_file(path):
    """Return the one of FILE_STREAMS in the name of a file such as `val_data_bone.npy`, or None."""
    stream = pathlib.PurePath(path).stem.rpartition('_data_')[2]
    return stream if stream in FILE_STREAMS else None
