"""A user's `.npy` file, opened as data."""
import numpy as np

from data_gen.samples import BrokenSample


def load_array(path):
    """Return the array of numbers in the `.npy` file at `path`, mapped; BrokenSample, naming it, if it has none."""
    try:
        array = np.load(path, mmap_mode='r', allow_pickle=False)
    except OSError as error:
        raise BrokenSample(f'{path}: cannot be read: {error.strerror or error}') from None
    except Exception as error:  # a damaged header can raise any of a dozen exceptions
        raise BrokenSample(f'{path}: not a whole .npy file of numbers ({error})') from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in 'fiu':
        raise BrokenSample(f'{path}: not an array of numbers')
    return array
