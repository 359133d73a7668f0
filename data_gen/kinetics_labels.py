"""The label files of Kinetics-Skeleton, and which clips belong to them.

Format: `kinetics_{part}_label.json` maps the name of each clip, without suffix, to `has_skeleton`, `label` and
`label_index`.
"""
import json
import os
from typing import NamedTuple

from data_gen.samples import Sample, stamp_of
from runtime.errors import UserError

SUFFIX = '.json'


class Source(NamedTuple):
    """Where a clip is read from, the class that the label file gives it, and what is wrong before it is even read."""

    path: str
    label: int = -1
    problem: str = ''


def list_samples(folder, parts):
    """Return the Samples of all `parts` in `folder`, by part and name; tells of those that have no skeleton.

    Clips that are not both in the part's folder and in its label file, or have no proper label, come as Samples whose
    Source says so. A part of which nothing is there is passed over. Raises UserError if none is there, or if one
    cannot be used.
    """
    samples, absent = [], []
    for part in parts:
        clips, labels = folder / f'kinetics_{part}', folder / f'kinetics_{part}_label.json'
        if clips.exists() or labels.exists():
            samples += list_part(part, clips, labels)
        else:
            absent.append(str(clips))
    if len(absent) == len(parts):
        raise UserError(f'{" and ".join(absent)}: not there: check --data_path')
    for name in absent:
        print(f'{name}: not there, nor its label file: passed over')
    return samples


def list_part(part, folder, label_path):
    """Return the Samples of one part, sorted by name; see list_samples."""
    labels = read_labels(label_path)
    try:
        entries = {entry.name: entry for entry in os.scandir(folder)}
    except OSError as error:
        raise UserError(f'{folder}: {error.strerror}: the clips of {label_path.name} are needed there') from None
    clips = {name for name in entries if name.endswith(SUFFIX)}
    if other := len(entries) - len(clips):
        print(f'{folder}: passed over: {other} files that are no {SUFFIX}')
    samples, without, parts = [], 0, (part,)
    for name in sorted(clips.union(id + SUFFIX for id in labels)):
        label, has_skeleton, problem = labels.get(name.removesuffix(SUFFIX), (-1, True, 'not in the label file'))
        if not has_skeleton:
            without += 1
            continue
        if name not in clips:
            problem = f'not there, but in {label_path.name}'
        source = Source(f'{folder}{os.sep}{name}', label, problem)
        stamp = stamp_of(entries[name]) if name in clips else None
        samples.append(Sample(name, label, () if problem else parts, source, stamp))
    if without:
        print(f'{label_path}: left out: {without} clips without a skeleton (has_skeleton is false)')
    return samples


def read_labels(path):
    """Return name → (label, has_skeleton, problem) of the label file at `path`; UserError if it cannot be used."""
    try:
        with open(path, encoding='utf-8') as file:
            content = json.load(file)
    except OSError as error:
        raise UserError(f'{path}: {error.strerror}: the label file is part of the data set') from None
    except (ValueError, RecursionError) as error:
        raise UserError(f'{path}: not valid JSON ({error}): fetch it again') from None
    if not isinstance(content, dict) or not content:
        raise UserError(f'{path}: no label file: clips by name, each with has_skeleton and label_index, are needed')
    return {name: check_label(entry) for name, entry in content.items()}


def check_label(entry):
    """Return (label, has_skeleton, problem) of one entry of a label file; problem is '' if there is none."""
    if not isinstance(entry, dict):
        return -1, True, 'its entry in the label file is no object'
    label, has_skeleton = entry.get('label_index'), entry.get('has_skeleton')
    if type(has_skeleton) is not bool:
        return -1, True, f'its has_skeleton in the label file is {json.dumps(has_skeleton)[:20]}'
    if type(label) is not int or label < 0:
        return -1, has_skeleton, f'its label_index in the label file is {json.dumps(label)[:20]}'
    return label, has_skeleton, ''
