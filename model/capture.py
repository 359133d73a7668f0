"""The graphs that a network uses in a forward pass."""
import copy

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
    captured = {layer: [] for layer in layers}
    for layer in layers:
        graph_unit = getattr(getattr(network, f'l{layer}', None), 'gcn1', None)
        if not hasattr(graph_unit, 'graphs'):
            raise ValueError(f'the model has no layer {layer} whose graphs could be shown')

        def capture(unit, inputs, parts=captured[layer]):
            graphs = {**unit.graphs(*inputs[:1]), SUM: unit.adjacency(*inputs[:1])}
            parts.append({letter: graph.expand(len(inputs[0]), -1, -1, -1).numpy(force=True)
                          for letter, graph in graphs.items()})
        graph_unit.register_forward_pre_hook(capture)
    with torch.no_grad():
        network(data)
    # A network may compute its bodies in several parts.
    return {layer: {letter: np.concatenate([part[letter] for part in parts]) for letter in parts[0]}
            for layer, parts in captured.items()}
