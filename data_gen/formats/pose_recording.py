"""A recording that describes itself: the `.npz` file that data_gen/pose_gendata.py writes and every command reads.

It holds arrays by name, M persons, T frames and V joints; persons are followed, and zeros where nobody is:

    joints_2d    (M, T, V, 3)   x and y as fractions of the image, from its upper left corner, and a score
    joints_3d    (M, T, V, 3)   x y z in metres
    joint_names  (V,)           texts
    image_size   (2,)           width and height of the image in pixels
    fps          ()             frames per second
    source       ()             text: what it was made of

It has joints_2d, or joints_3d, or both; image_size, fps and source may be missing. The axes of joints_3d are those of
the source: MediaPipe's are x to the right, y down, z away from the camera, with the origin between the hips. They are
right-handed as Kinect's and so NTU's (x to the left, y up, z away), from which they differ by half a turn about z: a
Recording of such a file has Kinect's.
"""
from typing import Any, NamedTuple

import numpy as np

from data_gen.formats.raw_file import check_size, reading
from data_gen.formats.sample import BrokenSample
from data_gen.recording import FRACTIONS, METRES, Recording
from runtime.atomic_file import write_whole
from runtime.errors import short_repr

SUFFIX = '.npz'
HALF_TURN = -1, -1, 1  # about z: from MediaPipe's axes to Kinect's


class PoseRecording(NamedTuple):
    """The content of a file, see above; None for what is missing."""

    joint_names: tuple
    joints_2d: Any = None
    joints_3d: Any = None
    image_size: Any = None
    fps: Any = None
    source: Any = None


def write_recording(path, recording):
    """Write the file of a PoseRecording, whole or not at all; joints are kept as float32."""
    arrays = {key: value for key, value in recording._asdict().items() if value is not None}
    for key in arrays.keys() & {'joints_2d', 'joints_3d'}:
        arrays[key] = np.asarray(arrays[key], np.float32)
    with write_whole(path) as file:
        np.savez_compressed(file, **arrays)


def read_recording(path, dimensions):
    """Return the Recording of the joints in 2 or 3 `dimensions` in the file at `path`.

    Raises BrokenSample, which names the file, if it has no such joints or is none of these files.
    """
    content = read_pose_recording(path)
    with reading(path):
        return recording_of(content, dimensions)


def recording_of(content, dimensions):
    """Return the Recording of a PoseRecording's joints in 2 or 3 `dimensions`; BrokenSample if it has none."""
    joints = content.joints_2d if dimensions == 2 else content.joints_3d
    if joints is None:
        raise BrokenSample(f'its joints have {5 - dimensions} dimensions, and {dimensions} are needed')
    joints = joints.astype(np.float64)
    if dimensions == 3:
        joints = in_kinects_axes(joints)
    return Recording(joints, content.joint_names, dimensions, METRES if dimensions == 3 else FRACTIONS,
                     content.image_size, content.fps, followed=True)


def in_kinects_axes(joints):
    """Return joints (…, 3) in MediaPipe's axes in those of Kinect."""
    return joints * HALF_TURN


def read_pose_recording(path):
    """Return the PoseRecording in the file at `path`; BrokenSample, which names the file, if it is none."""
    with reading(path):
        try:
            with np.load(path, allow_pickle=False) as archive:
                arrays = dict(archive)
        except OSError:
            raise
        except Exception as error:  # a damaged archive can raise any of a dozen exceptions
            raise BrokenSample(f'not a whole .npz file of arrays ({error})') from None
        names = arrays.get('joint_names')
        if names is None or names.ndim != 1 or names.dtype.kind != 'U' or len(set(names.tolist())) != names.size:
            raise BrokenSample('no joint_names, or not a name for each joint: data_gen/pose_gendata.py writes it')
        joints = {key: arrays[key] for key in ('joints_2d', 'joints_3d') if key in arrays}
        for key, array in joints.items():
            if array.ndim != 4 or array.shape[2:] != (names.size, 3) or not array.size or array.dtype.kind != 'f':
                raise BrokenSample(f'{key} is {array.dtype} {array.shape}: numbers (M, T, {names.size}, 3) are needed')
            check_size(array, f'{key} has a value of')
        if len({array.shape[:2] for array in joints.values()}) != 1:
            raise BrokenSample('neither joints_2d nor joints_3d, or not of the same persons and frames')
        size, fps = numbers_above_0(arrays, 'image_size', (2,)), numbers_above_0(arrays, 'fps', ())
        source = str(arrays['source']) if 'source' in arrays else None
        return PoseRecording(tuple(names.tolist()), **joints, image_size=size and tuple(size), fps=fps, source=source)


def numbers_above_0(arrays, key, shape):
    """Return the number or the list of numbers arrays[key]; None if there is none; BrokenSample if it has no such."""
    array = arrays.get(key)
    if array is None:
        return None
    if array.shape != shape or array.dtype.kind not in 'fiu' or not ((array > 0) & np.isfinite(array)).all():
        raise BrokenSample(f'{key} is {short_repr(array.tolist())}')
    return array.tolist()
