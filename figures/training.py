"""The pictures of a training run for TensorBoard: the confusions, and the graphs learned so far."""
import numpy as np

from figures.graph import matrices
from figures.report import confusion
from figures.report_numbers import confusion_counts
from figures.style import as_image
from runtime.trained import build_graph

LAYERS = 1, 5, 10
PIXELS_PER_INCH = 70


def pictures(arg, network, predicted, labels, num_class):
    """Return tag → image, uint8 (height, width, 3): the confusions of the labels (N,), and the graphs learned so far.

    `arg` are the arguments of the run, which name the graph. Networks without learned graphs have no picture of them.
    """
    counts = confusion_counts(predicted, labels, num_class)
    figure = confusion(counts, list(map(str, range(num_class))), 'Confusion of the test samples')
    images = {'confusion': np.asarray(as_image(figure, PIXELS_PER_INCH))}
    if learned_graphs(network):
        images['learned_graphs'] = learned_graphs_image(network, build_graph(arg))
    return images


def learned_graphs(network):
    """Return layer → B (3, V, V) of three layers; an empty dict for a network without learned graphs."""
    learned = {f'l{layer}': getattr(getattr(getattr(network, f'l{layer}', None), 'gcn1', None), 'PA', None)
               for layer in LAYERS}
    missing = any(B is None for B in learned.values())
    return {} if missing else {layer: B.detach().cpu().numpy() for layer, B in learned.items()}


def learned_graphs_image(network, graph):
    """Return B of three layers as an image, uint8 (height, width, 3).

    Joints are numbered if `graph` has no joint_names.
    """
    names = getattr(graph, 'joint_names', list(map(str, range(graph.num_node))))
    figure = matrices(learned_graphs(network), names, 'Learned graphs B of three layers')
    return np.asarray(as_image(figure, PIXELS_PER_INCH))
