"""The graphs of one layer as matrices, and how joints act on one of them, drawn on the body (2s-AGCN, figures 8, 9)."""
import numpy as np
from matplotlib.lines import Line2D

from figures.body import short_names, standing
from figures.style import BLUE, GREY, INK, MAGNITUDE, PALE, SIGNED, VERMILLION, WIDTH, new_figure, styled

SUBSETS = 'the joint itself', 'nearer the centre', 'farther from it'  # the neighbours that each subset links
LARGEST_CIRCLE = 560  # points²


@styled
def matrices(graphs, joint_names, title):
    """Return the figure of `graphs`, letter → (3, V, V): a row a letter, a column a subset, a colour scale a row."""
    figure = new_figure(WIDTH, 1.4 + 2.4 * len(graphs), title)
    rows = figure.subplots(len(graphs), 3, squeeze=False, sharex=True, sharey=True)
    for row, (letter, stack) in zip(rows, graphs.items()):
        for axes, graph in zip(row, stack):
            image = axes.imshow(graph, interpolation='nearest', **colour_scale(stack))
        figure.colorbar(image, ax=row, shrink=.84).ax.set_title(letter.replace(' ', ''), fontsize=9, weight='bold')
    for axes, (k, neighbours) in zip(rows[0], enumerate(SUBSETS, 1)):
        axes.set_title(f'subset {k}: {neighbours}')
    ticks = {'ticks': range(len(joint_names)), 'labels': short_names(joint_names), 'fontsize': 6.5}
    for axes in rows[-1]:
        axes.set_xticks(**ticks, rotation=90)
    for axes in rows[:, 0]:
        axes.set_yticks(**ticks)
    figure.supxlabel('the joint that is acted on', fontsize=8, color=GREY)
    figure.supylabel('the joint that acts', fontsize=8, color=GREY)
    return figure


def colour_scale(values):
    """Return imshow's arguments for one row of matrices: a map that diverges from 0 where some values are negative."""
    least, most = values.min(), values.max()
    largest = max(-least, most)
    if least < -1e-3 * largest:
        return {'cmap': SIGNED, 'vmin': -largest, 'vmax': largest}
    return {'cmap': MAGNITUDE, 'vmin': least, 'vmax': max(most, least + 1e-3)}


@styled
def on_the_body(graphs, graph, joint, letter, sample):
    """Return the figure of `graphs`, layer → (3, V, V): how strongly each joint acts on `joint`, its number.

    There is a column for each layer and a row for each subset. The area of a circle is the weight, on one scale in each
    row.
    """
    title = f'What acts on the {graph.joint_names[joint]}, sample {sample}'
    figure = new_figure(max(WIDTH * len(graphs) / 3, 4.5), 8.2, title)
    rows = figure.subplots(3, len(graphs), squeeze=False)
    place = standing(graph)
    for k, (row, neighbours) in enumerate(zip(rows, SUBSETS)):
        acting = [stack[k][:, joint] for stack in graphs.values()]
        largest = np.abs(acting).max() or 1
        beside = {'transform': row[0].transAxes, 'ha': 'right'}
        row[0].text(0, .6, f'subset {k + 1}', fontsize=9, weight='bold', **beside)
        row[0].text(0, .58, f'{neighbours}\n\nlargest\ncircle: {largest:#.2g}', va='top', **beside)
        for axes, strengths in zip(row, acting):
            draw_body(axes, place, graph.inward, strengths / largest, joint)
    for axes, layer in zip(rows[0], graphs):
        axes.set_title(f'layer {layer}')
    add_legend(figure, letter, any((stack[:, :, joint] < 0).any() for stack in graphs.values()))
    return figure


def draw_body(axes, place, links, strengths, joint):
    """Draw one body: joints at `place` (V, 2), circles by `strengths` (V,), from −1 to 1."""
    for link in links:
        axes.plot(*place[list(link)].T, color=PALE, linewidth=2.2, solid_capstyle='round', zorder=1)
    axes.scatter(*place.T, s=5, color=GREY, linewidth=0, zorder=2)
    order = np.argsort(-np.abs(strengths))  # small circles on top of large ones
    colours = np.where(strengths < 0, VERMILLION, BLUE)[order]
    areas = LARGEST_CIRCLE * np.abs(strengths)[order]
    axes.scatter(*place[order].T, s=areas, c=colours, alpha=.75, linewidth=0, zorder=3)
    axes.scatter(*place[joint], s=70, marker='x', color=INK, linewidth=1.4, zorder=4)
    axes.set_aspect('equal')
    axes.margins(.2, .1)
    axes.set_axis_off()


def add_legend(figure, letter, negative):
    """Explain the marks below the figure; `negative` says whether there are negative weights."""
    dot = {'linestyle': '', 'marker': 'o', 'markersize': 9, 'alpha': .75, 'markeredgewidth': 0}
    handles = [Line2D([], [], color=BLUE, label=f'weight in {letter}{", positive" if negative else ""}', **dot)]
    if negative:
        handles.append(Line2D([], [], color=VERMILLION, label='negative', **dot))
    handles.append(Line2D([], [], linestyle='', marker='x', color=INK, markersize=8, markeredgewidth=1.4,
                          label='the joint that is acted on'))
    figure.legend(handles=handles, loc='outside lower center', ncols=len(handles), frameon=False)
