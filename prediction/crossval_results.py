"""The results of a cross-validation: accuracies of its folds and of all clips, and whether two recipes differ."""
import json
import math
import statistics

import numpy as np

from feeders.labels import read_labels, top_k
from prediction.scores import class_accuracies, fuse, read_scores, stack_streams, write_scores
from prediction.significance import mcnemar, wilson
from runtime.errors import UserError


def score_file(folder):
    """Return the score file that a finished run left in `folder`, or None."""
    return next(folder.glob('epoch*_test_score.pkl'), None)


def test_loss(folder):
    """Return the test loss of the finished run in `folder`, the mean over its samples; NaN of a run from before it had.
    """
    best = json.loads((folder / 'weights-best.json').read_text(encoding='utf-8'))  # the only evaluation
    return best.get('loss', math.nan)


def results(runs, streams, factors, names, labels, out):
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
        by_fold.append(accuracies(stacked, factors, labels[index]))
        if pooled.setdefault(seed, []) is not None:
            pooled[seed].append((stacked, index, [test_loss(folder) for folder in folders]))
        lines.append(f'| {seed} | {fold} | {len(index)} | {" | ".join(f"{value:.1f}" for value in by_fold[-1])} |')
    if by_fold:
        lines.append(f'| | mean of {len(by_fold)} folds | | {" | ".join(map(mean_text, zip(*by_fold)))} |')
    whole, losses = [], []
    for seed, gathered in pooled.items():
        if gathered:
            scores, indices, of_folds = zip(*gathered)
            losses.append(np.average(of_folds, axis=0, weights=[len(index) for index in indices]))
            scores = np.concatenate(scores, 1)[:, np.argsort(np.concatenate(indices))]
            write_pooled(out / f'seed{seed}', streams, scores, factors, names)
            whole.append(accuracies(scores, factors, labels))
    if whole:
        lines.append(f'| | all clips | {len(names)} | {" | ".join(map(mean_text, zip(*whole)))} |')
        accuracy = np.mean(whole, axis=0)[len(columns) - 1] / 100  # the seeds test the same clips: they count once
        low, high = wilson(accuracy * len(names), len(names))
        lines += ['', f'{columns[-1].capitalize()}, all {len(names)} clips: {100 * accuracy:.1f}%; 95% interval '
                      f'(Wilson) from {100 * low:.1f}% to {100 * high:.1f}%',
                  'Mean test loss over all clips: ' + ', '.join(
                      f'{stream} {loss:.4f}' for stream, loss in zip(streams, np.mean(losses, axis=0)))]
    return lines


def accuracies(stacked, factors, labels):
    """Return top-1 of each stream of scores (S, n, num_class), of their fusion if S > 1, and its mean over classes."""
    fused = fuse(stacked, factors)
    every = [*stacked, fused] if len(stacked) > 1 else [fused]
    right = [*(top_k(scores, labels, 1) for scores in every), np.mean([*class_accuracies(fused, labels).values()])]
    return [100 * fraction for fraction in right]


def mean_text(values):
    """Return `mean ± standard deviation` of several values, or the one."""
    spread = f' ± {statistics.stdev(values):.1f}' if len(values) > 1 else ''
    return f'{statistics.mean(values):.1f}{spread}'


def write_pooled(folder, streams, stacked, factors, names):
    """Write the scores of all clips, of each stream and fused, as ensemble.py and visualize.py read them."""
    for stream, scores in zip([*streams, 'fused'], [*stacked, fuse(stacked, factors)]):
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
