"""Streams derived from joints: bones and motion, of arrays (…, C, T, V, M).

Source: Shi et al., 2s-AGCN, CVPR 2019, section 3.3 (bones); Shi et al., Skeleton-Based Action Recognition with
Multi-Stream Adaptive Graph Convolutional Networks, TIP 2020, section III-D (motion).
"""
import pathlib

import numpy as np


def bones(joints, partners):
    """Return each joint minus its partner, (…, C, T, V, M) as `joints`; a joint that is its own partner becomes 0.

    `partners` holds, for each of the V joints, the joint (from 0) at which its bone starts.
    """
    if len(partners) != joints.shape[-2]:
        raise ValueError(f'{len(partners)} partners for {joints.shape[-2]} joints')
    at_partners = np.take(joints, partners, axis=-2)  # many times faster than joints[..., partners, :]
    return np.subtract(joints, at_partners, out=at_partners)


def motion(x):
    """Return the next frame minus this one, (…, C, T, V, M) as `x`; the last frame becomes 0."""
    moved = np.zeros_like(x)
    np.subtract(x[..., 1:, :, :], x[..., :-1, :, :], out=moved[..., :-1, :, :])
    return moved


FILE_STREAMS = 'joint', 'bone', 'joint_motion', 'bone_motion', 'joint_bone'


def stream_of_file(path):
    """Return which of FILE_STREAMS the name of a file, such as `val_data_bone.npy`, tells; else None."""
    stream = pathlib.PurePath(path).stem.rpartition('_data_')[2]
    return stream if stream in FILE_STREAMS else None


def derive(joints, stream, partners):
    """Return `stream`, one of FILE_STREAMS, of `joints` (…, C, T, V, M); see `bones` for `partners`."""
    if stream == 'joint_bone':
        return np.concatenate((joints, bones(joints, partners)), axis=-4)
    derived = bones(joints, partners) if stream.startswith('bone') else joints
    return motion(derived) if stream.endswith('motion') else derived
