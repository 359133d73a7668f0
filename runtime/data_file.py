"""Pickles, files of torch.save and `.npy` files, read as data: text, numbers, arrays, tensors. No code in them runs.

Label files, score files, annotations and weights may come from anybody, and an ordinary unpickler calls any function
that a file names. Source: https://docs.python.org/3/library/pickle.html#restricting-globals.
"""
import io
import pickle
import re

import numpy as np

from runtime.errors import UserError

JOINTS, INDEX = 'joints.npy', 'recordings.npz'  # the files of PYSKL's recordings, see data_gen/writing/recordings.py
ALLOWED = {'collections.OrderedDict', '_codecs.encode', 'builtins.set', '__builtin__.set', '__builtin__.bytes',
           'numpy.ndarray', 'numpy.dtype', 'torch._utils._rebuild_tensor_v2', 'torch._utils._rebuild_parameter'}
ARRAY_MODULE = re.compile(r'numpy\._?core\.(multiarray|numeric)')  # numpy.core in NumPy 1, numpy._core in NumPy 2
ARRAY_FUNCTIONS = {'_reconstruct': np.empty(0).__reduce__()[0], '_frombuffer': np.empty(0).__reduce_ex__(5)[0],
                   'scalar': np.float32(0).__reduce__()[0]}
TORCH_STARTS = b'PK\x03\x04', b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.'  # torch.save since PyTorch 1.6, and before
REFUSED = re.compile(r'GLOBAL (\S+) was not an allowed global')  # in the error of torch.load


def load_pickle(path, advice='create or download it again'):
    """Return the content of the pickle at `path`, written by any Python and NumPy.

    Raises UserError, naming the file and ending in `advice`, if it is cut off, not a pickle, or holds anything but
    data.
    """
    return read_file(path, unpickle, 'not a complete pickle of plain data', advice)


def load_tensors(path):
    """Return what `torch.save` or `pickle.dump` wrote to `path`, on the CPU; UserError if it is broken."""
    def read(file):
        is_torch = file.read(max(map(len, TORCH_STARTS))).startswith(TORCH_STARTS)
        file.seek(0)
        return load_torch(file) if is_torch else unpickle(file)
    return read_file(path, read, 'incomplete or damaged weights', 'download or save them again')


def read_data(path, use_mmap=True):
    """Return the clips in the `.npy` file `path`, (N, C, T, V, M), mapped read-only or read into memory.

    Raises UserError if the file is missing, cut off, or not an array of numbers with these five axes.
    """
    data = read_array(path, 5)
    return data if use_mmap else np.array(data)


def read_array(path, axes):
    """Return the array of numbers with so many `axes` in the `.npy` file `path`, mapped read-only; see `read_data`."""
    def read(file):
        if file.read(6) != b'\x93NUMPY':
            raise ValueError('no .npy header')
        return np.load(path, mmap_mode='r', allow_pickle=False)
    data = read_file(path, read, 'an incomplete or damaged .npy file', 'prepare the data again')
    if data.ndim != axes or data.dtype.kind not in 'fiu' or not data.size:
        raise UserError(f'{path}: it holds {data.dtype} of shape {data.shape}, and numbers with {axes} axes are needed')
    return data


def read_file(path, read, problem, advice):
    """Return `read(file)` of the file at `path`; UserError, with `problem` and `advice`, if that fails."""
    try:
        file = open(path, 'rb')  # noqa: SIM115
    except OSError as error:
        raise UserError(f'{path}: {error.strerror}: check the path') from None
    with file:
        try:
            return read(file)
        except Exception as error:  # a damaged file can raise any of a dozen exceptions
            reason = str(error).strip().partition('\n')[0] or type(error).__name__
            raise UserError(f'{path}: {problem} ({reason}): {advice}') from None


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


def unpickle(file):
    return DataUnpickler(file, encoding='latin1').load()  # Python 2 wrote text as bytes


class Ignored:
    """Replaces an object of a class that is not data, such as the logs that mmengine saves beside weights."""

    def __init__(self, *_):
        pass

    def __setstate__(self, _):
        pass


def load_torch(file):
    """Return the content of a file of torch.save; each class that torch.load refuses is replaced by Ignored."""
    import torch  # takes seconds, and most readers of pickles do without
    refused = set()
    while True:
        file.seek(0)
        try:
            with torch.serialization.safe_globals([(Ignored, name) for name in refused]):
                return torch.load(file, 'cpu', weights_only=True)
        except pickle.UnpicklingError as error:
            found = REFUSED.search(str(error))
            if not found or found[1] in refused:
                raise
            refused |= {found[1], f'builtins.{found[1]}'}  # the error leaves `builtins` out
