"""A report on score files: accuracies, confusions, and the effect of fusion."""
import numpy as np

from data_gen.class_names import class_names, class_names_file
from feeders.labels import top_k
from prediction.scores import class_accuracies, fuse, read_streams, stream_weights

MAX_PAIRS = 10  # that are printed


def run(arg):
    """Print the report on one score file, or on several that are fused, and draw it if --out is given."""
    weights = stream_weights(arg.stream_weights, len(arg.scores))
    _, labels, stacked = read_streams(arg.scores, arg.labels)
    num_class = stacked.shape[2]
    names = class_names(num_class, arg.names or class_names_file(arg.labels))
    fused = fuse(stacked, weights)
    counts = confusion_counts(fused.argmax(1), labels, num_class)
    print('\n'.join(report_lines(fused, counts, labels, names)))
    if len(stacked) > 1:
        print('\n'.join(['', *effect_of_fusion(stacked, fused, labels, arg.scores)]))
    if arg.out:
        from figures import confusion, style  # the text needs no matplotlib
        title = f'{len(labels)} samples, top-1 {counts.trace() / counts.sum():.1%}'
        style.save_figure(confusion.confusion(counts, names, title), arg.out)


def confusion_counts(predicted, labels, num_class):
    """Return (num_class, num_class) integers: how many samples of each true class were predicted as each class."""
    return np.bincount(labels * num_class + predicted, minlength=num_class ** 2).reshape(num_class, num_class)


def confused_pairs(counts):
    """Return (true, predicted, samples) of every pair of different classes that were confused, most frequent first."""
    wrong = counts - np.diag(counts.diagonal())
    pairs = np.argwhere(wrong)
    return [(int(i), int(j), int(wrong[i, j])) for i, j in pairs[np.argsort(-wrong[tuple(pairs.T)], kind='stable')]]


def report_lines(scores, counts, labels, names):
    """Return the report's lines on scores (N, num_class) and their confusions, `counts` (num_class, num_class)."""
    accuracies = class_accuracies(scores, labels)
    lines = [f'{len(labels)} samples of {len(accuracies)} classes: top-1 {top_k(scores, labels, 1):.2%}, '
             f'top-5 {top_k(scores, labels, 5):.2%}, mean class accuracy {np.mean(list(accuracies.values())):.2%}',
             '', 'Accuracy of every class, best first']
    for label, accuracy in sorted(accuracies.items(), key=lambda item: -item[1]):
        lines.append(f'  {accuracy:7.2%}  {counts[label, label]:5d} of {counts[label].sum():<5d} {names[label]}')
    return [*lines, '', 'Most confused', *(
        f'  {number:5d} of {counts[true].sum():<5d} {names[true]} → {names[predicted]}'
        for true, predicted, number in confused_pairs(counts)[:MAX_PAIRS])]


def effect_of_fusion(stacked, fused, labels, files):
    """Return the lines on how many samples of each stream, `stacked` (S, N, num_class), fusion corrects and spoils."""
    right, lines = fused.argmax(1) == labels, ['Effect of fusion']
    for file, alone in zip(files, stacked.argmax(2) == labels):
        lines.append(f'  {file}: {alone.mean():.2%} alone; fusion makes {(~alone & right).sum()} of its '
                     f'{(~alone).sum()} wrong samples right, and {(alone & ~right).sum()} of its {alone.sum()} right '
                     'ones wrong')
    return lines
