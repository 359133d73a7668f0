"""The classes of a long recording over time."""
import numpy as np

from figures.style import BLUE, PALE, WIDTH, new_figure, styled

ROW = .32  # inches
MAX_HEIGHT = .85  # of a row: a probability of 1


@styled
def timeline(segments, chances, middles, frames, frame_rate, names, title):
    """Return the figure of the probabilities, over time, of the classes that occur.

    `segments` are those of prediction.windows.timeline that have a class; `chances` (windows, num_class) are the
    probabilities of the windows, whose middles are the frames `middles` (windows,), of `frames` in all.
    """
    labels = list(dict.fromkeys(segment.label for segment in segments))
    figure = new_figure(WIDTH, .8 + ROW * len(labels), title)
    axes = figure.subplots()
    draw_classes(axes, labels, segments, chances, middles / frame_rate, frame_rate)
    axes.set_yticks(range(len(labels)), [names[label] for label in labels])
    axes.set(xlim=(0, frames / frame_rate), ylim=(len(labels) - .5, -.6), xlabel='seconds')
    axes.spines[['top', 'right', 'left']].set_visible(False)
    return figure


def draw_classes(axes, labels, segments, chances, seconds, frame_rate):
    """Draw a row for each label: its probability over the `seconds`, blue where it is the likeliest class."""
    for row, label in enumerate(labels):
        axes.axhline(row + .4, color=PALE, linewidth=.6)
        top = row + .4 - MAX_HEIGHT * chances[:, label]
        axes.fill_between(seconds, row + .4, top, color=PALE, linewidth=0)
        for segment in segments:
            if segment.label == label:
                borders = np.array([segment.first, segment.end]) / frame_rate
                at = np.unique([*borders, *seconds[(seconds > borders[0]) & (seconds < borders[1])]])
                axes.fill_between(at, row + .4, np.interp(at, seconds, top), color=BLUE, linewidth=0)
