"""Clips of joints, prepared as for training, from files of any kind that a user may have."""
import importlib
import pathlib

from data_gen import custom_files
from data_gen.array_file import load_array
from data_gen.samples import BrokenSample

PREPARATIONS = {'.skeleton': 'data_gen.ntu_skeleton', '.json': 'data_gen.kinetics_json'}  # each with a prepare_clip
SUFFIXES = (*PREPARATIONS, '.npy')


def read_clips(path, preparation=None):
    """Return the clips of joints in the file at `path`, (N, C, T, V, M), mapped if they are many.

    A `.skeleton` of NTU or a `.json` of Kinetics-Skeleton is one recording, prepared as data_gen prepares it. A `.npy`
    holds clips that are prepared already: one (C, T, V, M), or several (N, C, T, V, M). With a `preparation`, that of
    clips of one's own (see data_gen.custom_clips), a `.csv`, or a `.npy` of any other shape, is one of these. Raises
    BrokenSample, a UserError that names the file.
    """
    suffix = pathlib.Path(path).suffix
    if suffix in PREPARATIONS:
        return importlib.import_module(PREPARATIONS[suffix]).prepare_clip(path)[None]
    if suffix not in suffixes(preparation):
        raise BrokenSample(f'{path}: {", ".join(suffixes(preparation))} are taken, by the end of the name'
                           + (', and .csv beside data of custom_gendata.py' if suffix == '.csv' else ''))
    if preparation is not None and (suffix != '.npy' or not preparation.is_prepared(load_array(path))):
        return preparation.prepare_one(path)[None]
    return read_array(path)


def suffixes(preparation=None):
    """Return the ends of the names of the files that `read_clips` takes."""
    return SUFFIXES if preparation is None else tuple(dict.fromkeys((*SUFFIXES, *custom_files.SUFFIXES)))


def read_array(path):
    array = load_array(path)
    if array.ndim not in (4, 5) or not array.size:
        raise BrokenSample(f'{path}: no clips (C, T, V, M) or (N, C, T, V, M) of numbers')
    return array if array.ndim == 5 else array[None]


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
