"""The graphs that a network uses in a forward pass."""
import copy
import functools

import numpy as np
import torch

SUM = 'A + B + C'


def captured_graphs(network, data, layers):
    """Return the graphs that `network` uses for `data` (N, C, T, V, M) in the units l1 … l10 that `layers` numbers.

    The result is a dict layer → letter → array (N·M, 3, V, V), in the order of the bodies. The letters are those of
    A, B and C that the unit has (see its `graphs`), and SUM. Raises ValueError for a model without such units.
    """
    network = copy.deepcopy(network).eval()
    network.skip_empty_bodies = False
    captured = {}
    for layer in layers:
        graph_unit = getattr(getattr(network, f'l{layer}', None), 'gcn1', None)
        if not hasattr(graph_unit, 'graphs'):
            raise ValueError(f'the model has no layer {layer} whose graphs could be shown')
        captured[layer] = []
        graph_unit.register_forward_pre_hook(functools.partial(capture, captured[layer]))
    with torch.no_grad():
        network(data)
    # A network may compute its bodies in several groups.
    return {layer: {letter: np.concatenate([group[letter] for group in groups]) for letter in groups[0]}
            for layer, groups in captured.items()}


def capture(captured, graph_unit, inputs):
    """Append to `captured` the graphs that the unit is about to use for its input x, the first of `inputs`."""
    x = inputs[0]
    graphs = {**graph_unit.graphs(x), SUM: graph_unit.adjacency(x)}
    captured.append({letter: graph.expand(len(x), -1, -1, -1).numpy(force=True) for letter, graph in graphs.items()})
