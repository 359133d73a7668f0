"""What all drawings share: colours, sizes, and the file that a figure becomes.

Colours are Okabe and Ito's for lines (https://jfly.uni-koeln.de/color/), cividis for magnitudes, PuOr for what has a
sign: told apart with any colour vision. Widths are in inches, for pictures that are shown a hundred pixels an inch.
"""
import io
import pathlib

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from runtime.atomic_file import write_whole

BLUE, ORANGE, GREEN, VERMILLION = '#0072B2', '#E69F00', '#009E73', '#D55E00'
INK, GREY, PALE = '#222222', '#767676', '#D9D9D9'
MAGNITUDE, SIGNED = 'cividis', 'PuOr'
WIDTH = 9.4
PIXELS_PER_INCH = 130
SETTINGS = {'font.size': 8, 'axes.titlesize': 9, 'font.family': 'DejaVu Sans', 'text.color': INK,
            'axes.edgecolor': GREY, 'axes.labelcolor': INK, 'xtick.color': INK, 'ytick.color': INK,
            'axes.linewidth': .6, 'xtick.major.width': .6, 'ytick.major.width': .6,
            'svg.fonttype': 'none', 'svg.hashsalt': '2s-agcn'}
styled = matplotlib.rc_context(SETTINGS)  # decorates what draws, so that no one else's settings change


def new_figure(width, height):
    """Return an empty figure, in inches, that needs no display."""
    figure = Figure(figsize=(width, height), facecolor='white')
    FigureCanvasAgg(figure)
    return figure


@styled
def save_figure(figure, path):
    """Write the figure as PNG, SVG or GIF, by the end of `path`."""
    kind = pathlib.Path(path).suffix[1:]
    if kind == 'gif':
        save_frames([as_image(figure, PIXELS_PER_INCH)], path, 1)
        return
    content = io.BytesIO()
    if kind == 'svg':
        figure.savefig(content, format=kind, metadata={'Date': None})
    else:
        as_image(figure, PIXELS_PER_INCH).save(content, kind, optimize=True)
    with write_whole(path) as file:
        file.write(content.getvalue())


def as_image(figure, pixels_per_inch=100):
    """Return the figure as a PIL image, RGB."""
    figure.set_dpi(pixels_per_inch)
    figure.canvas.draw()
    return Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert('RGB')


def save_frames(images, path, frames_per_second):
    """Write PIL images as a GIF that repeats for ever."""
    palette = images[len(images) // 2].quantize(64)
    first, *others = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    content = io.BytesIO()
    first.save(content, 'GIF', save_all=True, append_images=others, duration=round(1000 / frames_per_second), loop=0)
    with write_whole(path) as file:
        file.write(content.getvalue())
