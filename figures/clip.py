"""A clip as people in motion: a strip of frames, or a film."""
import itertools

import numpy as np

from figures.body import front_view
from figures.style import BLUE, GREY, INK, ORANGE, PALE, WIDTH, as_image, new_figure, styled

PERSONS = BLUE, ORANGE
MARGIN = .06  # of the larger side of what the persons reach over


@styled
def strip(joints, links, frames, frame_rate, title, predictions=(), kind=None):
    """Return the figure of the `frames` of joints (3, T, V, M), side by side; below, the `predictions`.

    `predictions` are pairs (name, probability), likeliest first; `kind` is what front_view takes.
    """
    view = front_view(joints, kind)
    limits = limits_of(view[:, frames])
    columns = min(len(frames), 8)
    rows = -(-len(frames) // columns)
    panel = (WIDTH - .3) / columns
    tall = float(np.clip(panel * np.ptp(limits[1]) / np.ptp(limits[0]), 1., 2.6)) + .25
    bars = .2 + .2 * len(predictions) if predictions else 0
    height = .5 + rows * tall + bars + .1
    figure = new_figure(WIDTH, height)
    figure.text(.15 / WIDTH, 1 - .2 / height, title, va='center', fontsize=10, weight='bold')
    for number, frame in enumerate(frames):
        row, column = divmod(number, columns)
        axes = figure.add_axes([(.15 + column * panel) / WIDTH, 1 - (.4 + (row + 1) * tall) / height,
                                .97 * panel / WIDTH, (tall - .25) / height])
        draw_persons(axes, view[:, frame], links, limits)
        axes.set_title(f'{frame / frame_rate:.2f} s', fontsize=8, pad=3, color=GREY)
    if predictions:
        axes = figure.add_axes([.33, .1 / height, .4, (bars - .15) / height])
        draw_predictions(axes, predictions)
    return figure


@styled
def film(joints, links, frames, frame_rate, title, predictions=(), kind=None):
    """Return a PIL image of each of the `frames` of joints (3, T, V, M); see `strip`."""
    view = front_view(joints, kind)
    limits = limits_of(view[:, frames])
    width, height = (6.9 if predictions else 3.6), 3.8
    figure = new_figure(width, height)
    figure.text(.15 / width, 1 - .2 / height, title, va='center', fontsize=10, weight='bold')
    axes = figure.add_axes([.1 / width, .35 / height, 3.4 / width, (height - .8) / height])
    clock = figure.text(.15 / width, .18 / height, '', va='center', fontsize=9, color=GREY)
    if predictions:
        beside = figure.add_axes([5.2 / width, 1.1 / height, 1.1 / width, 1.6 / height])
        draw_predictions(beside, predictions)
    images = []
    for frame in frames:
        axes.clear()
        draw_persons(axes, view[:, frame], links, limits)
        clock.set_text(f'{frame / frame_rate:.2f} s')
        images.append(as_image(figure))
    return images


def limits_of(view):
    """Return ((left, right), (bottom, top)) of what is seen of `view` (M, T, V, 2), with a margin."""
    low, high = np.nanmin(view, axis=(0, 1, 2)), np.nanmax(view, axis=(0, 1, 2))
    margin = MARGIN * (high - low).max() + 1e-6
    return tuple(zip(low - margin, high + margin))


def draw_persons(axes, places, links, limits):
    """Draw the persons of one frame, (M, V, 2) with NaN for what is not seen."""
    for place, colour in zip(places, itertools.cycle(PERSONS)):
        for i, j in links:
            axes.plot(*place[[i, j]].T, color=colour, linewidth=1.6, solid_capstyle='round')
        axes.scatter(*place.T, s=5, color=colour, linewidth=0, zorder=3)
    axes.set_aspect('equal')
    axes.set_xlim(*limits[0])
    axes.set_ylim(*limits[1])
    axes.set_axis_off()


def draw_predictions(axes, predictions):
    """Draw horizontal bars of pairs (name, probability), the likeliest on top."""
    names, probabilities = zip(*predictions)
    place = np.arange(len(names))
    axes.barh(place, [1] * len(names), color='#F2F2F2', height=.72)
    axes.barh(place, probabilities, color=[INK if i == 0 else GREY for i in place], height=.72)
    for y, probability in zip(place, probabilities):
        axes.text(1.02, y, f'{probability:.1%}', va='center', fontsize=8)
    axes.set_yticks(place, names, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.spines['left'].set(visible=True, color=PALE)
