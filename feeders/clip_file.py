"""Reads the `.npy` file of clips (N, C, T, V, M), and computes its mean and deviation."""
import numpy as np

from runtime.errors import UserError

BLOCK_VALUES = 2 ** 22  # read at a time for the statistics: 32 MB in float64


def read_data(path, use_mmap=True):
    """Return the clips in the `.npy` file `path`, (N, C, T, V, M), mapped read-only or read into memory.

    Raises UserError if the file is missing, cut off, or not an array of numbers with these five axes.
    """
    try:
        with open(path, 'rb') as file:
            if file.read(6) != b'\x93NUMPY':
                raise ValueError('no .npy header')
        data = np.load(path, mmap_mode='r', allow_pickle=False)
    except OSError as error:
        raise UserError(f'{path}: {error.strerror or error}: check data_path, or prepare the data first') from None
    except Exception as error:  # a damaged header can raise any of a dozen exceptions
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise UserError(f'{path}: an incomplete or damaged .npy file ({reason}): prepare the data again') from None
    if data.ndim != 5 or data.dtype.kind not in 'fiu':
        raise UserError(f'{path}: it contains {data.dtype} of shape {data.shape}, but numbers of shape (samples, '
                        'channels, frames, joints, persons) are needed')
    if not data.size:
        raise UserError(f'{path}: it contains no samples (shape {data.shape}): prepare the data again')
    return data if use_mmap else np.array(data)


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
