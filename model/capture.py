"""What a network used in a forward pass, as it used it."""
import numpy as np
import torch

SUM = 'A + B + C'


def captured_graphs(network, data, layers):
    """Return the graphs that `network` used for `data` (N, C, T, V, M) in the units l1 … l10 that `layers` numbers.

    The result is a dict layer → letter → array (N·M, 3, V, V), one row a body; the letters are those that the unit
    has of A, B (learnt) and C (computed from the bodies), and SUM. Raises ValueError for a model without such units.
    """
    captured = {layer: [] for layer in layers}

    def keep(layer):
        def hook(graph_unit, inputs):
            x = inputs[0]
            graphs = {**graph_unit.graphs(x), SUM: graph_unit.adjacency(x)}
            captured[layer].append({letter: graph.expand(len(x), -1, -1, -1).cpu().numpy()
                                    for letter, graph in graphs.items()})
        return hook

    hooks, training, skipping = [], network.training, getattr(network, 'skip_empty_bodies', None)
    try:
        for layer in captured:
            graph_unit = getattr(getattr(network, f'l{layer}', None), 'gcn1', None)
            if not hasattr(graph_unit, 'graphs'):
                raise ValueError(f'the model has no layer {layer} whose graphs could be shown')
            hooks.append(graph_unit.register_forward_pre_hook(keep(layer)))
        network.skip_empty_bodies = False  # a row for every body
        with torch.no_grad():
            network.eval()(data)
    finally:
        network.train(training)
        if skipping is not None:
            network.skip_empty_bodies = skipping
        for hook in hooks:
            hook.remove()
    # A network may pass its bodies through in several parts.
    return {layer: {letter: np.concatenate([part[letter] for part in parts]) for letter in parts[0]}
            for layer, parts in captured.items()}
