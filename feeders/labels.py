"""Label files, pickles of (sample names, labels), and the accuracy on them."""
import numpy as np

from runtime.data_file import load_pickle
from runtime.errors import UserError, short_repr

NEEDED = 'a pickle of two lists of one length (sample names, labels) is needed'


def top_k(scores, labels, k):
    """Return the fraction of the rows of `scores` (N, num_class) whose label, of `labels` (N,), is among the k best.

    In a row with a NaN, no class is.
    """
    best = np.argsort(scores, axis=1)[:, -k:]
    right = (best == np.asarray(labels)[:, None]).any(axis=1) & ~np.isnan(scores).any(axis=1)
    return float(right.mean())


def text_of(name, path):
    """Return a sample's `name` as text, by which all files are matched; UserError, naming the file, if it is no name.

    Names of other programs are numbers or bytes, too.
    """
    if not isinstance(name, str | bytes | int | np.generic):
        raise UserError(f'{path}: {short_repr(name)} is no sample name')
    return name.decode('latin-1') if isinstance(name, bytes) else str(name)


def read_labels(path):
    """Return the sample names and the labels in the pickle `path`, two lists of one length.

    Raises UserError if it holds anything else, no sample, a sample twice, or a label that is not an integer from 0.
    """
    content = load_pickle(path, advice=NEEDED)
    if not isinstance(content, list | tuple) or len(content) != 2 or not all(
            isinstance(values, list | tuple) or isinstance(values, np.ndarray) and values.ndim == 1
            for values in content) or not len(content[0]) == len(content[1]) > 0:
        raise UserError(f'{path}: {NEEDED}: prepare the data again')
    found = {}
    for name, label in zip(*content):
        name = text_of(name, path)
        if not isinstance(label, int | np.integer) or isinstance(label, bool) or label < 0:
            raise UserError(f'{path}: the label of {name} is {short_repr(label)}: {NEEDED}, the labels integers from 0')
        if name in found:
            raise UserError(f'{path}: sample {name} is listed twice, with the labels {found[name]} and {label}: '
                            'names must differ, as scores are matched by them')
        found[name] = int(label)
    return list(found), list(found.values())
