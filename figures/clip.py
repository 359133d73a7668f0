"""A clip as people in motion: a strip of frames, or a film."""
import itertools

import numpy as np

from figures.body import front_view
from figures.style import BLUE, GREY, INK, ORANGE, PALE, WIDTH, as_image, new_figure, styled

PERSONS = BLUE, ORANGE
MARGIN = .06  # fraction of the larger side of the persons' bounding box
COLUMNS = 8


@styled
def strip(joints, links, frames, frame_rate, title, predictions=(), kind=None):
    """Return the figure of the `frames` of joints (3, T, V, M), side by side, above the `predictions`.

    `predictions` are pairs (name, probability), likeliest first; `kind` is that of `front_view`.
    """
    view = front_view(joints, kind)
    limits = limits_of(view[:, frames])
    columns = min(len(frames), COLUMNS)
    rows = -(-len(frames) // columns)
    tall = .25 + float(np.clip(WIDTH / columns * np.ptp(limits[1]) / np.ptp(limits[0]), 1., 2.6))
    bars = .3 + .2 * len(predictions) if predictions else 0
    figure = new_figure(WIDTH, .4 + rows * tall + bars, title)
    grid = figure.add_gridspec(rows + bool(predictions), columns, height_ratios=[tall] * rows + [bars] * bool(bars))
    for number, frame in enumerate(frames):
        axes = figure.add_subplot(grid[number])
        draw_persons(axes, view[:, frame], links, limits)
        axes.set_title(f'{frame / frame_rate:.2f} s', fontsize=8, color=GREY)
    if predictions:
        draw_predictions(figure.add_subplot(grid[-1, :]), predictions)
    return figure


@styled
def film(joints, links, frames, frame_rate, title, predictions=(), kind=None):
    """Return a PIL image of each of the `frames` of joints (3, T, V, M); see `strip`."""
    view = front_view(joints, kind)
    limits = limits_of(view[:, frames])
    figure = new_figure(6.9 if predictions else 3.6, 3.8, title)
    axes, *beside = figure.subplots(1, 2 if predictions else 1, squeeze=False)[0]
    for bars in beside:
        draw_predictions(bars, predictions)
        bars.set_box_aspect(.8)
    images = []
    for frame in frames:
        axes.clear()
        draw_persons(axes, view[:, frame], links, limits)
        axes.set_title(f'{frame / frame_rate:.2f} s', y=-.08, fontsize=9, color=GREY)
        images.append(as_image(figure))
        figure.set_layout_engine('none')  # all images have the first one's places
    return images


def limits_of(view):
    """Return ((left, right), (bottom, top)) of what is seen of `view` (M, T, V, 2), with a margin."""
    low, high = np.nanmin(view, axis=(0, 1, 2)), np.nanmax(view, axis=(0, 1, 2))
    margin = MARGIN * (high - low).max() + 1e-6
    return tuple(zip(low - margin, high + margin))


def draw_persons(axes, places, links, limits):
    """Draw the persons of one frame, (M, V, 2) with NaN for joints that are not seen."""
    for place, colour in zip(places, itertools.cycle(PERSONS)):
        for link in links:
            axes.plot(*place[list(link)].T, color=colour, linewidth=1.6, solid_capstyle='round')
        axes.scatter(*place.T, s=5, color=colour, linewidth=0, zorder=3)
    axes.set(aspect='equal', xlim=limits[0], ylim=limits[1])
    axes.set_axis_off()


def draw_predictions(axes, predictions):
    """Draw horizontal bars of pairs (name, probability), the likeliest on top."""
    names, probabilities = zip(*predictions)
    place = range(len(names))
    axes.barh(place, 1, color='#F2F2F2', height=.72)
    bars = axes.barh(place, probabilities, color=[INK] + [GREY] * (len(names) - 1), height=.72)
    axes.bar_label(bars, [f'{probability:.1%}' for probability in probabilities], padding=3)
    axes.set_yticks(place, names)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.spines['left'].set(visible=True, color=PALE)
