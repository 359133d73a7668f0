"""Some of a feeder's samples, as a feeder: a validation part, or those that a file names."""
import numpy as np
from torch.utils.data import Dataset

from feeders.labels import top_k
from runtime.dotted import build
from runtime.errors import UserError


class Part(Dataset):
    """The samples `indices` of a feeder: item i is (clip, label, i)."""

    def __init__(self, feeder, indices):
        self.feeder = feeder
        self.indices = [int(i) for i in indices]
        self.label = [feeder.label[i] for i in self.indices]
        self.sample_name = [feeder.sample_name[i] for i in self.indices]

    def __len__(self):
        return len(self.indices)

    def __getitem__(self, index):
        clip, label, _ = self.feeder[self.indices[index]]
        return clip, label, index

    def top_k(self, score, k):
        return top_k(score, self.label, k)


class NamedPart(Part):
    """The samples of a feeder whose names stand in the text file `names`, one a line.

    `feeder` is the feeder's dotted class name, such as feeders.feeder.Feeder, and `arguments` are its own. Raises
    UserError if one of the names is not there.
    """

    def __init__(self, feeder, names, **arguments):
        whole = build(feeder, arguments, 'feeder arguments')
        with open(names, encoding='utf-8') as file:
            named = set(file.read().splitlines())
        if missing := named - set(whole.sample_name):
            raise UserError(f'{names}: {min(missing)} is none of the {len(whole)} samples of the feeder')
        super().__init__(whole, [i for i, name in enumerate(whole.sample_name) if name in named])

    @property
    def data(self):
        return self.feeder.data


def kept_for_validation(arg, feeder):
    """Return the Parts (training, validation) of the training feeder, as val_persons or val_share of `arg` say.

    The clips of the validation part are prepared as test_feeder_args say.
    """
    same = {'data_path', 'label_path', 'debug'}  # which samples there are
    if not {'data_path', 'label_path'} <= arg.train_feeder_args.keys():
        raise UserError('validation takes its samples from data_path and label_path of train_feeder_args, and one '
                        'is not there')
    chosen = is_validation(feeder.sample_name, feeder.label, arg.val_persons, arg.val_share, arg.seed)
    prepared = {key: value for key, value in arg.test_feeder_args.items() if key not in same}
    samples = {key: value for key, value in arg.train_feeder_args.items() if key in same}
    as_tested = build(arg.feeder, {**prepared, **samples}, 'test_feeder_args')
    return Part(feeder, np.flatnonzero(~chosen)), Part(as_tested, np.flatnonzero(chosen))


def is_validation(names, labels, persons, share, seed):
    """Return a boolean array (N,): which samples of the training part make the validation part.

    `persons` are parts of sample names, such as P008: all samples whose name holds one. Without them it is `share` of
    the samples of each class, drawn by `seed`. Raises UserError if that leaves one of the two parts empty.
    """
    if persons:
        for person in persons:
            if not any(person in name for name in names):
                raise UserError(f"val_persons: no name of a training sample holds '{person}'; the first is {names[0]}")
        chosen = np.array([any(person in name for person in persons) for name in names])
    else:
        chosen = np.zeros(len(names), bool)
        order = np.random.default_rng(seed % 2 ** 32).permutation(len(names))
        for label in np.unique(labels):
            of_class = order[np.asarray(labels)[order] == label]
            chosen[of_class[:round(share * len(of_class))]] = True
    if chosen.all() or not chosen.any():
        raise UserError(f'validation takes {chosen.sum()} of {len(names)} training samples: choose other val_persons, '
                        'or another val_share')
    return chosen
