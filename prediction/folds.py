"""The folds of a cross-validation: which clips are tested in which."""
import re

import numpy as np

from feeders.persons import cameras_of, persons_of
from runtime.errors import UserError


def make_folds(names, labels, by, number, seed, folder=None):
    """Return fold → bool (N,), the clips that are tested in it: each clip in one fold.

    `by` is person, camera or a regular expression, see `groups_of`; without it, there are `number` folds, drawn by the
    `seed`.
    """
    if (by is None) == (number is None):
        raise UserError('give either --by (person, camera, …) or --folds')
    if number is not None:
        # Sorted by class and dealt out in turn: every class is spread evenly, and folds differ by one clip at most.
        order = np.random.default_rng(seed % 2 ** 32).permutation(len(names))
        order = order[np.argsort(labels[order], kind='stable')]
        groups = np.empty(len(names), object)
        groups[order] = [f'fold{1 + i % number}' for i in range(len(names))]
    else:
        groups = np.array([re.sub(r'[^\w.-]', '_', group) for group in groups_of(by, names, folder)])
    folds = {group: groups == group for group in sorted(set(groups.tolist()))}
    if len(folds) < max(2, number or 0):
        raise UserError(f'{len(names)} clips make {len(folds)} folds, and {max(2, number or 0)} are needed')
    return folds


def groups_of(by, names, folder=None):
    """Return the group of each of `names`: the person, the camera, or what the regular expression `by` finds in it.

    Persons are those of the `labels.csv` in `folder`, or of names of known data sets, see feeders.persons. Of a regular
    expression with a group, it is what that matches.
    """
    if by in ('person', 'camera'):
        groups = persons_of(names, folder) if by == 'person' else cameras_of(names)
    else:
        try:
            pattern = re.compile(by)
        except re.error as error:
            raise UserError(f'--by {by}: no regular expression: {error}') from None
        matches = [pattern.search(name) for name in names]
        groups = [match and match[1 if pattern.groups else 0] for match in matches]
    for name, group in zip(names, groups):
        if not group:
            raise UserError(f'--by {by}: it has no value for {name}: give a regular expression such as '
                            "'subject(\\d+)', or a labels.csv with the columns file and person beside the data")
    return groups
