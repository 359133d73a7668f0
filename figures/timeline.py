"""The classes of a long recording over time."""
import collections
import pathlib

import numpy as np

from figures.source import predictor_of, rate_of
from figures.style import BLUE, PALE, WIDTH, new_figure, save_figure, styled
from prediction.flags import separate_files
from prediction.ranking import probabilities
from prediction.windows import timeline

ROW = .32  # inches
MAX_HEIGHT = .85  # of a row: a probability of 1


def run(arg):
    """Draw the classes of a recording over time."""
    separate_files(arg)
    predictor = predictor_of(arg)
    windows = predictor.windows(arg.file, arg.window, arg.stride)
    frame_rate = rate_of(predictor.model.preparations[0])
    save_figure(classes_over_time(windows, frame_rate, predictor.class_names, pathlib.Path(arg.file).name), arg.out)


@styled
def classes_over_time(windows, frame_rate, names, title='', max_classes=None):
    """Return the figure of the probabilities, in the Windows of a recording, of the classes that occur over time.

    Of more than `max_classes`, those that last longest are drawn. A class is blue where it is the likeliest.
    """
    segments = [segment for segment in timeline(windows) if segment.label is not None]
    durations = collections.Counter()
    for first, end, label, _ in segments:
        durations[label] += end - first
    drawn = {label for label, _ in durations.most_common(max_classes)}
    labels = [label for label in durations if label in drawn]  # in the order in which they occur
    figure = new_figure(WIDTH, .8 + ROW * len(labels), title)
    axes = figure.subplots()
    seen = [window for window in windows if window.scores is not None]
    seconds = np.array([(window.first + window.end) / 2 for window in seen]) / frame_rate
    chances = probabilities(np.stack([window.scores for window in seen]))
    for row, label in enumerate(labels):
        axes.axhline(row + .4, color=PALE, linewidth=.6)
        top = row + .4 - MAX_HEIGHT * chances[:, label]
        axes.fill_between(seconds, row + .4, top, color=PALE, linewidth=0)
        for segment in segments:
            if segment.label == label:
                first, end = segment.first / frame_rate, segment.end / frame_rate
                at = np.array([first, *seconds[(seconds > first) & (seconds < end)], end])
                axes.fill_between(at, row + .4, np.interp(at, seconds, top), color=BLUE, linewidth=0)
    axes.set_yticks(range(len(labels)), [names[label] for label in labels])
    axes.set(xlim=(0, windows[-1].end / frame_rate), ylim=(len(labels) - .5, -.6), xlabel='seconds')
    axes.spines[['top', 'right', 'left']].set_visible(False)
    return figure
