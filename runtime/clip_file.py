"""Reads the `.npy` files of a data set: clips (N, C, T, V, M), and recordings of different lengths."""
import numpy as np

from runtime.errors import UserError

JOINTS, INDEX = 'joints.npy', 'recordings.npz'  # of recordings, see data_gen/writing/recordings.py


def read_data(path, use_mmap=True):
    """Return the clips in the `.npy` file `path`, (N, C, T, V, M), mapped read-only or read into memory.

    Raises UserError if the file is missing, cut off, or not an array of numbers with these five axes.
    """
    data = read_array(path, 5, '(samples, channels, frames, joints, persons)')
    return data if use_mmap else np.array(data)


def read_array(path, axes, meaning=''):
    """Return the array of numbers with so many `axes` in the `.npy` file `path`, mapped read-only; see `read_data`."""
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
    if data.ndim != axes or data.dtype.kind not in 'fiu':
        raise UserError(f'{path}: it contains {data.dtype} of shape {data.shape}, but numbers of shape '
                        f'{meaning or f"with {axes} axes"} are needed')
    if not data.size:
        raise UserError(f'{path}: it contains no samples (shape {data.shape}): prepare the data again')
    return data
