"""The mean and the deviation of clips, by which `normalization` divides."""
import numpy as np

BLOCK_VALUES = 2 ** 22  # read at a time: 32 MB in float64


def mean_and_deviation(data):
    """Return the mean and the standard deviation of `data` (N, C, T, V, M) over N, T and M, both float32 (C, 1, V, 1).

    The deviation of a value that never changes is 1, so that normalising gives 0. The data are read once, in blocks,
    which are merged as in Chan et al., Algorithms for computing the sample variance, 1983.
    """
    N, C, T, V, M = data.shape
    samples = max(1, BLOCK_VALUES // (C * T * V * M))
    count, mean, squares = 0, np.zeros((C, 1, V, 1)), np.zeros((C, 1, V, 1))
    for begin in range(0, N, samples):
        block = np.asarray(data[begin:begin + samples], np.float64)
        block_count = len(block) * T * M
        block_mean = sum_over_frames(block) / block_count
        block -= block_mean
        difference = block_mean - mean
        share = block_count / (count + block_count)
        squares += sum_over_frames(np.square(block, out=block))
        squares += difference ** 2 * count * share
        mean += difference * share
        count += block_count
    deviation = np.sqrt(squares / count)
    return mean.astype(np.float32), np.where(deviation > 0, deviation, 1).astype(np.float32)


def sum_over_frames(block):
    """Return the sum (C, 1, V, 1) of `block` (N, C, T, V, M) over N, T and M: M last, so that whole rows are added."""
    return block.sum(axis=(0, 2)).sum(axis=-1)[:, None, :, None]
