"""The confusion matrix."""
import numpy as np

from figures.style import MAGNITUDE, new_figure, styled

ROW = .135  # inches a class


@styled
def confusion(counts, names, title):
    """Return the figure of `counts` (classes, classes), true by predicted, as fractions of each row, best class on top.

    Classes without a sample have neither a row nor a column.
    """
    tested = np.flatnonzero(counts.sum(1))
    accuracy = counts.diagonal()[tested] / counts[tested].sum(1)
    classes = tested[np.argsort(-accuracy, kind='stable')]
    fractions = counts[np.ix_(classes, classes)] / counts[classes].sum(1, keepdims=True)
    size = max(4, ROW * len(classes))
    figure = new_figure(size + 3, size + 3.4, title)
    axes = figure.subplots()
    image = axes.imshow(fractions, cmap=MAGNITUDE, vmin=0, vmax=1)
    labels = [names[c] for c in classes]
    axes.set_xticks(range(len(classes)), labels, rotation=90)
    axes.set_yticks(range(len(classes)), labels)
    axes.set(xlabel='predicted', ylabel='true, best first')
    figure.colorbar(image, location='bottom', shrink=.8, aspect=40, label='fraction of the samples of a class')
    return figure
