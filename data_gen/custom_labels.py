"""The table that says what is done in clips of one's own, by whom, and which are for training.

Columns: `file`, relative to the folder of the clips, `class`, and `part` (train or val) or `person`. Others are passed
over.
"""
import pathlib

from data_gen.custom_files import SUFFIXES
from data_gen.samples import Sample, stamp_of
from data_gen.table import read_table
from runtime.errors import UserError

PARTS = 'train', 'val'


def list_samples(path, clips, val_persons=None):
    """Return (Samples, names of the classes) of the table at `path`, the samples sorted by name.

    `clips` is the folder of the clips. Classes are sorted by name, or by value if all are numbers, and counted from 0.
    With `val_persons`, a list of names, their clips are the val part and all others the train part. Raises UserError,
    which names the line, for a wrong table; says how many clips in the folder are not in it.
    """
    clips = pathlib.Path(clips)
    if not clips.is_dir():
        raise UserError(f'{clips}: no such folder: check --clips')
    table = read_table(path, ['file', 'class', 'part' if val_persons is None else 'person'])
    if not table.rows:
        raise UserError(f'{path}: no line after the first')
    parts = table.column('part') if val_persons is None else parts_by_person(table, val_persons, path)
    names = sorted_classes([' '.join(name.split()) for name in table.column('class')])
    label = {name: i for i, name in enumerate(names)}
    samples = {}
    for file, name, part, line in zip(table.column('file'), table.column('class'), parts, table.lines):
        name = ' '.join(name.split())
        if not file or not name:
            raise UserError(f'{path}: line {line} has no {"class" if file else "file"}')
        if part not in PARTS:
            raise UserError(f"{path}: line {line}: part '{part}': train or val is needed")
        file = pathlib.PurePath(file).as_posix()
        if file in samples:
            raise UserError(f'{path}: line {line}: {file} is on an earlier line too')
        samples[file] = Sample(file, label[name], (part,), str(clips / file), stamp_of(clips / file))
    others = {file.relative_to(clips).as_posix() for file in clips.rglob('*')
              if file.suffix in SUFFIXES and file.is_file() and not file.samefile(path)} - samples.keys()
    if others:
        print(f'passed over: {len(others)} clips in {clips} that are not in {path}, such as {min(others)}')
    return [samples[file] for file in sorted(samples)], names


def parts_by_person(table, val_persons, path):
    """Return each row's part: val for the persons in `val_persons`; UserError if one of these has no clip."""
    persons = table.column('person')
    for person in val_persons:
        if person not in persons:
            raise UserError(f"--val_persons: '{person}' has no clip in {path}, where there are "
                            f'{", ".join(sorted(set(persons)))}')
    return ['val' if person in val_persons else 'train' for person in persons]


def sorted_classes(classes):
    """Return the different names among `classes`, sorted: numbers by value."""
    names = sorted(set(classes))
    return sorted(names, key=int) if all(name.isdecimal() for name in names) else names
