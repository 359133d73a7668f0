"""Which samples of the training part are kept for validation."""
import pathlib
import re

import numpy as np

from feeders.fingerprint import SAMPLES_OF
from feeders.labels import text_of
from feeders.parts import Part
from feeders.persons import persons_of
from runtime.dotted import build
from runtime.errors import UserError


def split_validation(arg, feeder):
    """Return (training Part, validation Part, line for the log) of the training feeder, as the flags in `arg` say.

    The clips of the validation part are prepared as test_feeder_args say. Raises UserError if the feeder, made with
    these, has other samples.
    """
    if not hasattr(feeder, 'sample_name'):
        raise UserError(f'validation: {arg.feeder} has no sample_name, the list of the names of its samples')
    samples = {key: value for key, value in arg.train_feeder_args.items() if key in SAMPLES_OF}
    prepared = {key: value for key, value in arg.test_feeder_args.items() if key not in SAMPLES_OF}
    plain = build(arg.feeder, {**prepared, **samples}, 'test_feeder_args')
    if list(plain.sample_name) != list(feeder.sample_name):
        raise UserError(f'validation: prepared as test_feeder_args say, the {len(feeder)} training samples become '
                        f'{len(plain)} others, from {plain.sample_name[0]} on: only {", ".join(SAMPLES_OF)} '
                        'may say which samples there are')
    names = [text_of(name, arg.feeder) for name in feeder.sample_name]
    data_path = samples.get('data_path')
    chosen, description = validation_part(names, feeder.label, arg.val_persons, arg.val_share, arg.seed,
                                      data_path and pathlib.Path(data_path).parent)
    line = f'Validation: {chosen.sum()} of the {len(chosen)} training samples, {description}'
    return Part(feeder, np.flatnonzero(~chosen)), Part(plain, np.flatnonzero(chosen)), line


def validation_part(names, labels, persons, fraction, seed, folder):
    """Return (chosen, description): which samples of the training part validate, boolean (N,), and words for the log.

    With `persons`, such as P008, all samples of theirs: where the person of a sample is not known, one with that word
    in its name. Else about `fraction` of those of each class, drawn by `seed`: whole persons where `persons_of` knows
    several, or else clips. Raises UserError if one of the two parts would be empty.
    """
    if persons:
        known = persons_of(names, folder)
        marks = [{person} if person else set(re.split(r'[\W_]+', name)) for name, person in zip(names, known)]
        of_each = np.array([[person in marks_of_one for marks_of_one in marks] for person in persons])
        for person, samples in zip(persons, of_each):
            if not samples.any():
                raise UserError(f"val_persons: no training sample is of '{person}'; the first is {names[0]}"
                                f'{known[0] and ", of " + known[0] or ""}')
        chosen = of_each.any(0)
        description = f'those of {", ".join(persons)}'
    else:
        group, kind = groups_of(names, folder)
        chosen = choose_groups(group, np.unique(labels, return_inverse=True)[1], fraction, seed)
        description = f'those of {len(np.unique(group[chosen]))} of {group.max() + 1} {kind}'
    if chosen.all() or not chosen.any():
        raise UserError(f'validation takes {chosen.sum()} of {len(names)} training samples: choose other val_persons, '
                        'or another val_share')
    return chosen, description


def groups_of(names, folder):
    """Return (group, kind): the number (N,) of the group to which each sample belongs, and what the groups are."""
    persons = persons_of(names, folder)
    if None not in persons and len(set(persons)) > 1:
        return np.unique(persons, return_inverse=True)[1], 'persons'
    return np.arange(len(names)), 'clips: persons are not known, so clips of one person may be in both parts'


def choose_groups(group, label, fraction, seed):
    """Return which samples to take, boolean (N,): whole groups, with about `fraction` of the samples of each class.

    `group` and `label` (N,) number them from 0. Groups are visited in an order drawn by `seed`. A group is taken
    if it brings the classes' numbers of samples nearer to `fraction`, by the sum of squares; if none does, the first.
    """
    rest = np.round(fraction * np.bincount(label)).astype(int)  # samples that are still to be taken, for each class
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
