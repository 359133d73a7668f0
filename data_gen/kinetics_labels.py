"""The label files of Kinetics-Skeleton, and which clips belong to them.

Format: `kinetics_{part}_label.json` maps the name of each clip, without suffix, to `has_skeleton`, `label` and
`label_index`.
"""
import array
import collections.abc
import json
import os
from typing import NamedTuple

from data_gen.samples import Sample, stamp_of
from runtime.errors import UserError

SUFFIX = '.json'
MOST_LABEL = 1_000_000
UNKNOWN = -1, True, 'not in the label file'


class Source(NamedTuple):
    """Where a clip is read from, the class that the label file gives it, and what is wrong before it is even read."""

    path: str
    label: int = -1
    problem: str = ''


class Clips(collections.abc.Sequence):
    """Samples of Kinetics-Skeleton, made when they are asked for: as objects, all 266,440 would take 400 MB."""

    def __init__(self, folder):
        self.folder = folder
        self.ids, self.parts = [], []
        self.labels, self.sizes, self.times = array.array('q'), array.array('q'), array.array('q')
        self.problems = {}

    def add(self, part, id, label, problem='', size=-1, time=-1):
        """Add the clip `id` of a part."""
        if problem:
            self.problems[len(self.ids)] = problem
        self.ids.append(id)
        self.parts.append(part)
        self.labels.append(label)
        self.sizes.append(size)
        self.times.append(time)

    def __len__(self):
        return len(self.ids)

    def __getitem__(self, number):
        part, name, label = self.parts[number], self.ids[number] + SUFFIX, self.labels[number]
        problem = self.problems.get(number, '')
        source = Source(f'{self.folder}{os.sep}kinetics_{part}{os.sep}{name}', label, problem)
        return Sample(name, label, () if problem else (part,), source, (self.sizes[number], self.times[number]))


def list_samples(folder, parts):
    """Return the Samples of all `parts` in `folder`, by part and name; tells of those that have no skeleton.

    Clips that are not both in the part's folder and in its label file, or have no proper label, come as Samples whose
    Source says so. A part of which nothing is there is passed over. Raises UserError if none is there, or if one
    cannot be used.
    """
    clips, absent = Clips(folder), []
    for part in parts:
        part_folder, label_path = folder / f'kinetics_{part}', folder / f'kinetics_{part}_label.json'
        if part_folder.exists() or label_path.exists():
            list_part(clips, part, part_folder, label_path)
        else:
            absent.append(str(part_folder))
    if len(absent) == len(parts):
        raise UserError(f'{" and ".join(absent)}: not there: check --data_path')
    for name in absent:
        print(f'{name}: not there, nor its label file: passed over')
    return clips


def list_part(clips, part, folder, label_path):
    """Add the Samples of one part to `clips`, sorted by name; see list_samples."""
    labels = read_labels(label_path)
    stamps, other, without = {}, 0, 0
    try:
        for entry in os.scandir(folder):
            if entry.name.endswith(SUFFIX):
                stamps[entry.name.removesuffix(SUFFIX)] = stamp_of(entry) or (-1, -1)
            else:
                other += 1
    except OSError as error:
        raise UserError(f'{folder}: {error.strerror}: the clips of {label_path.name} are needed there') from None
    for id in sorted(stamps.keys() | labels.keys()):
        label, has_skeleton, problem = labels.get(id, UNKNOWN)
        if not has_skeleton:
            without += 1
        elif id not in stamps:
            clips.add(part, id, label, f'not there, but in {label_path.name}')
        else:
            clips.add(part, id, label, problem, *stamps[id])
    if other:
        print(f'{folder}: passed over: {other} files that are no {SUFFIX}')
    if without:
        print(f'{label_path}: left out: {without} clips without a skeleton (has_skeleton is false)')


def read_labels(path):
    """Return id → (label, has_skeleton, problem) of the label file at `path`; UserError if it cannot be used."""
    seen = {}

    def check(entry):
        # The parser calls this for each object as it ends: for the clips', and last for that of the whole file.
        if any(type(value) is tuple for value in entry.values()):
            return entry
        checked = check_label(entry)
        return seen.setdefault(checked, checked)  # one tuple for all clips of a class

    try:
        with open(path, encoding='utf-8') as file:
            content = json.load(file, object_hook=check)
    except OSError as error:
        raise UserError(f'{path}: {error.strerror}: the label file is part of the data set') from None
    except (ValueError, RecursionError) as error:
        raise UserError(f'{path}: not valid JSON ({error}): fetch it again') from None
    if not isinstance(content, dict):
        raise UserError(f'{path}: no label file: clips by name, each with has_skeleton and label_index, are needed')
    no_object = -1, True, 'its entry in the label file is no object'
    return {id: entry if isinstance(entry, tuple) else no_object for id, entry in content.items()}


def check_label(entry):
    """Return (label, has_skeleton, problem) of one entry, a dict, of a label file; problem is '' if there is none."""
    label, has_skeleton = entry.get('label_index'), entry.get('has_skeleton')
    if type(has_skeleton) is not bool:
        return -1, True, f'its has_skeleton in the label file is {json.dumps(has_skeleton)[:20]}'
    if type(label) is not int or not 0 <= label <= MOST_LABEL:
        return -1, has_skeleton, f'its label_index in the label file is {json.dumps(label)[:20]}'
    return label, has_skeleton, ''
