"""Colours, sizes and settings of all pictures, and how a figure is written to a file.

Colours are Okabe and Ito's for lines (https://jfly.uni-koeln.de/color/) and cividis for magnitudes: they can be told
apart with any colour vision. Sizes are in inches.
"""
import pathlib

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from runtime.atomic_file import write_whole

BLUE, ORANGE, VERMILLION = '#0072B2', '#E69F00', '#D55E00'
INK, GREY, PALE = '#222222', '#767676', '#D9D9D9'
MAGNITUDE = 'cividis'
WIDTH = 9.4
PIXELS_PER_INCH = 130
SETTINGS = {'font.size': 8, 'axes.titlesize': 8, 'svg.fonttype': 'none'}  # text in an SVG stays text
styled = matplotlib.rc_context(SETTINGS)  # a decorator: it leaves the settings of other programs unchanged


def new_figure(width, height, title):
    """Return a figure that needs no display and places its axes by itself, with `title` at its top left."""
    figure = Figure(figsize=(width, height), layout='constrained')
    FigureCanvasAgg(figure)
    figure.suptitle(title, x=.15 / width, ha='left', fontsize=10, weight='bold')
    return figure


@styled
def save_figure(figure, path):
    """Write the figure as PNG or SVG, by the suffix of `path`."""
    with write_whole(path) as file:
        figure.savefig(file, format=pathlib.Path(path).suffix[1:], dpi=PIXELS_PER_INCH)


def as_image(figure, pixels_per_inch=100):
    """Return the figure as a PIL image, RGB."""
    figure.set_dpi(pixels_per_inch)
    figure.canvas.draw()
    return Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert('RGB')


def save_film(images, path, frames_per_second):
    """Write PIL images as a GIF that loops forever."""
    first, *others = images
    with write_whole(path) as file:
        first.save(file, 'GIF', save_all=True, append_images=others, duration=round(1000 / frames_per_second), loop=0)
