"""What a report says in numbers: accuracies, confusions, and the effect of fusion."""
import numpy as np

from feeders.labels import top_k
from prediction.scores import class_accuracies, fuse

PAIRS, SAMPLES = 10, 10  # at most this many are printed


def confusion_counts(predicted, labels, num_class):
    """Return (num_class, num_class) integers: how many samples of each true class were predicted as each class."""
    return np.bincount(labels * num_class + predicted, minlength=num_class ** 2).reshape(num_class, num_class)


def confused_pairs(counts):
    """Return (true, predicted, samples) of every pair of different classes that were confused, most frequent first."""
    wrong = counts - np.diag(counts.diagonal())
    pairs = np.argwhere(wrong)
    return [(int(i), int(j), int(wrong[i, j])) for i, j in pairs[np.argsort(-wrong[tuple(pairs.T)], kind='stable')]]


def report(stacked, weights, labels, names, sample_names, files):
    """Return the report's lines on the scores of S streams, `stacked` (S, N, num_class), fused with `weights`."""
    scores = fuse(stacked, weights)
    counts = confusion_counts(scores.argmax(1), labels, scores.shape[1])
    accuracies = class_accuracies(scores, labels)
    lines = [f'{len(labels)} samples of {len(accuracies)} classes: top-1 {top_k(scores, labels, 1):.2%}, '
             f'top-5 {top_k(scores, labels, 5):.2%}, mean class accuracy {np.mean(list(accuracies.values())):.2%}',
             '', 'Accuracy of every class, best first']
    for label, accuracy in sorted(accuracies.items(), key=lambda item: -item[1]):
        lines.append(f'  {accuracy:7.2%}  {counts[label, label]:5d} of {counts[label].sum():<5d} {names[label]}')
    lines += ['', 'Most confused']
    pairs = confused_pairs(counts)
    lines += [f'  {number:5d} of {counts[true].sum():<5d} {names[true]} → {names[predicted]}'
              for true, predicted, number in pairs[:PAIRS]] or ['  none']
    if len(stacked) > 1:
        lines += ['', *fusion_lines(stacked, scores, labels, sample_names, files)]
    return lines


def fusion_lines(stacked, fused, labels, sample_names, files):
    """Return the lines on the samples that fusion corrects and spoils, by stream and for all streams together."""
    right = stacked.argmax(2) == labels  # (S, N)
    fused_right = fused.argmax(1) == labels
    lines = ['Effect of fusion']
    for file, one in zip(files, right):
        lines.append(f'  {file}: {one.mean():.2%} alone; fusion makes {(~one & fused_right).sum()} of its '
                     f'{(~one).sum()} wrong samples right, and {(one & ~fused_right).sum()} of its {one.sum()} right '
                     'ones wrong')
    rescued = np.flatnonzero(~right.any(0) & fused_right)
    lines.append(f'  right after fusion, though wrong in every stream alone: {len(rescued)}')
    some = np.flatnonzero(~right.all(0) & fused_right)
    lines += [f'    {sample_names[i]}' for i in some[:SAMPLES]]
    if len(some) > SAMPLES:
        lines.append(f'    … and {len(some) - SAMPLES} more that a stream alone gets wrong')
    return lines
