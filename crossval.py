#!/usr/bin/env python3
"""Cross-validate a recipe: `python crossval.py --configs train_joint.yaml train_bone.yaml --by person`."""
import pathlib

from prediction.cross_validation import cross_validate
from prediction.crossval_results import compare
from runtime.arguments import Parser, count, finite_number
from runtime.errors import run_command


def get_parser():
    parser = Parser(description='Train the streams of each fold on the clips of the others, test and fuse them, and '
                                'print accuracies and how certain they are. Folds that are finished are kept.')
    add = parser.add_argument
    add('--configs', nargs='+', help='training configs, one a stream; all clips are those of train_feeder_args')
    add('--by', metavar='GROUP', help='one fold a person, a camera, or what this regular expression (its group, if it '
                                      'has one) finds in sample names')
    add('--folds', type=count, help='instead of --by: so many folds, each with its fraction of every class')
    add('--seeds', type=int, nargs='+', default=[1], help='seeds of the runs, and of the folds that --folds draws')
    add('--stream-weights', '--weights', type=finite_number, nargs='+', metavar='FACTOR',
        help='a factor for every stream in the fusion, 1 if not given')
    add('--out', type=pathlib.Path, default='./work_dir/crossval', help='where runs and scores go')
    add('--device', nargs='+', help='devices, each for runs of their own: 0 1 2, cpu; all GPUs if not given')
    add('--jobs', type=count, help='runs at a time; one a GPU, or one a core, if not given')
    add('--overwrite', action='store_true', help='train all folds again, including finished ones')
    add('--compare', nargs=2, type=pathlib.Path, metavar=('A', 'B'), help='compare two finished --out folders instead')
    add('flags', nargs='*', help='after --: flags of main.py for all runs, such as -- --num-epoch 40')
    return parser


def main():
    arg = get_parser().parse_args()
    if arg.compare:
        print('\n'.join(compare(*arg.compare)))
    else:
        cross_validate(arg)


if __name__ == '__main__':
    run_command(main)
