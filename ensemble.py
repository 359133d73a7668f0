#!/usr/bin/env python3
"""Fuse the scores of several streams: `python ensemble.py --datasets ntu/xsub`."""
import pathlib
import pickle
import sys

import numpy as np

from data_gen.class_names import NAMES_HELP, class_names, names_beside, unnamed
from feeders.labels import read_labels, text_of, top_k
from runtime.arguments import Parser, finite_number, share
from runtime.atomic_file import write_whole
from runtime.errors import UserError, run_command
from runtime.safe_pickle import load_pickle

NEEDED = 'a pickle of a dict from sample names to scores is needed, as main.py --save-score writes it'
SEARCHED_WEIGHTS = np.arange(0, 2.01, 0.1).round(1).tolist()
SEARCH_SEED = 1


def get_parser():
    parser = Parser(description='Fuse the scores of several streams by a weighted sum, and print top-1 and top-5.')
    add = parser.add_argument
    add('--datasets', help='ntu/xsub, ntu/xview, kinetics, or any folder under ./data with a val_label.pkl')
    add('--streams', nargs='+', default=['joint', 'bone'], help='streams of --datasets to fuse')
    add('--alpha', type=finite_number, default=1.0, help='weight of every stream after the first')
    add('--scores', nargs='+', help='score files (default: those of --datasets)')
    add('--labels', help='label file (default: that of --datasets)')
    add('--weights', nargs='+', type=finite_number, help='one weight for each stream (default: 1 and --alpha)')
    add('--search', type=share, metavar='SHARE',
        help='find the weights on this fraction of the samples, such as 0.5, and report the accuracy on the rest')
    add('--report', action='store_true', help='print the accuracy of every class too')
    add('--names', help=f'for --report: {NAMES_HELP}')
    add('--out', help='write the fused scores to this file')
    return parser


def read_scores(path):
    """Return sample name → scores (num_class,) of a score file that main.py wrote."""
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


def stack_streams(scores, names, files):
    """Return float32 (S, N, num_class): the S dicts `scores` by name, in the order of `names`.

    Raises UserError with the first of the names that a stream lacks; `files` names the streams' files.
    """
    for stream, file in zip(scores, files):
        missing = [name for name in names if name not in stream]
        if missing:
            raise UserError(f'{file}: no scores of {len(missing)} of {len(names)} samples ({", ".join(missing[:3])}'
                            f'{", …" if len(missing) > 3 else ""}): test that stream on the same data')
        if len(stream) > len(names):
            print(f'{file}: {len(stream) - len(names)} samples without a label are ignored', file=sys.stderr)
    lengths = {len(stream[name]) for stream in scores for name in names}
    if len(lengths) > 1:
        raise UserError(f'{", ".join(map(str, files))}: scores of {" and ".join(map(str, sorted(lengths)))} '
                        'classes: all streams must have the same classes')
    return np.array([[stream[name] for name in names] for stream in scores], dtype=np.float32)


def read_streams(score_files, label_file):
    """Return (names, labels (N,), scores float32 (S, N, num_class)) of the samples in `label_file`.

    Raises UserError if a file is of another kind, if a stream lacks a sample, or if a label exceeds the classes of the
    scores.
    """
    names, labels = read_labels(label_file)
    labels = np.array(labels)
    stacked = stack_streams([read_scores(path) for path in score_files], names, score_files)
    num_class = stacked.shape[2]
    if labels.max() >= num_class:
        raise UserError(f'{label_file}: it has label {labels.max()}, but the scores have {num_class} classes, counted '
                        'from 0')
    return names, labels, stacked


def stream_weights(given, number, alpha=1.0, flag='--weights'):
    """Return the weights of `number` streams: those `given` by `flag`, else 1 for the first and `alpha` for others."""
    weights = given or [1.0] + [alpha] * (number - 1)
    if len(weights) != number:
        raise UserError(f'{flag}: {len(weights)} weights for {number} streams: give one weight for each stream')
    return weights


def fuse(stacked, weights):
    """Return (N, num_class): the sum of the streams (S, N, num_class), each times its weight."""
    return sum(scores * weight for scores, weight in zip(stacked, weights))


def search_weights(stacked, labels):
    """Return the weights with the best top-1 on these samples.

    The first stream has weight 1. The others' weights are searched one after the other, until none improves the result.
    """
    def accuracy(weights):
        return top_k(fuse(stacked, weights), labels, 1)

    weights, previous = [1.0] * len(stacked), None
    while weights != previous:
        previous = weights
        for stream in range(1, len(stacked)):
            trials = [[*weights[:stream], weight, *weights[stream + 1:]] for weight in SEARCHED_WEIGHTS]
            weights = max([weights, *trials], key=accuracy)
    return weights


def split_samples(number, share):
    """Return (searched, reported): two disjoint, sorted index arrays, the first of `share` of `number` samples."""
    order = np.random.default_rng(SEARCH_SEED).permutation(number)
    cut = round(share * number)
    return np.sort(order[:cut]), np.sort(order[cut:])


def class_accuracies(scores, labels):
    """Return class → share of its samples that have the best score there, for the classes that have samples."""
    right = scores.argmax(axis=1) == labels
    return {int(c): float(right[labels == c].mean()) for c in np.unique(labels)}


def find_files(arg):
    """Return (score files, label file) that the arguments name."""
    if arg.datasets is None and not (arg.scores and arg.labels):
        raise UserError('give --datasets, such as ntu/xsub, or --scores and --labels')
    scores = arg.scores or [f'./work_dir/{arg.datasets}/agcn_test_{s}/epoch1_test_score.pkl' for s in arg.streams]
    labels = arg.labels or f'./data/{arg.datasets}/val_label.pkl'
    for path in [labels, *scores]:
        if not pathlib.Path(path).is_file():
            how = 'prepare the data' if path == labels else 'test that stream with save_score'
            raise UserError(f'{path}: no such file: {how}, or check --datasets')
    return scores, labels


def main():
    arg = get_parser().parse_args()
    score_files, label_file = find_files(arg)
    weights = stream_weights(arg.weights, len(score_files), arg.alpha)
    names, labels, stacked = read_streams(score_files, label_file)
    reported = np.arange(len(labels))
    if arg.search is not None:
        if arg.weights:
            raise UserError('--search finds the weights: leave out --weights')
        searched, reported = split_samples(len(labels), arg.search)
        if not len(searched) or not len(reported):
            raise UserError(f'--search {arg.search}: give a fraction between 0 and 1 that leaves samples in both parts')
        weights = search_weights(stacked[:, searched], labels[searched])
        print(f'\tWeights {" ".join(f"{w:g}" for w in weights)}, chosen on {len(searched)} samples; '
              f'accuracy on the other {len(reported)}:')
    fused = fuse(stacked, weights)
    for k in (1, 5):
        print(f'\tTop{k}: {100 * top_k(fused[reported], labels[reported], k):.4f}%')
    if arg.report:
        class_name = class_names(fused.shape[1], arg.names or names_beside(label_file))
        for label, accuracy in class_accuracies(fused[reported], labels[reported]).items():
            known = '' if class_name[label] == unnamed(label) else f' ({class_name[label]})'
            print(f'\tClass {label}{known}: {100 * accuracy:.2f}%')
    if arg.out:
        with write_whole(arg.out) as file:
            pickle.dump(dict(zip(names, fused)), file)


if __name__ == '__main__':
    run_command(main)
