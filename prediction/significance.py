"""Confidence interval of an accuracy, and significance of a difference between two."""
import math
import statistics


def wilson(right, number, confidence=0.95):
    """Return (low, high), Wilson's score interval of the fraction right / number. Source: Wilson, JASA 22, 1927."""
    z = statistics.NormalDist().inv_cdf((1 + confidence) / 2)
    p = right / number
    middle = p + z ** 2 / (2 * number)
    reach = z * math.sqrt(p * (1 - p) / number + z ** 2 / (4 * number ** 2))
    scale = 1 + z ** 2 / number
    return (middle - reach) / scale, (middle + reach) / scale


def mcnemar(only_a, only_b):
    """Return the two-sided p of McNemar's exact test of two classifiers on the same samples.

    `only_a` samples are classified correctly by A alone, `only_b` by B alone. If both are equally good, each of these
    samples is A's or B's with probability one half; p is the probability of a split at least this uneven. Source:
    McNemar, Psychometrika 12, 1947; exact by the binomial distribution.
    """
    number = only_a + only_b
    tail = sum(math.comb(number, k) for k in range(min(only_a, only_b) + 1))
    return min(1.0, 2 * tail / 2 ** number)
