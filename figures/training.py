"""The pictures of a training run for TensorBoard: the confusions, and the graphs learned so far."""
import numpy as np

from figures.graph import matrices
from figures.report import confusion
from figures.style import as_image

LAYERS = 1, 5, 10
PIXELS_PER_INCH = 70


def confusion_image(counts):
    """Return `counts` (classes, classes), true by predicted, as an image, uint8 (height, width, 3)."""
    numbers = list(map(str, range(len(counts))))
    return np.asarray(as_image(confusion(counts, numbers, 'Confusion of the test samples'), PIXELS_PER_INCH))


def learned_graphs_image(network, graph):
    """Return B of three layers as an image, uint8 (height, width, 3); None for a network without learned graphs.

    Joints are numbered if `graph` has no joint_names.
    """
    learned = {layer: getattr(getattr(getattr(network, f'l{layer}', None), 'gcn1', None), 'PA', None)
               for layer in LAYERS}
    if any(B is None for B in learned.values()):
        return None
    stacks = {f'l{layer}': B.detach().cpu().numpy() for layer, B in learned.items()}
    names = getattr(graph, 'joint_names', list(map(str, range(graph.num_node))))
    return np.asarray(as_image(matrices(stacks, names, 'Learned graphs B of three layers'), PIXELS_PER_INCH))
