"""The graphs of one layer as matrices, and how joints act on one of them, drawn on the body (2s-AGCN, figures 8, 9)."""
import numpy as np
import torch

from figures.body import front_view, kind_of_clips
from figures.source import load_joints
from figures.style import BLUE, GREY, INK, MAGNITUDE, PALE, VERMILLION, WIDTH, new_figure, save_figure, styled
from model.capture import SUM, captured_graphs
from prediction.streams import Stream
from runtime.errors import UserError

SUBSETS = 'the joint itself', 'nearer the centre', 'farther from it'  # the neighbours that each subset links
MAX_CIRCLE = 560  # points²


def run(arg):
    """Draw the graphs that a trained model used for one sample, of its first person."""
    stream = Stream(arg.config, arg.weights, 'cpu')
    joints, path, name = load_joints(arg, stream.arg)
    clip = stream.prepare(joints, path)
    clip = clip if clip.ndim == 4 else clip[0]  # the first of several draws
    try:
        captured = captured_graphs(stream.network, torch.from_numpy(clip[None]), arg.layer)
    except ValueError as error:
        raise UserError(f'--layer: {error}') from None
    graphs = {layer: {letter: bodies[0] for letter, bodies in of_layer.items()} for layer, of_layer in captured.items()}
    first = arg.layer[0]
    names = getattr(stream.graph, 'joint_names', [str(v) for v in range(stream.graph.num_node)])
    if arg.joint is None:
        save_figure(matrices(graphs[first], names, f'Graphs of layer {first}, sample {name}'), arg.out)
        return
    letter = SUM if arg.matrix == 'sum' else arg.matrix
    if letter not in graphs[first]:
        raise UserError(f'--matrix {arg.matrix}: this model has {", ".join(graphs[first])}')
    if arg.joint not in names:
        raise UserError(f'--joint {arg.joint}: the joints are {", ".join(names)}')
    body = front_view(joints, kind_of_clips(stream.preparation))[0]
    most_seen = np.isfinite(body).all(2).sum(1).argmax()
    figure = on_the_body({layer: of_layer[letter] for layer, of_layer in graphs.items()}, body[most_seen],
                         stream.graph.inward, names.index(arg.joint),
                         f'What acts on the {arg.joint} in {letter}, sample {name}')
    save_figure(figure, arg.out)


@styled
def matrices(graphs, joint_names, title):
    """Return the figure of `graphs`, letter → (3, V, V): a row a letter, a column a subset, a colour scale a row."""
    figure = new_figure(WIDTH, 1.4 + 2.4 * len(graphs), title)
    rows = figure.subplots(len(graphs), 3, squeeze=False, sharex=True, sharey=True)
    ticks = {'ticks': range(len(joint_names)), 'labels': joint_names, 'fontsize': 6}
    for row, (letter, stack) in zip(rows, graphs.items()):
        for axes, graph in zip(row, stack):
            image = axes.imshow(graph, cmap=MAGNITUDE, vmin=stack.min(), vmax=stack.max())
        figure.colorbar(image, ax=row).ax.set_title(letter.replace(' ', ''), weight='bold')
        row[0].set_yticks(**ticks)
    for k, neighbours in enumerate(SUBSETS):
        rows[0, k].set_title(f'subset {k + 1}: {neighbours}')
        rows[-1, k].set_xticks(**ticks, rotation=90)
    figure.supxlabel('the joint that is acted on', fontsize=8, color=GREY)
    figure.supylabel('the joint that acts', fontsize=8, color=GREY)
    return figure


@styled
def on_the_body(graphs, body, links, joint, title):
    """Return the figure of `graphs`, layer → (3, V, V): how strongly each joint acts on `joint`, its number.

    `body` (V, 2) are the places of the joints, NaN where they are not seen. There is a column for each layer and a row
    for each subset. The area of a circle is the weight, on one scale in each row.
    """
    figure = new_figure(max(WIDTH * len(graphs) / 3, 4.5), 8.2, title)
    rows = figure.subplots(3, len(graphs), squeeze=False)
    for k, row in enumerate(rows):
        acting = [stack[k][:, joint] for stack in graphs.values()]
        largest = np.abs(acting).max() or 1
        row[0].set_ylabel(f'subset {k + 1}: {SUBSETS[k]}\nlargest circle: {largest:#.2g}')
        for axes, strengths in zip(row, acting):
            draw_body(axes, body, links, strengths / largest, joint)
    for axes, layer in zip(rows[0], graphs):
        axes.set_title(f'layer {layer}')
    figure.supxlabel('circles: weights, negative ones in red; ×: the joint that is acted on', fontsize=8, color=GREY)
    return figure


def draw_body(axes, body, links, strengths, joint):
    """Draw joints at `body` (V, 2), and circles by `strengths` (V,), from −1 to 1."""
    for link in links:
        axes.plot(*body[list(link)].T, color=PALE, linewidth=2.2, zorder=1)
    axes.scatter(*body.T, s=5, color=GREY, linewidth=0)
    colours = np.where(strengths < 0, VERMILLION, BLUE)
    axes.scatter(*body.T, s=MAX_CIRCLE * np.abs(strengths), c=colours, alpha=.6, linewidth=0)
    axes.scatter(*body[joint], s=70, marker='x', color=INK)
    axes.set(aspect='equal', xticks=[], yticks=[])
    axes.margins(.2, .1)
    axes.spines[:].set_visible(False)
