"""A clip as people in motion: a strip of frames, or a film."""
import itertools

import numpy as np

from data_gen.preparation_file import preparation_of
from feeders.augment import true_length
from figures.body import front_view, kind_of_clips
from figures.source import load_joints, rate_of
from figures.style import BLUE, GREY, ORANGE, WIDTH, as_image, new_figure, save_figure, save_film, styled
from model.from_config import build_graph
from prediction.ranking import best
from prediction.streams import FusedStreams
from runtime.arguments import get_parser as get_run_parser

PERSONS = BLUE, ORANGE
MARGIN = .06  # fraction of the larger side of the persons' bounding box
COLUMNS = 8
PEOPLE, BARS = 1.8, 1.2  # inches, the heights of a row of people and of the predictions
MAX_FILM = 150  # frames; of longer clips, as many are chosen


def run(arg):
    """Draw the people of one clip of joints and, if there are weights, what the model predicts for it."""
    config = get_run_parser().parse_with_config(['--config', arg.config])
    joints, path, title = load_joints(arg, config)
    predictions = ()
    if arg.weights:
        model = FusedStreams([arg.config], [arg.weights], names=arg.names, device='cpu')
        predictions = best(model.scores([model.prepare([joints], path)])[0], model.class_names, 5)
    preparation, links = preparation_of(config), build_graph(config).inward
    frame_rate, is_film = rate_of(preparation), arg.out.endswith('.gif')
    first, end = int(joints.any(axis=(0, 2, 3)).argmax()), true_length(joints)
    number = min(end - first, MAX_FILM if is_film else arg.frames)
    frames = np.linspace(first, end - 1, number).round().astype(int)
    view = front_view(joints, kind_of_clips(preparation))[:, frames]
    if is_film:
        images = film(view, frames / frame_rate, links, title, predictions)
        save_film(images, arg.out, number * frame_rate / (end - first))
    else:
        save_figure(strip(view, frames / frame_rate, links, title, predictions), arg.out)


@styled
def strip(view, seconds, links, title, predictions):
    """Return the figure of the frames of `view` (M, T, V, 2), at `seconds` (T,), side by side, above the predictions.

    `predictions` are dicts with name and probability, likeliest first.
    """
    columns = min(len(seconds), COLUMNS)
    rows = -(-len(seconds) // columns)
    heights, limits = [PEOPLE] * rows + [BARS] * bool(predictions), limits_of(view)
    figure = new_figure(WIDTH, .4 + sum(heights), title)
    grid = figure.add_gridspec(len(heights), columns, height_ratios=heights)
    for t, time in enumerate(seconds):
        draw_persons(figure.add_subplot(grid[t]), view[:, t], links, limits, time)
    if predictions:
        draw_predictions(figure.add_subplot(grid[rows, :]), predictions)
    return figure


@styled
def film(view, seconds, links, title, predictions):
    """Return a PIL image of each of the frames of `view` (M, T, V, 2); see `strip`."""
    heights, limits = [2 * PEOPLE] + [BARS] * bool(predictions), limits_of(view)
    figure = new_figure(WIDTH / 2, .4 + sum(heights), title)
    axes, *below = figure.subplots(len(heights), squeeze=False, height_ratios=heights)[:, 0]
    for bars in below:
        draw_predictions(bars, predictions)
    images = []
    for t, time in enumerate(seconds):
        axes.clear()
        draw_persons(axes, view[:, t], links, limits, time)
        images.append(as_image(figure))
        figure.set_layout_engine('none')  # all images have the layout of the first one
    return images


def limits_of(view):
    """Return ((left, right), (bottom, top)) of what is seen of `view` (M, T, V, 2), with a margin."""
    low, high = np.nanmin(view, axis=(0, 1, 2)), np.nanmax(view, axis=(0, 1, 2))
    margin = MARGIN * (high - low).max() + 1e-6
    return tuple(zip(low - margin, high + margin))


def draw_persons(axes, persons, links, limits, seconds):
    """Draw the persons (M, V, 2), NaN where joints are not seen, of one frame, below its time."""
    for person, colour in zip(persons, itertools.cycle(PERSONS)):
        for link in links:
            axes.plot(*person[list(link)].T, color=colour, linewidth=1.6)
        axes.scatter(*person.T, s=5, color=colour, linewidth=0)
    axes.set(aspect='equal', xlim=limits[0], ylim=limits[1])
    axes.set_axis_off()
    axes.set_title(f'{seconds:.2f} s', color=GREY)


def draw_predictions(axes, predictions):
    """Draw horizontal bars of the probabilities, the likeliest on top."""
    bars = axes.barh([row['name'] for row in predictions], [row['probability'] for row in predictions], color=GREY)
    axes.bar_label(bars, [f'{row["probability"]:.1%}' for row in predictions], padding=3)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.1), xticks=[])
    axes.spines[:].set_visible(False)
