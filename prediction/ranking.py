"""Scores as probabilities, and the likeliest classes by name."""
import numpy as np


def probabilities(scores):
    """Return the softmax of scores (…, num_class), float64."""
    likelihoods = np.exp(scores.astype(np.float64) - scores.max(-1, keepdims=True))
    return likelihoods / likelihoods.sum(-1, keepdims=True)


def best(scores, names, k=None):
    """Return the k likeliest classes, all without k, of scores (num_class,): dicts of label, name, score, probability.
    """
    chances = probabilities(scores)
    return [{'label': int(label), 'name': names[label], 'score': float(scores[label]),
             'probability': float(chances[label])} for label in np.argsort(-scores, kind='stable')[:k]]
