"""The graphs of one layer as matrices, and how joints act on one of them, drawn on the body (2s-AGCN, figures 8, 9)."""
import numpy as np
from matplotlib.lines import Line2D

from figures.body import short_names, standing
from figures.style import BLUE, GREY, INK, MAGNITUDE, PALE, SIGNED, VERMILLION, WIDTH, new_figure, styled

SUBSETS = 'the joint itself', 'nearer the centre', 'farther from it'  # which neighbours act on a joint
LARGEST_CIRCLE = 560  # points²


@styled
def matrices(graphs, joint_names, title):
    """Return the figure of `graphs`, letter → (3, V, V): a row a letter, a column a subset, a colour scale a row.

    In each matrix a row is the joint that acts, a column the joint that is acted on.
    """
    names = short_names(joint_names)
    left, right, top, bottom, gap = 1.1, .8, .68, .95, .12
    size = (WIDTH - left - right - 2 * gap) / 3
    between = .2
    height = top + bottom + len(graphs) * size + (len(graphs) - 1) * between
    figure = new_figure(WIDTH, height)
    figure.text(left / WIDTH, 1 - .2 / height, title, va='center', fontsize=10, weight='bold')
    figure.text(1 - right / WIDTH, 1 - .2 / height, 'each row acts on the columns', va='center', ha='right', color=GREY)
    for row, (letter, stack) in enumerate(graphs.items()):
        scale = colour_scale(stack)
        bottom_of_row = 1 - (top + (row + 1) * size + row * between) / height
        for k, graph in enumerate(stack):
            axes = figure.add_axes([(left + k * (size + gap)) / WIDTH, bottom_of_row, size / WIDTH, size / height])
            image = axes.imshow(graph, interpolation='nearest', **scale)
            name_ticks(axes, names, row == len(graphs) - 1, k == 0)
            if row == 0:
                axes.set_title(f'subset {k + 1}: {SUBSETS[k]}', pad=4)
        bar = figure.add_axes([(WIDTH - right + .08) / WIDTH, bottom_of_row + .08 * size / height, .1 / WIDTH,
                               .84 * size / height])
        figure.colorbar(image, cax=bar).outline.set_linewidth(.4)
        bar.tick_params(labelsize=7, length=2)
        bar.set_title(letter.replace(' ', ''), fontsize=9, pad=5, weight='bold', loc='left')
    return figure


def colour_scale(values):
    """Return imshow's arguments for one row of matrices: a map that diverges from 0 where some values are negative."""
    if values.min() < -1e-3 * np.abs(values).max():
        most = np.abs(values).max()
        return {'cmap': SIGNED, 'vmin': -most, 'vmax': most}
    least, most = values.min(), values.max()
    return {'cmap': MAGNITUDE, 'vmin': least, 'vmax': max(most, least + 1e-3)}


def name_ticks(axes, names, below, beside):
    positions = np.arange(len(names))
    axes.set_xticks(positions, names if below else [''] * len(names), rotation=90, fontsize=6.5)
    axes.set_yticks(positions, names if beside else [''] * len(names), fontsize=6.5)
    axes.tick_params(axis='x', length=1.5 if below else 0, pad=2)
    axes.tick_params(axis='y', length=1.5 if beside else 0, pad=2)


@styled
def on_the_body(graphs, graph, joint, letter, sample):
    """Return the figure of `graphs`, layer → (3, V, V): how strongly each joint acts on `joint`, its number.

    A column a layer, a row a subset; circles have the area of the weight, on one scale in each row.
    """
    layers = list(graphs)
    panel, tall = (WIDTH - 1.3) / max(3, len(layers)), 2.45
    width = 1.3 + panel * len(layers)
    wide = len(layers) > 2
    top, bottom = .85, .5 if wide else .9
    height = top + bottom + 3 * tall
    figure = new_figure(width, height)
    place = standing(graph)
    figure.text(.15 / width, 1 - .2 / height, f'What acts on the {graph.joint_names[joint]}', va='center', fontsize=10,
                weight='bold')
    figure.text(.15 / width, 1 - .4 / height, f'sample {sample}', va='center', color=GREY)
    for k in range(3):
        acting = {layer: graphs[layer][k][:, joint] for layer in layers}
        most = max(np.abs(values).max() for values in acting.values()) or 1
        y = 1 - (top + (k + 1) * tall) / height
        figure.text(.15 / width, y + .62 * tall / height, f'subset {k + 1}', fontsize=9, weight='bold')
        figure.text(.15 / width, y + .58 * tall / height, SUBSETS[k], va='top', fontsize=8)
        figure.text(.15 / width, y + .45 * tall / height, f'largest\ncircle: {most:#.2g}', va='top', fontsize=8,
                    color=GREY)
        for column, layer in enumerate(layers):
            axes = figure.add_axes([(1.3 + column * panel) / width, y, panel / width, tall / height])
            draw_body(axes, place, graph.inward, acting[layer] / most, joint)
            if k == 0:
                axes.set_title(f'layer {layer}', pad=3)
    negative = any((stack[:, :, joint] < 0).any() for stack in graphs.values())
    add_legend(figure, letter, negative, beside=wide)
    return figure


def draw_body(axes, place, links, strengths, joint):
    """Draw one body: joints at `place` (V, 2), circles by `strengths` (V,), of which the largest may be 1 or −1."""
    for i, j in links:
        axes.plot(*place[[i, j]].T, color=PALE, linewidth=2.2, solid_capstyle='round', zorder=1)
    axes.scatter(*place.T, s=5, color=GREY, linewidth=0, zorder=2)
    order = np.argsort(-np.abs(strengths))  # small circles on top of large ones
    colours = np.where(strengths < 0, VERMILLION, BLUE)[order]
    areas = LARGEST_CIRCLE * np.abs(strengths)[order]
    axes.scatter(*place[order].T, s=areas, c=colours, alpha=.75, linewidth=0, zorder=3)
    axes.scatter(*place[joint], s=70, marker='x', color=INK, linewidth=1.4, zorder=4)
    axes.set_aspect('equal')
    axes.set_xlim(place[:, 0].min() - .6, place[:, 0].max() + .6)
    axes.set_ylim(place[:, 1].min() - .45, place[:, 1].max() + .45)
    axes.set_axis_off()


def add_legend(figure, letter, negative, beside):
    dot = {'linestyle': '', 'marker': 'o', 'markersize': 9, 'alpha': .75, 'markeredgewidth': 0}
    handles = [Line2D([], [], color=BLUE, label=f'weight in {letter}{", positive" if negative else ""}', **dot)]
    if negative:
        handles.append(Line2D([], [], color=VERMILLION, label='negative', **dot))
    handles.append(Line2D([], [], linestyle='', marker='x', color=INK, markersize=8, markeredgewidth=1.4,
                          label='the joint that is acted on'))
    figure.legend(handles=handles, loc='lower center', ncols=len(handles) if beside else 1, frameon=False, fontsize=8,
                  columnspacing=2, handletextpad=.4)
