"""The folds of a cross-validation: which clips are tested in which."""
import pathlib
import re

import numpy as np

from data_gen.formats.table import read_table
from feeders.persons import cameras_of, persons_of
from runtime.errors import UserError


def make_folds(arg, names, labels, seed, folder=None):
    """Return fold → bool (N,), the clips that are tested in it: each clip in one fold. Their data are in `folder`."""
    if (arg.by is None) == (arg.folds is None):
        raise UserError('give either --by (person, camera, …) or --folds')
    if arg.table and arg.by is None:
        raise UserError('--table: it says the groups of --by: leave it out, or give --by instead of --folds')
    if arg.folds is not None:
        # Sorted by class and dealt out in turn: every class is spread evenly, and folds differ by one clip at most.
        order = np.random.default_rng(seed % 2 ** 32).permutation(len(names))
        order = order[np.argsort(labels[order], kind='stable')]
        fold = np.empty(len(names), int)
        fold[order] = np.arange(len(names)) % arg.folds
        groups = np.array([f'fold{i + 1}' for i in fold])
    else:
        groups = np.array([re.sub(r'[^\w.-]', '_', group) for group in groups_of(arg, names, folder)])
    if len(set(groups)) < 2 or arg.folds and len(set(groups)) < arg.folds:
        raise UserError(f'{len(names)} clips make {len(set(groups))} folds: '
                        f'{"lower --folds" if arg.folds and arg.folds > 1 else "at least 2 are needed"}')
    return {group: groups == group for group in sorted(set(groups.tolist()))}


def groups_of(arg, names, folder=None):
    """Return the person, camera or other group of each clip, as --by and --table say, and see `persons_of`."""
    if arg.table:
        table = read_table(arg.table, ['file', arg.by])
        group = {pathlib.PurePath(file).as_posix(): value
                 for file, value in zip(table.columns['file'], table.columns[arg.by])}
    elif arg.by in ('person', 'camera'):
        group = dict(zip(names, persons_of(names, folder) if arg.by == 'person' else cameras_of(names)))
    else:
        try:
            pattern = re.compile(arg.by)
        except re.error as error:
            raise UserError(f'--by {arg.by}: no regular expression: {error}') from None
        found = {name: pattern.search(name) for name in names}
        group = {name: match[1 if pattern.groups else 0] for name, match in found.items() if match}
    for name in names:
        if not group.get(name):
            raise UserError(f'--by {arg.by}: {arg.table or "it"} has no value for {name}: give a regular expression '
                            "such as 'subject(\\d+)', or a --table that has every clip")
    return [group[name] for name in names]
