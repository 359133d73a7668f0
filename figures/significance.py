"""How sure an accuracy is, and a difference between two."""
import math
import statistics


def wilson(right, number, confidence=0.95):
    """Return (low, high), Wilson's score interval of the share right / number. Source: Wilson, JASA 22, 1927."""
    z = statistics.NormalDist().inv_cdf((1 + confidence) / 2)
    share = right / number
    middle = share + z ** 2 / (2 * number)
    reach = z * math.sqrt(share * (1 - share) / number + z ** 2 / (4 * number ** 2))
    scale = 1 + z ** 2 / number
    return (middle - reach) / scale, (middle + reach) / scale


def mcnemar(only_a, only_b):
    """Return the two-sided p of McNemar's exact test of two classifiers on the same samples.

    Of the samples that one alone gets right, `only_a` are A's and `only_b` are B's. Were the two equally good, each
    would fall to either with probability one half: p is that of so uneven a split, or a more uneven one. Source:
    McNemar, Psychometrika 12, 1947; exact by the binomial distribution.
    """
    number = only_a + only_b
    tail = sum(math.comb(number, k) for k in range(min(only_a, only_b) + 1))
    return min(1.0, 2 * tail / 2 ** number)
