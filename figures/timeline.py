"""The classes of a long recording over time, and the people at the peaks."""
import numpy as np
from matplotlib.patches import ConnectionPatch

from figures.body import front_view
from figures.clip import draw_persons, limits_of
from figures.style import BLUE, GREY, PALE, WIDTH, new_figure, styled

ROW, PEOPLE = .32, 1.5  # inches
TALLEST = .85  # of a row: a probability of 1


@styled
def timeline(segments, chances, middles, frames, peaks, links, frame_rate, names, title, kind=None):
    """Return the figure of the probabilities of the classes that occur, over time, below the people at the peaks.

    `segments` are those of prediction.windows.timeline; `chances` (windows, num_class) are the probabilities of the
    windows, whose middles are the frames `middles` (windows,), of `frames` in all. `peaks` are pairs (seconds, joints
    (3, V, M)). `kind` is that of `front_view`.
    """
    labels = list(dict.fromkeys(segment.label for segment in segments))
    view = front_view(np.stack([joints for _, joints in peaks], 1), kind)
    limits = limits_of(view)
    figure = new_figure(WIDTH, .8 + PEOPLE + ROW * len(labels), title)
    grid = figure.add_gridspec(2, len(peaks), height_ratios=[PEOPLE, ROW * len(labels)])
    axes = figure.add_subplot(grid[1, :])
    draw_classes(axes, labels, segments, chances, middles / frame_rate, frame_rate)
    axes.set_yticks(range(len(labels)), [names[label] for label in labels])
    axes.set(xlim=(0, frames / frame_rate), ylim=(len(labels) - .5, -1), xlabel='seconds')
    axes.spines[['top', 'right', 'left']].set_visible(False)
    axes.tick_params(axis='y', length=0)
    for place, (seconds, _) in enumerate(peaks):
        people = figure.add_subplot(grid[0, place])
        draw_persons(people, view[:, place], links, limits)
        people.set_title(f'{seconds:.1f} s', fontsize=8, color=GREY)
        figure.add_artist(ConnectionPatch((.5, 0), (seconds, -1), people.transAxes, axes.transData, color=PALE))
    return figure


def draw_classes(axes, labels, segments, chances, seconds, frame_rate):
    """Draw a row for each label: its probability over the `seconds`, blue where it is the likeliest class."""
    for row, label in enumerate(labels):
        axes.axhline(row + .4, color=PALE, linewidth=.6)
        top = row + .4 - TALLEST * chances[:, label]
        axes.fill_between(seconds, row + .4, top, color=PALE, linewidth=0)
        for segment in segments:
            if segment.label == label:
                borders = np.array([segment.first, segment.end]) / frame_rate
                at = np.unique([*borders, *seconds[(seconds > borders[0]) & (seconds < borders[1])]])
                axes.fill_between(at, row + .4, np.interp(at, seconds, top), color=BLUE, linewidth=0)
