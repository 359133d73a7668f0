"""Colours, sizes and settings of all pictures, and how a figure is written to a file.

Colours are Okabe and Ito's for lines (https://jfly.uni-koeln.de/color/), cividis for magnitudes and PuOr for signed
values: they can be told apart with any colour vision. Sizes are in inches.
"""
import io
import pathlib

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from runtime.atomic_file import write_whole

BLUE, ORANGE, VERMILLION = '#0072B2', '#E69F00', '#D55E00'
INK, GREY, PALE = '#222222', '#767676', '#D9D9D9'
MAGNITUDE, SIGNED = 'cividis', 'PuOr'
WIDTH = 9.4
PIXELS_PER_INCH = 130
SETTINGS = {'font.size': 8, 'axes.titlesize': 9, 'font.family': 'DejaVu Sans', 'text.color': INK,
            'axes.edgecolor': GREY, 'axes.labelcolor': INK, 'xtick.color': INK, 'ytick.color': INK,
            'axes.linewidth': .6, 'xtick.major.width': .6, 'ytick.major.width': .6, 'xtick.major.size': 2,
            'ytick.major.size': 2, 'svg.fonttype': 'none', 'svg.hashsalt': '2s-agcn'}
styled = matplotlib.rc_context(SETTINGS)  # a decorator: it leaves the settings of other programs unchanged


def new_figure(width, height, title):
    """Return a figure that needs no display and places its axes by itself, with `title` at its top left."""
    figure = Figure(figsize=(width, height), facecolor='white', layout='constrained')
    FigureCanvasAgg(figure)
    figure.suptitle(title, x=.15 / width, ha='left', fontsize=10, weight='bold')
    return figure


@styled
def save_figure(figure, path):
    """Write the figure as PNG, SVG or GIF, by the suffix of `path`."""
    kind = pathlib.Path(path).suffix[1:]
    if kind == 'gif':
        save_frames([as_image(figure, PIXELS_PER_INCH)], path, 1)
        return
    content = io.BytesIO()
    figure.savefig(content, format=kind, dpi=PIXELS_PER_INCH, metadata={'Date': None} if kind == 'svg' else None)
    with write_whole(path) as file:
        file.write(content.getvalue())


def as_image(figure, pixels_per_inch=100):
    """Return the figure as a PIL image, RGB."""
    figure.set_dpi(pixels_per_inch)
    figure.canvas.draw()
    return Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert('RGB')


def save_frames(images, path, frames_per_second):
    """Write PIL images as a GIF that loops forever."""
    palette = images[len(images) // 2].quantize(64)
    first, *others = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    content = io.BytesIO()
    first.save(content, 'GIF', save_all=True, append_images=others, duration=round(1000 / frames_per_second), loop=0)
    with write_whole(path) as file:
        file.write(content.getvalue())
