"""The pictures of a training run that TensorBoard shows: confusions, and the graphs learned so far."""
import numpy as np

from figures.graph import matrices
from figures.report import confusion
from figures.style import as_image

LAYERS = 1, 5, 10
PIXELS_PER_INCH = 70


def confusion_image(counts):
    """Return `counts` (classes, classes), true by predicted, as an image, uint8 (height, width, 3)."""
    names = [str(number) for number in range(len(counts))]
    return np.asarray(as_image(confusion(counts, names, 'Confusion of the test samples'), PIXELS_PER_INCH))


def learned_graphs_image(network, graph):
    """Return B of three layers as an image, uint8 (height, width, 3); None for a network without learned graphs.

    Joints of a `graph` without joint_names, which a model does not ask for, are numbered.
    """
    learned = {layer: getattr(getattr(getattr(network, f'l{layer}', None), 'gcn1', None), 'PA', None)
               for layer in LAYERS}
    if any(graph is None for graph in learned.values()):
        return None
    stacks = {f'l{layer}': graph.detach().cpu().numpy() for layer, graph in learned.items()}
    names = getattr(graph, 'joint_names', [str(number) for number in range(graph.num_node)])
    return np.asarray(as_image(matrices(stacks, names, 'Learned graphs B of three layers'), PIXELS_PER_INCH))
