"""What a report says in numbers: accuracies, confusions, and the effect of fusion."""
import numpy as np

from feeders.labels import top_k
from prediction.scores import class_accuracies, fuse

MAX_PAIRS = 10  # that are printed


def confusion_counts(predicted, labels, num_class):
    """Return (num_class, num_class) integers: how many samples of each true class were predicted as each class."""
    return np.bincount(labels * num_class + predicted, minlength=num_class ** 2).reshape(num_class, num_class)


def confused_pairs(counts):
    """Return (true, predicted, samples) of every pair of different classes that were confused, most frequent first."""
    wrong = counts - np.diag(counts.diagonal())
    pairs = np.argwhere(wrong)
    return [(int(i), int(j), int(wrong[i, j])) for i, j in pairs[np.argsort(-wrong[tuple(pairs.T)], kind='stable')]]


def report(stacked, weights, labels, names, files):
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
    lines += [f'  {number:5d} of {counts[true].sum():<5d} {names[true]} → {names[predicted]}'
              for true, predicted, number in confused_pairs(counts)[:MAX_PAIRS]]
    if len(stacked) > 1:
        right = scores.argmax(1) == labels
        lines += ['', 'Effect of fusion']
        for file, alone in zip(files, stacked.argmax(2) == labels):
            lines.append(f'  {file}: {alone.mean():.2%} alone; fusion makes {(~alone & right).sum()} of its '
                         f'{(~alone).sum()} wrong samples right, and {(alone & ~right).sum()} of its {alone.sum()} '
                         'right ones wrong')
    return lines
