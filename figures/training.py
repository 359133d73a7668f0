"""The pictures of a training run for TensorBoard, at every evaluation: plain matrices, without axes or matplotlib.

`visualize.py` draws the same with names and scales, which takes a second or two.
"""
import numpy as np

from figures.report_numbers import confusion_counts

LAYERS = 1, 5, 10
BLUE, VERMILLION, GREY = (0, 114, 178), (213, 94, 0), (118, 118, 118)
HEIGHT = 400  # pixels, at least: each entry of a matrix becomes a square of whole pixels


def pictures(network, predicted, labels, num_class):
    """Return tag → image, uint8 (height, width, 3).

    `confusion`: a row for each true class, in shares of its samples; a column for each predicted class.
    `learned_graphs`: B of layers 1, 5 and 10, a row each, by subset, a column each; the strongest link of a layer has
    the full colour. Networks without learned graphs have no picture of them.
    """
    counts = confusion_counts(predicted, labels, num_class)
    images = {'confusion': in_colour(counts / counts.sum(1, keepdims=True).clip(min=1))}
    if graphs := learned_graphs(network):
        framed = [np.pad(B / max(abs(B).max(), 1e-12), ((0, 0), (0, 1), (0, 1)), constant_values=np.nan)
                  for B in graphs.values()]
        images['learned_graphs'] = in_colour(np.block([list(B) for B in framed]))
    return images


def learned_graphs(network):
    """Return layer → B (3, V, V) of three layers; an empty dict for a network without learned graphs."""
    learned = {f'l{layer}': getattr(getattr(getattr(network, f'l{layer}', None), 'gcn1', None), 'PA', None)
               for layer in LAYERS}
    missing = any(B is None for B in learned.values())
    return {} if missing else {layer: B.detach().cpu().numpy() for layer, B in learned.items()}


def in_colour(matrix):
    """Return values from −1 (vermillion) over 0 (white) to 1 (blue) as an image; NaN becomes grey."""
    full = np.where(matrix[..., None] < 0, VERMILLION, BLUE)
    image = np.where(np.isnan(matrix)[..., None], GREY, 255 + abs(matrix)[..., None] * (full - 255.))
    square = -(-HEIGHT // len(matrix))
    return image.astype(np.uint8).repeat(square, 0).repeat(square, 1)
