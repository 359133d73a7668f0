"""Clips of joints, prepared as for training, from files of any kind that a user may have."""
import importlib
import pathlib

import numpy as np

from data_gen.samples import BrokenSample

PREPARATIONS = {'.skeleton': 'data_gen.ntu_skeleton', '.json': 'data_gen.kinetics_json'}  # each with a prepare_clip
SUFFIXES = (*PREPARATIONS, '.npy')


def read_clips(path):
    """Return the clips of joints in the file at `path`, (N, C, T, V, M), mapped if they are many.

    A `.skeleton` of NTU or a `.json` of Kinetics-Skeleton is one recording, prepared as data_gen prepares it. A `.npy`
    holds clips that are prepared already: one (C, T, V, M), or several (N, C, T, V, M). Raises BrokenSample, a
    UserError that names the file.
    """
    suffix = pathlib.Path(path).suffix
    if suffix in PREPARATIONS:
        return importlib.import_module(PREPARATIONS[suffix]).prepare_clip(path)[None]
    if suffix == '.npy':
        return read_array(path)
    raise BrokenSample(f'{path}: {", ".join(SUFFIXES)} are taken, by the end of the name')


def read_array(path):
    try:
        array = np.load(path, mmap_mode='r', allow_pickle=False)
    except OSError as error:
        raise BrokenSample(f'{path}: cannot be read: {error.strerror or error}') from None
    except Exception as error:  # a damaged header can raise any of a dozen exceptions
        raise BrokenSample(f'{path}: not a whole .npy file of numbers ({error})') from None
    if not isinstance(array, np.ndarray) or array.ndim not in (4, 5) or array.dtype.kind not in 'fiu' or not array.size:
        raise BrokenSample(f'{path}: no clips (C, T, V, M) or (N, C, T, V, M) of numbers')
    return array if array.ndim == 5 else array[None]


def recordings_in(paths):
    """Return the paths, with every folder replaced by the files in it, in order of name, that `read_clips` takes."""
    found = []
    for path in map(pathlib.Path, paths):
        if path.is_dir():
            found += sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
        else:
            found.append(path)
    return found
