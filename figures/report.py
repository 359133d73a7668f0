"""The confusion matrix, with the accuracy of every class beside it."""
import numpy as np

from figures.style import BLUE, GREY, MAGNITUDE, new_figure, styled

ROW, LONGEST_TO_NAME = .135, 120  # inches a class; with more classes only their numbers are ticked


@styled
def confusion(counts, names, title):
    """Return the figure of `counts` (classes, classes), true by predicted, in shares of each row, best class on top.

    Beside each row stands the class's accuracy. Classes without a sample are left out of the rows and the columns.
    """
    there = np.flatnonzero(counts.sum(1))
    shares = counts[there] / counts[there].sum(1, keepdims=True)
    order = np.argsort(-shares[np.arange(len(there)), there], kind='stable')
    classes = there[order]
    shares = shares[order][:, classes]
    accuracy = shares.diagonal()
    row = max(ROW, 2.4 / len(classes)) if len(classes) <= LONGEST_TO_NAME else 6 / len(classes)
    size = row * len(classes)
    named = len(classes) <= LONGEST_TO_NAME
    fontsize = min(8, row * 72 * .8)
    label = (max(len(names[c]) for c in classes) * .0085 * fontsize + .15) if named else .5
    bars, top, bar_gap = max(1.1, .2 * size), .75, .55
    below = label + .2 + .62
    width, height = .3 + label + size + .15 + bars + bar_gap, top + size + below
    figure = new_figure(width, height)
    figure.text(.15 / width, 1 - .2 / height, title, va='center', fontsize=10, weight='bold')
    axes = figure.add_axes([(.3 + label) / width, below / height, size / width, size / height])
    image = axes.imshow(shares, cmap=MAGNITUDE, vmin=0, vmax=1, interpolation='nearest')
    if named:
        ticks = [names[c] for c in classes]
        axes.set_xticks(np.arange(len(classes)), ticks, rotation=90, fontsize=fontsize)
        axes.set_yticks(np.arange(len(classes)), ticks, fontsize=fontsize)
    axes.tick_params(length=1.5, pad=2)
    axes.set_xlabel('predicted')
    axes.set_ylabel('true')
    draw_accuracies(figure.add_axes([(.3 + label + size + .15) / width, below / height, bars / width, size / height]),
                    accuracy, fontsize if named else 0)
    scale = figure.add_axes([(.3 + label + size * .1) / width, .42 / height, size * .8 / width, .1 / height])
    figure.colorbar(image, cax=scale, orientation='horizontal').outline.set_linewidth(.4)
    scale.tick_params(labelsize=7, length=2)
    scale.set_xlabel('share of the samples of a class', fontsize=8, labelpad=1)
    return figure


def draw_accuracies(axes, accuracy, fontsize):
    place = np.arange(len(accuracy))
    axes.barh(place, accuracy, color=BLUE, height=.7)
    for y, share in zip(place, accuracy) if fontsize else ():
        axes.text(share + .03, y, f'{100 * share:.0f}', va='center', fontsize=fontsize, color=GREY)
    axes.set_ylim(len(accuracy) - .5, -.5)
    axes.set_xlim(0, 1)
    axes.set_xticks([0, .5, 1], ['0', '50', '100'], fontsize=7)
    axes.set_yticks([])
    axes.set_title('accuracy, %', fontsize=8, pad=4)
    for side in ('top', 'right'):
        axes.spines[side].set_visible(False)
