#!/usr/bin/env python3
"""Fuse the scores of several streams: `python ensemble.py --datasets ntu/xsub`."""
import pathlib

from data_gen.class_names import NAMES_HELP, class_names, names_beside, unnamed
from feeders.labels import top_k
from prediction.scores import class_accuracies, fuse, read_streams, stream_weights, write_scores
from runtime.arguments import Parser, finite_number
from runtime.errors import UserError, run_command


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
    add('--report', action='store_true', help='print the accuracy of every class too')
    add('--names', help=f'for --report: {NAMES_HELP}')
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


def main():
    arg = get_parser().parse_args()
    score_files, label_file = find_files(arg)
    factors = stream_weights(arg.stream_weights, len(score_files), arg.alpha)
    names, labels, stacked = read_streams(score_files, label_file)
    fused = fuse(stacked, factors)
    for k in (1, 5):
        print(f'\tTop{k}: {100 * top_k(fused, labels, k):.4f}%')
    if arg.report:
        class_name = class_names(fused.shape[1], arg.names or names_beside(label_file))
        for label, accuracy in class_accuracies(fused, labels).items():
            known = '' if class_name[label] == unnamed(label) else f' ({class_name[label]})'
            print(f'\tClass {label}{known}: {100 * accuracy:.2f}%')
    if arg.out:
        write_scores(arg.out, names, fused)


if __name__ == '__main__':
    run_command(main)
