"""One clip of a skeleton of one's own: a `.npy` or `.csv` file as joints.

A `.npy` holds (T, V, C) or, of several persons, (M, T, V, C). A `.csv` has a line for each frame and person, and
columns named after the joints: `<joint>_x`, `<joint>_y`, and `<joint>_z` in 3D or `<joint>_score` in 2D, where it may
be left out. A column `person` tells persons apart by any text, a column `frame` numbers the frames; without that, a
person's lines are its frames in turn. Other columns are passed over.
"""
import pathlib

import numpy as np

from data_gen.array_file import load_array
from data_gen.samples import BrokenSample
from data_gen.table import read_table, shortened
from runtime.errors import UserError

SUFFIXES = '.npy', '.csv'
LONGEST = 100_000  # frames that a column `frame` may span
MOST_PLACES = 100  # of a person in a frame, for each line: beyond, the column `person` is none


def open_clip(path, joints, dimensions):
    """Return the joints in the file at `path`, (M, T, V, C), as they are.

    `joints` are the names of V joints. In 3 `dimensions` C is 3; in 2 it is 3 or, without scores, 2. Raises
    BrokenSample, which names the file, if it is not in one of the two forms.
    """
    suffix = pathlib.Path(path).suffix
    if suffix not in SUFFIXES:
        raise BrokenSample(f'{path}: {" and ".join(SUFFIXES)} are taken, by the end of the name')
    if suffix == '.csv':
        return read_csv(path, joints, dimensions)
    array, V = load_array(path), len(joints)
    channels = (3,) if dimensions == 3 else (3, 2)
    if array.ndim not in (3, 4) or array.shape[-2] != V or array.shape[-1] not in channels or not array.size:
        needed = ' or '.join(f'({letters}, {V}, {C})' for C in channels for letters in ('T', 'M, T'))
        raise BrokenSample(f'{path}: its shape is {array.shape}, and {needed} is needed')
    return array if array.ndim == 4 else array[None]


def read_csv(path, joints, dimensions):
    """Return the joints in the `.csv` file at `path`, (M, T, V, C), NaN where nothing is said."""
    axes = ('x', 'y', 'z') if dimensions == 3 else ('x', 'y')
    try:
        table = read_table(path, [f'{joint}_{axis}' for joint in joints for axis in axes])
    except UserError as error:
        raise BrokenSample(str(error)) from None
    try:
        if dimensions == 2 and any(f'{joint}_score' in table.columns for joint in joints):
            axes = 'x', 'y', 'score'
        values = np.stack([numbers_in(table, f'{joint}_{axis}') for joint in joints for axis in axes], 1)
        persons, frames = places_of_rows(table)
    except BrokenSample as error:
        raise BrokenSample(f'{path}: {error}') from None
    size = (max(persons) + 1) * (max(frames) + 1)
    if size > LONGEST + MOST_PLACES * len(frames):
        raise BrokenSample(f'{path}: {max(persons) + 1} persons and {max(frames) + 1} frames in {len(frames)} lines: '
                           "check the columns 'person' and 'frame'")
    bodies = np.full((max(persons) + 1, max(frames) + 1, len(joints), len(axes)), np.nan)
    bodies[persons, frames] = values.reshape(-1, *bodies.shape[2:])
    return bodies


def numbers_in(table, name):
    """Return a column as float64, NaN where it is empty; BrokenSample names the line of what is no number."""
    if name not in table.columns:
        raise BrokenSample(f"no column '{name}', and other joints have one")
    texts = [text or 'nan' for text in table.column(name)]
    try:
        return np.array(texts, dtype=str).astype(np.float64)
    except ValueError:
        line, text = next((line, text) for line, text in zip(table.lines, texts) if not is_number(text))
        raise BrokenSample(f"line {line}: '{shortened(text, 20)}' in column '{name}' is no number") from None


def is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def places_of_rows(table):
    """Return each row's person and frame, two lists of integers from 0; BrokenSample if two rows have one place."""
    if not table.rows:
        raise BrokenSample('no line after the first')
    numbers = {}
    names = table.column('person') if 'person' in table.columns else [''] * len(table.rows)
    persons = [numbers.setdefault(name, len(numbers)) for name in names]
    if 'frame' in table.columns:
        values = numbers_in(table, 'frame')
        if not (np.isfinite(values) & (values % 1 == 0)).all() or np.ptp(values) >= LONGEST:
            raise BrokenSample("column 'frame' should count the frames")
        frames = (values - values.min()).astype(int).tolist()
    else:
        so_far = [0] * len(numbers)
        frames = []
        for person in persons:
            frames.append(so_far[person])
            so_far[person] += 1
    seen = set()
    for place, line in zip(zip(persons, frames), table.lines):
        if place in seen:
            raise BrokenSample(f'line {line}: an earlier line has the same frame' + ' and person' * (len(numbers) > 1))
        seen.add(place)
    return persons, frames
