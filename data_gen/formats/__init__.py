"""The forms that raw recordings come in: one module each, with the same two functions.

- `list_recordings(…)`: what there is in a folder or a file, as Samples;
- `read_recording(source)`: one of these as a Recording, joints (M, T, V, C); BrokenSample names what is wrong with it.

Both types are in data_gen.formats.sample. A new format is one more module, and one more row in the table below.

    module             a recording is                              a data set is
    ntu_skeleton       a `.skeleton` file                          folders of these, their names say the class
    kinetics_json      a `.json` file of all frames                folders of these, and label files
    pyskl_annotations  one of the annotations in a pickle          such a pickle
    own_clips          a `.npy` or a `.csv` file, any skeleton     a table that names these and their classes
"""
import pathlib
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from data_gen.formats import kinetics_json, ntu_skeleton, own_clips
from data_gen.formats.raw_file import load_array, reading
from data_gen.formats.sample import BrokenSample
from data_gen.normalize import EmptySample, kinetics_clip, ntu_clip

PREPARED = '.npy'


class Format(NamedTuple):
    """A form of a recording in a file of its own: how its name ends, its module, and how its joints become a clip."""

    suffix: str
    module: ModuleType
    clip: Callable


FORMATS = (
    Format('.skeleton', ntu_skeleton, ntu_clip),
    Format('.json', kinetics_json, kinetics_clip),
)


class Clips(NamedTuple):
    """What one file holds: `clips` (N, C, T, V, M), prepared, and mapped if they are many.

    If they are of one raw recording, `frames` is the number of its frames, and `used` how many of them are in the clip.
    """

    clips: np.ndarray
    frames: Any = None
    used: Any = None


def read_clips(path, preparation=None):
    """Return the Clips in the file at `path`.

    A recording is prepared as for training. A `.npy` holds clips that are prepared already, (C, T, V, M) or
    (N, C, T, V, M). With a `preparation`, that of clips of one's own (see data_gen.preparation), a `.csv`, or a `.npy`
    of any other shape, is one of these. Raises BrokenSample, a UserError that names the file.
    """
    content, clip_of = read_file(path, preparation)
    return Clips(content) if clip_of is None else prepared(path, content, clip_of)


def read_file(path, preparation=None):
    """Return the Recording in the file at `path`, and the function that makes it a clip, such as `ntu_clip`.

    Of a `.npy` of prepared clips, see `read_clips`, return these, (N, C, T, V, M), and None.
    """
    suffix = pathlib.Path(path).suffix
    for form in FORMATS:
        if suffix == form.suffix:
            return form.module.read_recording(path), form.clip
    if suffix not in suffixes(preparation):
        raise BrokenSample(f'{path}: {", ".join(suffixes(preparation))} are taken, by the end of the name'
                           + (', and .csv beside data of custom_gendata.py' if suffix == '.csv' else ''))
    with reading(path):
        array = load_array(path) if suffix == PREPARED else None
        if preparation is None or array is not None and preparation.is_prepared(array):
            if array.ndim not in (4, 5) or not array.size:
                raise BrokenSample('no clips (C, T, V, M) or (N, C, T, V, M) of numbers')
            return array if array.ndim == 5 else array[None], None
    return own_clips.read_recording(path, preparation.joints, preparation.dimensions), preparation.clip


def prepared(path, recording, clip_of):
    """Return the Clips of one Recording that was read from `path`."""
    try:
        clip, _ = clip_of(recording)
    except EmptySample as error:
        raise BrokenSample(f'{path}: {error}') from None
    frames = recording.joints.shape[1]
    return Clips(clip[None], frames, min(frames, clip.shape[1]))


def suffixes(preparation=None):
    """Return the ends of the names of the files that `read_clips` takes."""
    own = own_clips.SUFFIXES if preparation is not None else ()
    return tuple(dict.fromkeys((*(form.suffix for form in FORMATS), PREPARED, *own)))


def recordings_in(paths, preparation=None):
    """Return the paths, with every folder replaced by the files in it, in order of name, that `read_clips` takes.

    Folders within it are gone through too.
    """
    found = []
    for path in map(pathlib.Path, paths):
        if path.is_dir():
            found += sorted(file for file in path.rglob('*') if file.suffix in suffixes(preparation))
        else:
            found.append(path)
    return found
