"""Scores of several streams: their files, their fusion, and how often it is right."""
import pickle
import sys

import numpy as np

from feeders.labels import read_labels, text_of, top_k
from runtime.atomic_file import write_whole
from runtime.data_file import load_pickle
from runtime.errors import UserError

SEARCHED_FACTORS = [step / 10 for step in range(21)]
NEEDED = 'a pickle of a dict from sample names to scores is needed, as main.py --save-score writes it'


def write_scores(path, names, scores):
    """Write sample name → scores (num_class,), in the order of `names`; `scores` is (N, num_class)."""
    with write_whole(path) as file:
        pickle.dump(dict(zip(names, scores)), file)


def read_scores(path):
    """Return sample name → scores (num_class,) of a score file; UserError if it is none."""
    content = load_pickle(path, advice=f'not a score file: {NEEDED}')
    if not isinstance(content, dict) or not content:
        raise UserError(f'{path}: not a score file: {NEEDED}')
    scores = {text_of(name, path): score for name, score in content.items()}
    for name, score in scores.items():
        if not isinstance(score, np.ndarray) or score.ndim != 1 or score.dtype.kind != 'f':
            raise UserError(f'{path}: the scores of {name} are not a 1-D float array')
        if not np.isfinite(score).all():
            raise UserError(f'{path}: {name}: a score is not finite')
    return scores


def stack_scores(files, names):
    """Return float32 (S, N, num_class): the scores in S score files, in the order of `names`.

    Raises UserError if a stream lacks some of the names, or if the streams have different classes.
    """
    streams = [read_scores(file) for file in files]
    for stream, file in zip(streams, files):
        missing = [name for name in names if name not in stream]
        if missing:
            raise UserError(f'{file}: no scores of {len(missing)} of {len(names)} samples ({", ".join(missing[:3])}): '
                            'test that stream on the same data')
        if len(stream) > len(names):
            print(f'{file}: {len(stream) - len(names)} samples without a label are ignored', file=sys.stderr)
    lengths = {len(stream[name]) for stream in streams for name in names}
    if len(lengths) > 1:
        raise UserError(f'{", ".join(map(str, files))}: scores of {" and ".join(map(str, sorted(lengths)))} '
                        'classes: all streams must have the same classes')
    return np.array([[stream[name] for name in names] for stream in streams], dtype=np.float32)


def read_streams(score_files, label_file):
    """Return (names, labels (N,), scores float32 (S, N, num_class)) of the samples in `label_file`.

    Raises UserError for wrong files, see `stack_scores`, and if a label exceeds the classes of the scores.
    """
    names, labels = read_labels(label_file)
    labels = np.array(labels)
    stacked = stack_scores(score_files, names)
    num_class = stacked.shape[2]
    if labels.max() >= num_class:
        raise UserError(f'{label_file}: it has label {labels.max()}, but the scores have {num_class} classes, counted '
                        'from 0')
    return names, labels, stacked


def stream_weights(given, number, alpha=1.0):
    """Return the factors of `number` streams: those that are `given`, else 1 for the first and `alpha` for others."""
    factors = given or [1.0] + [alpha] * (number - 1)
    if len(factors) != number:
        raise UserError(f'--stream-weights: {len(factors)} factors for {number} streams: give one for each stream')
    return factors


def fuse(stacked, factors):
    """Return (N, num_class): the sum of the streams (S, N, num_class), each times its factor."""
    return sum(scores * factor for scores, factor in zip(stacked, factors))


def search_factors(stacked, labels):
    """Return the factors of the streams (S, N, num_class) with the best top-1 on these N samples.

    The first stream has 1. The others' factors are searched one after the other, until none improves the result.
    """
    factors, previous = [1.0] * len(stacked), None
    while factors != previous:
        previous = factors
        for stream in range(1, len(stacked)):
            trials = [[*factors[:stream], factor, *factors[stream + 1:]] for factor in SEARCHED_FACTORS]
            factors = max([factors, *trials], key=lambda trial: top_k(fuse(stacked, trial), labels, 1))
    return factors


def class_accuracies(scores, labels):
    """Return class → fraction of its samples that have the best score there, for the classes that have samples."""
    right = scores.argmax(axis=1) == labels
    return {int(c): float(right[labels == c].mean()) for c in np.unique(labels)}
