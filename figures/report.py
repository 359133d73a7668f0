"""The confusion matrix, with the accuracy of every class beside it."""
import numpy as np

from figures.style import BLUE, GREY, MAGNITUDE, new_figure, styled

MOST_NAMED = 120  # of more classes, only some are marked, by number
MOST_NUMBERED = 40
ROW = .135  # inches a class


@styled
def confusion(counts, names, title):
    """Return the figure of `counts` (classes, classes), true by predicted, in shares of each row, best class on top.

    The accuracy of each class is drawn beside its row. Classes without a sample have neither a row nor a column.
    """
    tested = np.flatnonzero(counts.sum(1))
    shares = counts[tested] / counts[tested].sum(1, keepdims=True)
    order = np.argsort(-shares[np.arange(len(tested)), tested], kind='stable')
    classes = tested[order]
    shares = shares[order][:, classes]
    named = len(classes) <= MOST_NAMED
    row = max(ROW, 2.4 / len(classes)) if named else 6 / len(classes)
    fontsize = min(8, row * 72 * .8) if named else 7
    size = row * len(classes)
    label = max(len(names[c]) for c in classes) * .0085 * fontsize if named else .5
    figure = new_figure(.8 + label + 1.25 * size, 1.8 + label + size, title)
    axes = figure.subplots()
    image = axes.imshow(shares, cmap=MAGNITUDE, vmin=0, vmax=1, interpolation='nearest')
    marked = np.arange(0, len(classes), 1 if named else -(-len(classes) // MOST_NUMBERED))
    labels = [names[c] if named else str(c) for c in classes[marked]]
    axes.set_xticks(marked, labels, rotation=90, fontsize=fontsize)
    axes.set_yticks(marked, labels, fontsize=fontsize)
    number = '' if named else ' (number of the class)'
    axes.set_xlabel(f'predicted{number}')
    axes.set_ylabel(f'true{number}, best first')
    draw_accuracies(axes.inset_axes([1.03, 0, .22, 1]), shares.diagonal(), fontsize if named else 0)
    figure.colorbar(image, ax=axes, location='bottom', shrink=.8, aspect=40, label='share of the samples of a class')
    return figure


def draw_accuracies(axes, accuracy, fontsize):
    """Draw a bar for each class, with the percentage beside it unless `fontsize` is 0."""
    bars = axes.barh(np.arange(len(accuracy)), accuracy, color=BLUE, height=.7)
    if fontsize:
        axes.bar_label(bars, [f'{100 * share:.0f}' for share in accuracy], padding=2, fontsize=fontsize, color=GREY)
    axes.set_ylim(len(accuracy) - .5, -.5)
    axes.set_xlim(0, 1)
    axes.set_xticks([0, .5, 1], ['0', '50', '100'], fontsize=7)
    axes.set_yticks([])
    axes.set_title('accuracy, %', fontsize=8)
    axes.spines[['top', 'right']].set_visible(False)
