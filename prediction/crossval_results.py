"""The results of a cross-validation: accuracies of its folds and of all clips, and whether two recipes differ."""
import math
import statistics

import numpy as np

from feeders.labels import read_labels, top_k
from prediction.ranking import probabilities
from prediction.scores import class_accuracies, fuse, read_scores, read_streams, stack_streams, write_scores
from runtime.errors import UserError


def score_file(folder):
    """Return the score file that a finished run left in `folder`, or None."""
    return next(folder.glob('epoch*_test_score.pkl'), None)


def results(runs, streams, factors, names, labels, out):
    """Return the lines of the table, and write the scores of all N clips, a file a seed and stream.

    `runs` is seed → fold → (the tested clips (N,) bool, the folder of each stream's run). Accuracies are in per cent.
    Those of all clips are of all folds of a seed together; with several seeds, their mean ± standard deviation.
    """
    columns = [*streams, 'fused'] if len(streams) > 1 else streams
    lines = [as_row('seed', 'fold', 'clips', *columns, 'mean class'), '| --- ' * (len(columns) + 4) + '|']
    by_fold, by_seed, entropies = [], [], []
    for seed, folds in runs.items():
        scores = {}
        for fold, (tested, folders) in folds.items():
            files = [score_file(folder) for folder in folders]
            stacked = stack_streams([read_scores(file) for file in files], np.array(names)[tested].tolist(), files)
            scores.update(zip(np.flatnonzero(tested), stacked.swapaxes(0, 1)))
            by_fold.append(accuracies(stacked, factors, labels[tested]))
            lines.append(as_row(seed, fold, tested.sum(), *(f'{value:.1f}' for value in by_fold[-1])))
        stacked = np.stack([scores[i] for i in range(len(names))], 1)
        by_seed.append(accuracies(stacked, factors, labels))
        entropies.append([cross_entropy(of_stream, labels) for of_stream in stacked])
        for stream, of_stream in zip([*streams, 'fused'], [*stacked, fuse(stacked, factors)]):
            write_scores(out / f'seed{seed}/{stream}_score.pkl', names, of_stream)
    accuracy = np.mean(by_seed, axis=0)[len(columns) - 1] / 100
    low, high = wilson(accuracy * len(names), len(names))  # the seeds test the same clips: they count once
    return [*lines, as_row('', f'mean of {len(by_fold)} folds', '', *map(mean_text, zip(*by_fold))),
            as_row('', 'all clips', len(names), *map(mean_text, zip(*by_seed))), '',
            f'{columns[-1].capitalize()}, all {len(names)} clips: {100 * accuracy:.1f}%; 95% interval (Wilson) from '
            f'{100 * low:.1f}% to {100 * high:.1f}%',
            'Mean cross entropy of all clips: ' + ', '.join(
                f'{stream} {entropy:.4f}' for stream, entropy in zip(streams, np.mean(entropies, axis=0)))]


def as_row(*cells):
    return f'| {" | ".join(map(str, cells))} |'


def accuracies(stacked, factors, labels):
    """Return top-1 of each stream of scores (S, n, num_class), of their fusion if S > 1, and its mean over classes."""
    fused = fuse(stacked, factors)
    every = [*stacked, fused] if len(stacked) > 1 else [fused]
    right = [*(top_k(scores, labels, 1) for scores in every), np.mean([*class_accuracies(fused, labels).values()])]
    return [100 * fraction for fraction in right]


def cross_entropy(scores, labels):
    """Return the mean over the N samples of −log of the probability that scores (N, num_class) give their label."""
    return -np.log(np.maximum(probabilities(scores)[np.arange(len(labels)), labels], np.finfo(float).tiny)).mean()


def mean_text(values):
    """Return `mean ± standard deviation` of several values, or the one."""
    spread = f' ± {statistics.stdev(values):.1f}' if len(values) > 1 else ''
    return f'{statistics.mean(values):.1f}{spread}'


def wilson(right, number, confidence=0.95):
    """Return (low, high), Wilson's score interval of the fraction right / number. Source: Wilson, JASA 22, 1927."""
    z = statistics.NormalDist().inv_cdf((1 + confidence) / 2)
    p = right / number
    middle = p + z ** 2 / (2 * number)
    reach = z * math.sqrt(p * (1 - p) / number + z ** 2 / (4 * number ** 2))
    scale = 1 + z ** 2 / number
    return (middle - reach) / scale, (middle + reach) / scale


def mcnemar(only_a, only_b):
    """Return the two-sided p of McNemar's exact test of two classifiers on the same samples.

    `only_a` samples are classified correctly by A alone, `only_b` by B alone. If both are equally good, each of these
    samples is A's or B's with probability one half; p is the probability of a split at least this uneven. Source:
    McNemar, Psychometrika 12, 1947; exact by the binomial distribution.
    """
    number = only_a + only_b
    tail = sum(math.comb(number, k) for k in range(min(only_a, only_b) + 1))
    return min(1.0, 2 * tail / 2 ** number)


def compare(a, b):
    """Return the lines that compare the fused scores of two cross-validations of the same clips, seed by seed."""
    if dict(zip(*read_labels(a / 'labels.pkl'))) != dict(zip(*read_labels(b / 'labels.pkl'))):
        raise UserError(f'{b}: its clips are not those of {a}: only runs on the same clips can be compared')
    seeds = [file.parent.name for file in sorted(a.glob('seed*/fused_score.pkl'))
             if (b / file.parent.name / file.name).exists()]
    if not seeds:
        raise UserError(f'{a} and {b}: no seed of which both have all folds: finish them first')
    files = [folder / seed / 'fused_score.pkl' for folder in (a, b) for seed in seeds]
    names, labels, stacked = read_streams(files, a / 'labels.pkl')
    pairs = stacked.reshape(2, len(seeds), *stacked.shape[1:]).swapaxes(0, 1)
    rows = [*zip(seeds, pairs), *([('their sum', pairs.sum(0))] if len(seeds) > 1 else [])]
    lines = [f'A: {a}, B: {b}, {len(names)} clips', '',
             as_row('', 'A', 'B', 'only A right', 'only B right', 'McNemar, exact'), '| --- ' * 6 + '|']
    for row, pair in rows:
        right_a, right_b = pair.argmax(2) == labels
        only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
        lines.append(as_row(row, f'{100 * right_a.mean():.1f}', f'{100 * right_b.mean():.1f}', only_a, only_b,
                            f'p = {mcnemar(only_a, only_b):.3g}'))
    return lines
