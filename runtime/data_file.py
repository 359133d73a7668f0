"""Pickles, files of torch.save and `.npy` files, read as data: text, numbers, arrays, tensors. No code in them runs.

Label files, score files, annotations and weights may come from anybody, and an ordinary unpickler calls any function
that a file names. Source: https://docs.python.org/3/library/pickle.html#restricting-globals.
"""
import io
import pickle
import re

import numpy as np

from runtime.errors import UserError

JOINTS, INDEX = 'joints.npy', 'recordings.npz'  # of recordings, see data_gen/writing/recordings.py
ALLOWED = {'collections.OrderedDict', '_codecs.encode', 'builtins.set', '__builtin__.set', '__builtin__.bytes',
           'numpy.ndarray', 'numpy.dtype', 'torch._utils._rebuild_tensor_v2', 'torch._utils._rebuild_parameter'}
ARRAY_MODULE = re.compile(r'numpy\._?core\.(multiarray|numeric)')  # numpy.core in NumPy 1, numpy._core in NumPy 2
ARRAY_FUNCTIONS = {'_reconstruct': np.empty(0).__reduce__()[0], '_frombuffer': np.empty(0).__reduce_ex__(5)[0],
                   'scalar': np.float32(0).__reduce__()[0]}
STARTS = b'PK\x03\x04', b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.'  # of torch.save since PyTorch 1.6, and before
REFUSED = re.compile(r'GLOBAL (\S+) was not an allowed global')  # in the error of torch.load


class DataUnpickler(pickle.Unpickler):
    """Python's unpickler, for which a file can name nothing but what data are made of."""

    def find_class(self, module, name):
        if ARRAY_MODULE.fullmatch(module) and name in ARRAY_FUNCTIONS:
            return ARRAY_FUNCTIONS[name]
        if (module, name) == ('torch.storage', '_load_from_bytes'):
            return lambda content: load_torch(io.BytesIO(content))
        if f'{module}.{name}' in ALLOWED:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f'it asks for {module}.{name}, which is not data')


class Ignored:
    """Replaces an object of a class that is not data, such as the meters and logs that frameworks save beside weights.

    It takes what a pickle gives it, and keeps nothing.
    """

    def __init__(self, *_):
        pass

    def __setstate__(self, _):
        pass


def load_pickle(path, advice='create or download it again'):
    """Return the content of the pickle at `path`, written by any Python and NumPy.

    Raises UserError, naming the file and ending in `advice`, if it is cut off, not a pickle, or holds anything but
    data.
    """
    try:
        return unpickle(path)
    except OSError as error:
        raise UserError(f'{path}: {error.strerror}: check the path') from None
    except Exception as error:  # a damaged pickle can raise any of a dozen exceptions
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise UserError(f'{path}: not a complete pickle of plain data ({reason}): {advice}') from None


def load_tensors(path):
    """Return what `torch.save` or `pickle.dump` wrote to `path`, on the CPU; UserError if it is broken."""
    try:
        with open(path, 'rb') as file:
            start = file.read(max(map(len, STARTS)))
    except OSError as error:
        raise UserError(f'{path}: {error.strerror}: check the path') from None
    try:
        return load_torch(path) if start.startswith(STARTS) else unpickle(path)
    except Exception as error:  # as in load_pickle
        reason = str(error).strip().splitlines()[0].split('. ')[0] if str(error).strip() else type(error).__name__
        raise UserError(f'{path}: incomplete or damaged weights ({reason}): download or save them again') from None


def unpickle(path):
    with open(path, 'rb') as file:
        return DataUnpickler(file, encoding='latin1').load()  # the bytes that Python 2 wrote as text


def load_torch(file):
    """Return the content of a file of torch.save; each class that torch.load refuses is replaced by Ignored."""
    import torch  # takes seconds, and most readers of pickles do without
    refused = set()
    while True:
        try:
            with torch.serialization.safe_globals([(Ignored, name) for name in refused]):
                return torch.load(file, 'cpu', weights_only=True)
        except pickle.UnpicklingError as error:
            found = REFUSED.search(str(error))
            if not found or found[1] in refused:
                raise
            refused |= {found[1], f'builtins.{found[1]}'}  # the error leaves `builtins` out


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
