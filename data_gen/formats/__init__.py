"""The forms that raw recordings come in: one module each, with the same two functions.

- `list_recordings(…)`: what there is in a folder or a file, as Samples;
- `read_recording(source)`: one of these as a Recording, joints (M, T, V, C); BrokenSample names what is wrong with it.

Both types are in data_gen.formats.sample. A new format is one more module, and one more row in the table below.

    module             a recording is                              a data set is
    ntu_skeleton       a `.skeleton` file                          folders of these, their names say the class
    kinetics_json      a `.json` file of all frames                folders of these, and label files
    nwucla_json        a `.json` file of all frames                a folder of these, their names say the class
    pyskl_annotations  one of the annotations in a pickle          such a pickle
    ctrgcn_arrays      a row of an array in a `.npz`               such a `.npz`
    own_clips          a `.npy` or a `.csv` file, any skeleton     a table that names these and their classes

What pose estimators write is told apart by its content and read by data_gen.formats.pose_files; such files are clips of
one's own, too, which a table names. Their modules turn the content into Detections by `parse`.

    openpose_frames       a folder of OpenPose's `.json` files, one a frame
    result_list           a `.json` list of AlphaPose's or COCO's results
    mmpose_instances      a `.json` file of MMPose's instances
    mediapipe_landmarks   a `.json` or `.csv` file of MediaPipe's landmarks
"""
import pathlib
from typing import Any, NamedTuple

import numpy as np

from data_gen.formats import kinetics_json, ntu_skeleton, nwucla_json, own_clips, pose_files
from data_gen.formats.pose_files import NO_FLAGS
from data_gen.formats.raw_file import load_array, load_json, reading
from data_gen.formats.sample import BrokenSample
from data_gen.normalize import EmptySample, coco_clip, kinetics_clip, ntu_clip, nwucla_clip

PREPARED = '.npy'
SKELETON, JSON = ntu_skeleton.SUFFIX, kinetics_json.SUFFIX


class Clips(NamedTuple):
    """What one file holds: `clips` (N, C, T, V, M), prepared, and mapped if they are many.

    If they are of one raw recording, `frames` is the number of its frames, and `used` how many of them are in the clip.
    """

    clips: np.ndarray
    frames: Any = None
    used: Any = None


def read_clips(path, preparation=None, flags=NO_FLAGS):
    """Return the Clips in the file at `path`.

    A recording is prepared as for training, one of a pose estimator as `flags` say. A `.npy` holds clips that are
    prepared already, (C, T, V, M) or (N, C, T, V, M). With a `preparation`, that of clips of one's own (see
    data_gen.preparation), a `.csv`, or a `.npy` of any other shape, is one of these. Raises BrokenSample, a UserError
    that names the file.
    """
    content, clip_of = read_file(path, preparation, flags)
    return Clips(content) if clip_of is None else prepared(path, content, clip_of)


def read_file(path, preparation=None, flags=NO_FLAGS):
    """Return the Recording in the file at `path`, and the function that makes it a clip, such as `ntu_clip`.

    Of a `.npy` of prepared clips, see `read_clips`, return these, (N, C, T, V, M), and None.
    """
    suffix = pathlib.Path(path).suffix
    if suffix == SKELETON:
        return ntu_skeleton.read_recording(path, flags.by_id), ntu_clip
    if suffix == JSON or pose_files.is_recording(path):
        return read_poses(path, preparation, flags)
    if suffix not in suffixes(preparation):
        raise BrokenSample(f'{path}: {", ".join(suffixes(preparation))} are taken, by the end of the name, and folders '
                           "of OpenPose's frames"
                           + (', and .csv beside data of custom_gendata.py' if suffix == '.csv' else ''))
    with reading(path):
        array = load_array(path) if suffix == PREPARED else None
        if preparation is None or array is not None and preparation.is_prepared(array):
            if array.ndim not in (4, 5) or not array.size:
                raise BrokenSample('no clips (C, T, V, M) or (N, C, T, V, M) of numbers')
            return array if array.ndim == 5 else array[None], None
    return own_clips.read_recording(path, preparation.joints, preparation.dimensions), preparation.clip


def read_poses(path, preparation, flags):
    """Return what `read_file` does, of a JSON file or of what a pose estimator wrote."""
    if preparation is not None:
        flags = flags._replace(image_size=flags.image_size or preparation.image_size, joints=preparation.joints,
                               dimensions=preparation.dimensions)
    if pathlib.Path(path).is_file() and pathlib.Path(path).suffix == JSON:
        with reading(path):
            content = load_json(path)
            if isinstance(content, dict) and 'data' in content:
                return kinetics_json.recording_in(content), kinetics_clip
            if isinstance(content, dict) and 'skeletons' in content:
                return nwucla_json.recording_in(content), nwucla_clip
            recording = pose_files.recording_in(content, path, flags)
    else:
        recording = pose_files.read_recording(path, flags)
    if preparation is not None:
        return recording, preparation.clip
    return recording, coco_clip if recording.image_size else ntu_clip


def read_own_clip(path, flags):
    """Return the Recording of a clip of one's own: joints in a `.npy` or `.csv`, or what a pose estimator wrote."""
    if pathlib.Path(path).suffix == JSON or pose_files.is_recording(path):
        return pose_files.read_recording(path, flags)
    return own_clips.read_recording(path, flags.joints, flags.dimensions)


def prepared(path, recording, clip_of):
    """Return the Clips of one Recording that was read from `path`."""
    try:
        clip, _ = clip_of(recording)
    except EmptySample as error:
        raise BrokenSample(f'{path}: {error}') from None
    if not clip.any():
        raise BrokenSample(f'{path}: without a skeleton in any frame')
    frames = recording.joints.shape[1]
    return Clips(clip[None], frames, min(frames, clip.shape[1]))


def suffixes(preparation=None):
    """Return the ends of the names of the files that `read_clips` takes."""
    own = own_clips.SUFFIXES if preparation is not None else ()
    return tuple(dict.fromkeys((SKELETON, JSON, PREPARED, *own)))


def recordings_in(paths, preparation=None):
    """Return the paths, with every folder replaced by the recordings in it, in order of name, that `read_clips` takes.

    Folders within it are gone through too; one of OpenPose's frames is one recording.
    """
    found = []
    for path in map(pathlib.Path, paths):
        if not path.is_dir() or pose_files.is_recording(path):
            found.append(path)
            continue
        for within in sorted(path.iterdir()):
            if within.is_dir():
                found += recordings_in([within], preparation)
            elif within.suffix in suffixes(preparation) or pose_files.is_recording(within):
                found.append(within)
    return found
