"""The forms that raw recordings come in: one module each, with the same two functions.

- `list_recordings(…)`: what there is in a folder or a file, as Samples (data_gen.formats.sample);
- `read_recording(source)`: one of these as a Recording (data_gen.recording); BrokenSample names what is wrong with it.

A new format is one more module, and one more row in the table below.

    module             a recording is                              a data set is
    ntu_skeleton       a `.skeleton` file                          folders of these, their names say the class
    kinetics_json      a `.json` file of all frames                folders of these, and label files
    nwucla_json        a `.json` file of all frames                a folder of these, their names say the class
    pyskl_annotations  one of the annotations in a pickle          such a pickle
    ctrgcn_arrays      a row of an array in a `.npz`               such a `.npz`
    own_clips          a `.npy` or a `.csv` file, any skeleton     a table that names these and their classes
    pose_recording     a `.npz` file, of data_gen/pose_gendata.py  as own_clips
"""
import pathlib
import shlex

from data_gen.formats import kinetics_json, ntu_skeleton, nwucla_json, own_clips, pose_recording
from data_gen.formats.raw_file import load_array, load_json, reading
from data_gen.formats.sample import BrokenSample

SUFFIXES = ntu_skeleton.SUFFIX, kinetics_json.SUFFIX, pose_recording.SUFFIX, *own_clips.SUFFIXES


def read_recording(path, joints=None, dimensions=None):
    """Return the Recording in the file at `path`, of any form; BrokenSample, which names the file, if it is none.

    `joints` and `dimensions` are those of a file that does not name them, a `.npy` or `.csv` of one's own clips; of a
    `.npz`, `dimensions` chooses between its joints.
    """
    suffix = pathlib.Path(path).suffix
    if suffix == ntu_skeleton.SUFFIX:
        return ntu_skeleton.read_recording(path)
    if suffix == pose_recording.SUFFIX:
        return pose_recording.read_recording(path, dimensions)
    if suffix in own_clips.SUFFIXES and joints:
        return own_clips.read_recording(path, joints, dimensions)
    with reading(path):
        if pathlib.Path(path).is_dir():
            raise BrokenSample(f"a folder, not a recording: {conversion(path)} makes one of OpenPose's frames")
        if not pathlib.Path(path).exists():
            raise BrokenSample('no such file or folder')
        if suffix != kinetics_json.SUFFIX:
            raise BrokenSample(f'the end of its name is none of {", ".join(SUFFIXES)}: {conversion(path)} makes a '
                               'recording of a video')
        content = load_json(path)
        if isinstance(content, dict) and 'data' in content:
            return kinetics_json.recording_in(content)
        if isinstance(content, dict) and 'skeletons' in content:
            return nwucla_json.recording_in(content)
        raise BrokenSample(f'not a clip of Kinetics-Skeleton (data) or NW-UCLA (skeletons): {conversion(path)} makes a '
                           'recording of what a pose estimator wrote')


def conversion(path):
    """Return the command that makes a recording of a video, or of what a pose estimator wrote."""
    return f'`python data_gen/pose_gendata.py {shlex.quote(str(path))} --out_folder ./data/poses`'


def read_file(path, preparation=None):
    """Return the Recording in the file at `path`, or, of a `.npy` of prepared clips, an array (N, C, T, V, M), mapped.

    A `.npy` holds clips if it has five axes, or four, (C, T, V, M), with the channels, joints and persons of the
    Preparation. Raises BrokenSample if it may as well be a recording of one's own. Without a Preparation, and with a
    published one, four axes are always a clip.
    """
    if pathlib.Path(path).suffix == '.npy':
        with reading(path):
            array = load_array(path)
            if holds_clips(array, preparation):
                return array if array.ndim == 5 else array[None]
    return read_recording(path, preparation and preparation.joints, preparation and preparation.dimensions)


def holds_clips(array, preparation):
    """Say whether an array is clips, (C, T, V, M) or (N, C, T, V, M), or else a recording; see `read_file`."""
    if not array.size or preparation is None and array.ndim not in (4, 5):
        raise BrokenSample('no clips (C, T, V, M) or (N, C, T, V, M) of numbers')
    if array.ndim != 4 or preparation is None or preparation.is_published:
        return array.ndim in (4, 5)
    C, _, V, M = preparation.shape
    if array.shape[::2] != (C, V) or array.shape[3] != M:
        return False
    if preparation.dimensions == 2 and M in (2, 3) or M == 3:
        raise BrokenSample(f'its shape is {array.shape}: a clip (C, T, V, M) or {C} persons (M, T, V, C)? give a clip '
                           f'as {(1, *array.shape)}, persons with all {C} channels or in a .csv')
    return True
