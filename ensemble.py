#!/usr/bin/env python3
"""Fuse the scores of several streams: `python ensemble.py --datasets ntu/xsub`."""
import pathlib

import numpy as np

from feeders.labels import top_k
from prediction.scores import fuse, read_streams, search_factors, stream_weights, write_scores
from runtime.arguments import Parser, finite_number, fraction
from runtime.errors import UserError, run_command

SEARCH_SEED = 1  # draws the samples of --search


def get_parser():
    parser = Parser(description='Fuse the scores of several streams by a weighted sum, and print top-1 and top-5.')
    add = parser.add_argument
    add('--datasets', help='ntu/xsub, ntu/xview, kinetics, or any folder under ./data with a val_label.pkl')
    add('--streams', nargs='+', default=['joint', 'bone'], help='streams of --datasets to fuse')
    add('--alpha', type=finite_number, default=1.0, help='factor of every stream after the first')
    add('--scores', nargs='+', help='score files (default: those of --datasets)')
    add('--labels', help='label file (default: that of --datasets)')
    add('--stream-weights', '--weights', nargs='+', type=finite_number, metavar='FACTOR',
        help='one factor for each stream (default: 1 and --alpha)')
    add('--search', type=fraction, metavar='FRACTION',
        help='find the factors on this fraction of the samples, such as 0.5, and report the accuracy on the others')
    add('--out', help='write the fused scores to this file')
    return parser


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


def split_samples(arg, number):
    """Return (indices of the samples on which --search finds the factors, indices of the others)."""
    searched, reported = np.split(np.random.default_rng(SEARCH_SEED).permutation(number), [round(arg.search * number)])
    if arg.stream_weights or not len(searched) or not len(reported):
        raise UserError('--search: leave out --stream-weights, and give a fraction that leaves samples in both parts')
    return searched, reported


def main():
    arg = get_parser().parse_args()
    score_files, label_file = find_files(arg)
    factors = stream_weights(arg.stream_weights, len(score_files), arg.alpha)
    names, labels, stacked = read_streams(score_files, label_file)
    reported = np.arange(len(labels))
    if arg.search is not None:
        searched, reported = split_samples(arg, len(labels))
        factors = search_factors(stacked[:, searched], labels[searched])
        print(f'\tFactors {" ".join(f"{factor:g}" for factor in factors)}, chosen on {len(searched)} samples; '
              f'accuracy on the other {len(reported)}:')
    fused = fuse(stacked, factors)
    for k in (1, 5):
        print(f'\tTop{k}: {100 * top_k(fused[reported], labels[reported], k):.4f}%')
    if arg.out:
        write_scores(arg.out, names, fused)


if __name__ == '__main__':
    run_command(main)
