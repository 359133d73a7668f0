"""Clips of a skeleton of one's own: a table of who does what in them, and a `.npy` or `.csv` file as joints.

The table has the columns `file`, relative to the folder of the clips, `class`, and `part` (train or val) or `person`.

A `.npy` holds (T, V, C) or, of several persons, (M, T, V, C). A `.csv` has a line for each frame and person, and
columns named after the joints: `<joint>_x`, `<joint>_y`, and `<joint>_z` in 3D or `<joint>_score` in 2D, where it may
be left out. A column `person` tells persons apart by any text, a column `frame` numbers the frames; without that, a
person's lines are its frames in turn. Other columns, of both, are ignored.
"""
import collections
import itertools
import pathlib

import numpy as np

from data_gen.formats.raw_file import check_size, load_array, reading
from data_gen.formats.sample import BrokenSample, Sample
from data_gen.formats.table import read_table
from data_gen.recording import Recording
from runtime.errors import UserError

PARTS = 'train', 'val'
SUFFIXES = '.npy', '.csv'
TABLE = 'labels.csv'  # the copy of the table beside the data: it says who is in the clips
MAX_FRAME = 1 << 30  # a number in a column `frame`
MAX_ROWS, MAX_PERSONS = 100_000, 100  # of all persons and frames, more than so many for each line of a table: no clip


def list_recordings(path, clips, val_persons=None):
    """Return (Samples, names of the classes) of the table at `path`, the samples sorted by name.

    `clips` is the folder of the clips. Classes are sorted by name, or by value if all are numbers, and counted from 0.
    With `val_persons`, a list of names, their clips are the val part and all others the train part. Raises UserError,
    which names the line, for a wrong table; says how many clips in the folder are not in it.
    """
    clips = pathlib.Path(clips)
    if not clips.is_dir():
        raise UserError(f'{clips}: no such folder: check --clips')
    table = read_table(path, ['file', 'class', 'part' if val_persons is None else 'person'])
    parts = table.columns['part'] if val_persons is None else parts_by_person(table, val_persons, path)
    classes = [' '.join(name.split()) for name in table.columns['class']]
    names = sorted_classes(classes)
    samples = {}
    for file, name, part, line in zip(table.columns['file'], classes, parts, table.lines):
        file = pathlib.PurePath(file).as_posix()
        if not name or part not in PARTS or file in samples:
            raise UserError(f"{path}: line {line}: '{file}', class '{name}', part '{part}': a file that no other line "
                            'has, a class, and train or val are needed')
        samples[file] = Sample(file, names.index(name), (part,), str(clips / file))
    others = {file.relative_to(clips).as_posix() for file in clips.rglob('*')
              if file.suffix in SUFFIXES and file.is_file() and not file.samefile(path)} - samples.keys()
    if others:
        print(f'ignoring {len(others)} clips in {clips} that are not in {path}, such as {min(others)}')
    return [samples[file] for file in sorted(samples)], names


def is_label_table(path):
    """Say whether the file at `path` is a table of labels, not a clip: it has the columns file and class."""
    if path.suffix != '.csv':
        return False
    with open(path, encoding='utf-8-sig', errors='replace') as file:
        columns = [name.strip() for name in file.readline().split(',')]
    return {'file', 'class'} <= set(columns)


def parts_by_person(table, val_persons, path):
    """Return each row's part: val for the persons in `val_persons`; UserError if one of these has no clip."""
    persons = table.columns['person']
    for person in val_persons:
        if person not in persons:
            raise UserError(f"--val_persons: '{person}' has no clip in {path}, where there are "
                            f'{", ".join(sorted(set(persons)))}')
    return ['val' if person in val_persons else 'train' for person in persons]


def sorted_classes(classes):
    """Return the different names among `classes`, sorted: numbers by value."""
    names = sorted(set(classes))
    return sorted(names, key=int) if all(name.isdecimal() for name in names) else names


def read_recording(path, joints, dimensions):
    """Return the Recording in the file at `path`.

    `joints` are the names of V joints. In 2 `dimensions`, a joint of a file without scores has the score 1 where it is
    there. Raises BrokenSample, which names the file, if it is not in one of the two forms.
    """
    suffix = pathlib.Path(path).suffix
    if suffix not in SUFFIXES:
        raise BrokenSample(f'{path}: the name of a clip must end in {" or ".join(SUFFIXES)}')
    bodies = (read_csv if suffix == '.csv' else read_npy)(path, joints, dimensions)
    with reading(path):
        absent = np.isnan(bodies).any(3)
        if dimensions == 3 and (partly := absent & ~absent.all(2, keepdims=True)).any():
            _, t, v = np.argwhere(partly)[0]
            raise BrokenSample(f"frame {t + 1}: '{joints[v]}' is missing (nan), but other joints are not")
        bodies[absent] = 0
        check_size(bodies)
        if bodies.shape[3] == 2:
            bodies = np.concatenate((bodies, bodies.any(3, keepdims=True)), 3)
        return Recording(bodies, tuple(joints), dimensions, followed=True)


def read_npy(path, joints, dimensions):
    """Return the joints in the `.npy` file at `path`, float64 (M, T, V, C), as they are."""
    with reading(path):
        array, V = load_array(path), len(joints)
        channels = (3,) if dimensions == 3 else (3, 2)
        if array.ndim not in (3, 4) or array.shape[-2] != V or array.shape[-1] not in channels or not array.size:
            needed = ' or '.join(f'({letters}, {V}, {C})' for C in channels for letters in ('T', 'M, T'))
            raise BrokenSample(f'its shape is {array.shape}, and {needed} is needed')
        return np.array(array if array.ndim == 4 else array[None], np.float64)


def read_csv(path, joints, dimensions):
    """Return the joints in the `.csv` file at `path`, float64 (M, T, V, C), NaN where the file has no value."""
    axes = ('x', 'y', 'z') if dimensions == 3 else ('x', 'y')
    table = read_table(path, [f'{joint}_{axis}' for joint in joints for axis in axes])
    with reading(path):
        if dimensions == 2 and any(f'{joint}_score' in table.columns for joint in joints):
            axes = 'x', 'y', 'score'
        values = np.stack([numbers_in(table, f'{joint}_{axis}') for joint in joints for axis in axes], 1)
        persons, frames = persons_and_frames(table)
        M, T = int(persons.max()) + 1, int(frames.max()) + 1
        pairs = np.unique(np.stack((persons, frames)), axis=1).shape[1]
        if pairs < len(frames) or MAX_ROWS + MAX_PERSONS * len(frames) < M * T:
            raise BrokenSample(f"{len(frames)} lines of {pairs} pairs of 'person' and 'frame', not {M} × {T}: "
                               'each line needs a pair of its own, and most pairs a line')
        bodies = np.full((M, T, len(joints), len(axes)), np.nan)
        bodies[persons, frames] = values.reshape(-1, *bodies.shape[2:])
        return bodies


def numbers_in(table, name):
    """Return a column as float64, NaN where it is empty; BrokenSample names the line of what is no number."""
    if name not in table.columns:
        raise BrokenSample(f"no column '{name}', and other joints have one")
    numbers = []
    for text, line in zip(table.columns[name], table.lines):
        try:
            numbers.append(float(text or 'nan'))
        except ValueError:
            raise BrokenSample(f"line {line}: '{text[:20]}' in column '{name}' is not a number") from None
    return np.array(numbers)


def persons_and_frames(table):
    """Return each row's person and frame, two arrays of integers from 0."""
    _, persons = np.unique(table.columns.get('person', [''] * len(table.lines)), return_inverse=True)
    if 'frame' not in table.columns:
        next_frame = collections.defaultdict(itertools.count)
        return persons, np.array([next(next_frame[person]) for person in persons.tolist()])
    frames = numbers_in(table, 'frame')
    if not (np.abs(frames) < MAX_FRAME).all() or (frames % 1).any():
        raise BrokenSample("column 'frame' should count the frames")
    return persons, (frames - frames.min()).astype(int)
