"""Scores as probabilities, and the likeliest classes by name."""
import numpy as np


def probabilities(scores):
    """Return the softmax of scores (…, num_class), float64."""
    likelihoods = np.exp(scores.astype(np.float64) - scores.max(-1, keepdims=True))
    return likelihoods / likelihoods.sum(-1, keepdims=True)


def ranked(scores):
    """Return (labels, probabilities), likeliest first, of scores (num_class,)."""
    order = np.argsort(-scores, kind='stable')
    return order, probabilities(scores[order])


def best(scores, names, k):
    """Return the k likeliest classes of scores (num_class,) as dicts: label, name, score, probability."""
    order, chances = ranked(scores)
    return [{'label': int(label), 'name': names[label], 'score': float(scores[label]), 'probability': float(chance)}
            for label, chance in zip(order[:k], chances)]
