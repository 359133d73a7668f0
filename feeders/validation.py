"""Which samples of the training part are kept for validation."""
import csv
import pathlib
import re

import numpy as np

from feeders.labels import PERSON
from feeders.parts import Part
from runtime.dotted import build
from runtime.errors import UserError

CAMERA = re.compile(r'(?<![A-Za-z])C\d+(?=P\d)|(?<=\d)_v\d+')
TABLE = 'labels.csv'  # beside the data, with the columns file and person, as custom_gendata.py takes it


def kept_for_validation(arg, feeder):
    """Return (training Part, validation Part, line for the log) of the training feeder, as the flags in `arg` say.

    The clips of the validation part are prepared as test_feeder_args say.
    """
    same = {'data_path', 'label_path', 'debug'}  # which samples there are
    if not {'data_path', 'label_path'} <= arg.train_feeder_args.keys():
        raise UserError('validation takes its samples from data_path and label_path of train_feeder_args, and one '
                        'is not there')
    chosen, by_what = validation_part(feeder.sample_name, feeder.label, arg.val_persons, arg.val_share, arg.seed,
                                      pathlib.Path(arg.train_feeder_args['data_path']).parent)
    prepared = {key: value for key, value in arg.test_feeder_args.items() if key not in same}
    samples = {key: value for key, value in arg.train_feeder_args.items() if key in same}
    as_tested = build(arg.feeder, {**prepared, **samples}, 'test_feeder_args')
    line = f'Validation: {chosen.sum()} of the {len(chosen)} training samples, {by_what}'
    return Part(feeder, np.flatnonzero(~chosen)), Part(as_tested, np.flatnonzero(chosen)), line


def validation_part(names, labels, persons, share, seed, folder):
    """Return (chosen, by what): which samples of the training part validate, boolean (N,), and words for the log.

    With `persons`, parts of sample names such as P008: all samples whose name contains one. Else about `share` of the
    samples of each class, drawn by `seed`: whole persons where the names or the table in the data's `folder` tell
    them, whole performances of one person, or clips. Raises UserError if one of the two parts would be empty.
    """
    if persons:
        for person in persons:
            if not any(person in name for name in names):
                raise UserError(f"val_persons: no name of a training sample holds '{person}'; the first is {names[0]}")
        chosen = np.array([any(person in name for person in persons) for name in names])
        by_what = f'those of {", ".join(persons)}'
    else:
        group, kind = groups_of(names, folder)
        chosen = choose_groups(group, np.unique(labels, return_inverse=True)[1], share, seed)
        by_what = f'those of {len(np.unique(group[chosen]))} of {group.max() + 1} {kind}'
    if chosen.all() or not chosen.any():
        raise UserError(f'validation takes {chosen.sum()} of {len(names)} training samples: choose other val_persons, '
                        'or another val_share')
    return chosen, by_what


def groups_of(names, folder):
    """Return (group, kind): the number (N,) of the group to which each sample belongs, and what the groups are."""
    table, found = persons_in_table(folder), [PERSON.search(name) for name in names]
    persons = [table.get(name) or match and match[0] for name, match in zip(names, found)]
    performances = [CAMERA.sub('', name) for name in names]  # filmed by several cameras
    if None not in persons and len(set(persons)) > 1:
        return np.unique(persons, return_inverse=True)[1], 'persons'
    if 1 < len(set(performances)) < len(names):
        return np.unique(performances, return_inverse=True)[1], 'performances'
    return np.arange(len(names)), 'clips; nothing tells persons apart, so clips of one person may be in both parts'


def persons_in_table(folder):
    """Return sample name → person from TABLE in `folder`; empty if there is no such table or it has no such columns."""
    path = pathlib.Path(folder, TABLE)
    if not path.is_file():
        return {}
    with open(path, encoding='utf-8-sig', errors='replace', newline='') as file:
        return {pathlib.PurePath(row['file'].strip()).as_posix(): row['person'].strip()
                for row in csv.DictReader(file) if row.get('file') and row.get('person')}


def choose_groups(group, label, share, seed):
    """Return which samples to take, boolean (N,): whole groups, with about `share` of the samples of each class.

    `group` and `label` (N,) number them from 0. Groups are visited in an order drawn by `seed`. A group is taken
    if it brings the classes' numbers of samples nearer to their share, by the sum of squares; if none does, the first.
    """
    rest = np.round(share * np.bincount(label)).astype(int)  # samples that are still to be taken, for each class
    members = np.split(np.argsort(group, kind='stable'), np.cumsum(np.bincount(group))[:-1])
    chosen = np.zeros(len(label), bool)
    order = np.random.default_rng(seed % 2 ** 32).permutation(len(members))
    for number in order:
        count = np.bincount(label[members[number]], minlength=len(rest))
        if count @ (count - 2 * rest) < 0:
            chosen[members[number]] = True
            rest -= count
    if not chosen.any():
        chosen[members[order[0]]] = True
    return chosen
