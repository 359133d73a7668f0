#!/usr/bin/env python3
"""Cross-validate a recipe: `python crossval.py --configs train_joint.yaml train_bone.yaml --by person`."""
import json
import math
import pathlib
import pickle
import re
import statistics

import numpy as np
import yaml

from data_gen.formats.table import read_table
from feeders.fingerprint import SAMPLES_OF, fingerprints
from feeders.labels import read_labels, top_k
from feeders.persons import cameras_of, persons_of
from figures.significance import mcnemar, wilson
from prediction.scores import class_accuracies, fuse, read_scores, stack_streams, write_scores
from runtime.arguments import Parser, count, finite_number
from runtime.atomic_file import write_whole
from runtime.errors import UserError, run_command
from runtime.run_flags import get_parser as get_run_parser
from runtime.run_folder import CHECKPOINT
from runtime.side_by_side import places, run_side_by_side

HOW_IT_RUNS = 'config', 'device', 'overwrite', 'resume'  # keys that do not say what a run is
CHOSEN_HERE = (*HOW_IT_RUNS, 'phase', 'work_dir', 'model_saved_name', 'seed', 'val_persons', 'val_share', 'save_score',
               'eval_interval', 'save_interval')


def get_parser():
    parser = Parser(description='Train the streams of each fold on the clips of the others, test and fuse them, and '
                                'print accuracies and how certain they are. Folds that are finished are kept.')
    add = parser.add_argument
    add('--configs', nargs='+', help='training configs, one a stream; all clips are those of train_feeder_args')
    add('--by', metavar='GROUP', help='one fold a person, a camera, a value of that column of --table, or what this '
                                      'regular expression (its group, if it has one) finds in sample names')
    add('--table', help='CSV with the columns file (the sample name) and that of --by')
    add('--folds', type=count, help='instead of --by: so many folds, each with its share of every class')
    add('--seeds', type=int, nargs='+', default=[1], help='seeds of the runs, and of the folds that --folds draws')
    add('--weights', type=finite_number, nargs='+', help='a weight for every stream in the fusion, 1 if not given')
    add('--out', default='./work_dir/crossval', help='where runs and scores go')
    add('--device', nargs='+', help='devices, each for runs of their own: 0 1 2, cpu; all GPUs if not given')
    add('--jobs', type=count, help='runs at a time; one a GPU, or one a core, if not given')
    add('--overwrite', action='store_true', help='train all folds again, including finished ones')
    add('--compare', nargs=2, metavar=('A', 'B'), help='compare two finished --out folders instead')
    add('flags', nargs='*', help='after --: flags of main.py for all runs, such as -- --num-epoch 40')
    return parser


def main():
    arg = get_parser().parse_args()
    if arg.compare:
        print('\n'.join(compare(*map(pathlib.Path, arg.compare))))
    else:
        cross_validate(arg)


def cross_validate(arg):
    """Train, test and fuse all folds; print the results; UserError if runs failed, after the results of the others."""
    if not arg.configs:
        raise UserError('--configs: name the training config of each stream')
    weights = arg.weights or [1.0] * len(arg.configs)
    if len(weights) != len(arg.configs):
        raise UserError(f'--weights: {len(weights)} weights for {len(arg.configs)} configs: give one each')
    streams = stream_names(arg.configs)
    configs = [read_config(path, arg.flags) for path in arg.configs]
    names, labels = common_samples(configs)
    folder = pathlib.Path(configs[0]['train_feeder_args']['data_path']).parent
    folds = {seed: make_folds(arg, names, labels, seed, folder) for seed in arg.seeds}
    data = [fingerprints({**config['test_feeder_args'], **config['train_feeder_args']}) for config in configs]
    out = pathlib.Path(arg.out)
    keep_labels(out / 'labels.pkl', names, labels, arg.overwrite)
    for file in out.glob('seed*/*_score.pkl') if arg.overwrite else ():
        file.unlink()  # --compare would take the scores of the runs before for those of these
    runs = {}  # (seed, fold) → (the tested clips (N,) bool, the folder of each stream's run)
    for seed, of_seed in folds.items():
        for fold, tested in of_seed.items():
            folder = out / f'seed{seed}' / fold
            for part, chosen in (('train', ~tested), ('test', tested)):
                write_same(folder / f'{part}.txt', '\n'.join(np.array(names)[chosen]), arg.overwrite)
            runs[seed, fold] = tested, [write_run(folder / stream, *of_stream, seed, arg.overwrite)
                                        for stream, *of_stream in zip(streams, configs, data)]
    every = [folder for _, folders in runs.values() for folder in folders]
    waiting = [folder for folder in every if not score_file(folder)]
    failed = run_side_by_side(waiting, places(arg.device, arg.jobs)) if waiting else {}
    for folder in waiting:
        if folder not in failed:
            for file in (CHECKPOINT, 'weights-best.pt'):  # nothing is resumed, and the best weights are the last
                (folder / file).unlink(missing_ok=True)
    print('\n'.join(results(runs, streams, weights, names, labels, out)))
    if failed:
        folder, reason = next(iter(failed.items()))
        raise UserError(f'{len(failed)} of {len(every)} runs failed, the first in {folder}: {reason}: fix it, and the '
                        'same command trains those again', status=2 if len(failed) == len(every) else 1)


def stream_names(paths):
    """Return a name for each config: its file's, without `train_`."""
    names = [pathlib.Path(path).stem.removeprefix('train_') for path in paths]
    if len(set(names)) < len(names):
        raise UserError(f'--configs: {", ".join(names)}: two of one name: give the files different ones')
    return names


def read_config(path, flags):
    """Return the arguments of a training run, a dict, from its config and the flags that go before it."""
    for flag in flags:
        if flag.startswith('-') and flag.partition('=')[0].lstrip('-').replace('-', '_') in CHOSEN_HERE:
            raise UserError(f'-- {flag}: crossval.py chooses it for each run: leave it out')
    config = vars(get_run_parser().parse_with_config(['--config', path, *flags]))
    if not {'data_path', 'label_path'} <= config['train_feeder_args'].keys():
        raise UserError(f'{path}: train_feeder_args name no data_path and label_path to take the clips from')
    return config


def common_samples(configs):
    """Return (names, labels (N,)) of the clips that all configs train on; UserError if they are not the same."""
    found = [read_labels(config['train_feeder_args']['label_path']) for config in configs]
    for config, samples in zip(configs, found):
        if samples != found[0]:
            raise UserError(f'{config["config"]}: its label_path holds other clips than that of '
                            f'{configs[0]["config"]}: the streams must be of the same data')
    names, labels = found[0]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f'{configs[0]["train_feeder_args"]["label_path"]}: {twice} is there twice')
    return names, np.array(labels)


def keep_labels(path, names, labels, overwrite):
    """Write the label file of the cross-validation; UserError if the folder holds one of other clips."""
    samples = names, labels.tolist()
    if path.exists() and not overwrite and read_labels(path) != samples:
        raise UserError(f'{path}: the folder holds runs on other clips: choose another --out, or --overwrite them')
    with write_whole(path) as file:
        pickle.dump(samples, file)


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


def write_same(path, text, overwrite):
    """Write `text` to `path`; UserError if something else stands there and may not be overwritten."""
    if path.exists() and not overwrite and path.read_text(encoding='utf-8') != text:
        raise UserError(f'{path}: the folder holds a run of other settings, clips or data: choose another --out, '
                        'or --overwrite it')
    with write_whole(path, 'w', encoding='utf-8') as file:
        file.write(text)


def write_run(folder, config, data, seed, overwrite):
    """Write the config of one stream's run in a fold to run.yaml in `folder`, and return the folder.

    Beside it, data.yaml holds the fingerprints `data` of the files that it is of.
    Its last weights are tested once, at the end: none are chosen by the clips that they are tested on.
    """
    samples = {key: value for key, value in config['train_feeder_args'].items() if key in SAMPLES_OF}
    run = {**config, 'phase': 'train', 'work_dir': str(folder), 'model_saved_name': '', 'seed': seed, 'val_persons': [],
           'val_share': 0.0, 'save_score': True, 'eval_interval': config['num_epoch'],
           'save_interval': config['num_epoch'], 'feeder': 'feeders.parts.NamedPart'}
    for part in ('train', 'test'):
        own = {key: value for key, value in config[f'{part}_feeder_args'].items() if key not in SAMPLES_OF}
        run[f'{part}_feeder_args'] = {'feeder': config['feeder'], 'names': str(folder.parent / f'{part}.txt'),
                                      **own, **samples}
    for key in HOW_IT_RUNS:
        run.pop(key)
    write_same(folder / 'run.yaml', yaml.safe_dump(run), overwrite)
    write_same(folder / 'data.yaml', yaml.safe_dump(data), overwrite)
    if overwrite and (scores := score_file(folder)):
        scores.unlink()
    return folder


def score_file(folder):
    """Return the score file that a finished run left in `folder`, or None."""
    return next(folder.glob('epoch*_test_score.pkl'), None)


def test_loss(folder):
    """Return the test loss of the finished run in `folder`, the mean over its samples; NaN of a run from before it had.
    """
    best = json.loads((folder / 'weights-best.json').read_text(encoding='utf-8'))  # the only evaluation
    return best.get('loss', math.nan)


def results(runs, streams, weights, names, labels, out):
    """Return the lines of the table, of the folds whose streams are all finished; write the scores of whole seeds.

    Accuracies are in per cent. Those of all clips are of a whole seed, all folds together; with several seeds,
    their mean ± standard deviation.
    """
    columns = [*streams, 'fused'] if len(streams) > 1 else streams
    lines = [f'| seed | fold | clips | {" | ".join(columns)} | mean class |', '| --- ' * (len(columns) + 4) + '|']
    by_fold, pooled = [], {}  # seed → [scores (S, n, num_class), indices (n,), losses (S,) of its folds]
    for (seed, fold), (tested, folders) in runs.items():
        files = [score_file(folder) for folder in folders]
        if not all(files):
            pooled[seed] = None
            lines.append(f'| {seed} | {fold} | {tested.sum()} |' + ' not finished |' * (len(columns) + 1))
            continue
        index = np.flatnonzero(tested)
        stacked = stack_streams([read_scores(file) for file in files], [names[i] for i in index], files)
        by_fold.append(accuracies(stacked, weights, labels[index]))
        if pooled.setdefault(seed, []) is not None:
            pooled[seed].append((stacked, index, [test_loss(folder) for folder in folders]))
        lines.append(f'| {seed} | {fold} | {len(index)} | {" | ".join(f"{value:.1f}" for value in by_fold[-1])} |')
    if by_fold:
        lines.append(f'| | mean of {len(by_fold)} folds | | {" | ".join(map(mean_text, zip(*by_fold)))} |')
    whole, losses = [], []
    for seed, parts in pooled.items():
        if parts:
            scores, indices, of_folds = zip(*parts)
            losses.append(np.average(of_folds, axis=0, weights=[len(index) for index in indices]))
            scores = np.concatenate(scores, 1)[:, np.argsort(np.concatenate(indices))]
            write_pooled(out / f'seed{seed}', streams, scores, weights, names)
            whole.append(accuracies(scores, weights, labels))
    if whole:
        lines.append(f'| | all clips | {len(names)} | {" | ".join(map(mean_text, zip(*whole)))} |')
        share = np.mean(whole, axis=0)[len(columns) - 1] / 100  # the seeds test the same clips: they count once
        low, high = wilson(share * len(names), len(names))
        lines += ['', f'{columns[-1].capitalize()}, all {len(names)} clips: {100 * share:.1f}%; 95% interval (Wilson) '
                      f'from {100 * low:.1f}% to {100 * high:.1f}%',
                  'Mean test loss over all clips: ' + ', '.join(
                      f'{stream} {loss:.4f}' for stream, loss in zip(streams, np.mean(losses, axis=0)))]
    return lines


def accuracies(stacked, weights, labels):
    """Return top-1 of each stream of scores (S, n, num_class), of their fusion if S > 1, and its mean over classes."""
    fused = fuse(stacked, weights)
    every = [*stacked, fused] if len(stacked) > 1 else [fused]
    shares = [*(top_k(scores, labels, 1) for scores in every), np.mean([*class_accuracies(fused, labels).values()])]
    return [100 * share for share in shares]


def mean_text(values):
    """Return `mean ± standard deviation` of several values, or the one."""
    spread = f' ± {statistics.stdev(values):.1f}' if len(values) > 1 else ''
    return f'{statistics.mean(values):.1f}{spread}'


def write_pooled(folder, streams, stacked, weights, names):
    """Write the scores of all clips, of each stream and fused, as ensemble.py and visualize.py read them."""
    for stream, scores in zip([*streams, 'fused'], [*stacked, fuse(stacked, weights)]):
        write_scores(folder / f'{stream}_score.pkl', names, scores)


def compare(a, b):
    """Return the lines that compare the fused scores of two cross-validations of the same clips, seed by seed."""
    samples = [read_labels(folder / 'labels.pkl') for folder in (a, b)]
    if dict(zip(*samples[0])) != dict(zip(*samples[1])):
        raise UserError(f'{b}: its clips are not those of {a}: only runs on the same clips can be compared')
    names, labels = samples[0]
    files = [{file.parent.name: file for file in sorted(folder.glob('seed*/fused_score.pkl'))} for folder in (a, b)]
    seeds = [seed for seed in files[0] if seed in files[1]]
    if not seeds:
        raise UserError(f'{a} and {b}: no seed of which both have all folds: finish them first')
    lines = [f'A: {a}, B: {b}, {len(names)} clips', '', '| | A | B | only A right | only B right | McNemar, exact |',
             '| --- ' * 6 + '|']
    scores = [[stack_streams([read_scores(of[seed])], names, [of[seed]])[0] for seed in seeds] for of in files]
    rows = dict(zip(seeds, zip(*scores)))
    if len(seeds) > 1:
        rows['their sum'] = [np.sum(of_seeds, axis=0) for of_seeds in scores]
    for row, (of_a, of_b) in rows.items():
        right_a, right_b = of_a.argmax(1) == labels, of_b.argmax(1) == labels
        only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
        lines.append(f'| {row} | {100 * right_a.mean():.1f} | {100 * right_b.mean():.1f} | {only_a} | {only_b} | '
                     f'p = {mcnemar(only_a, only_b):.3g} |')
    return lines


if __name__ == '__main__':
    run_command(main)
