"""Pickles read as data: plain containers, strings, numbers and NumPy arrays. Nothing in a file runs.

Label files, score files and annotation files may come from anybody, and an ordinary unpickler calls any function
that a file names. This one is Python's own, written in Python, with three limits: only the names below can be looked
up, only numpy arrays and dtypes can be given a state, and no array can be made larger than the bytes in the file.
"""
import codecs
import collections
import pickle
import re

import numpy as np

from runtime.errors import UserError, shown

PLAIN_DTYPE = re.compile(r'[<>|=]?[biufcSUV?]\d*')


def _dtype(code, *_flags):
    if not isinstance(code, str) or not PLAIN_DTYPE.fullmatch(code):
        raise pickle.UnpicklingError(f'an array of {shown(code)}, which is not a plain number')
    return np.dtype(code, False, True)  # a copy, whose byte order can be set


def _encode(text, encoding='latin1'):
    if encoding not in ('latin1', 'latin-1'):
        raise pickle.UnpicklingError(f'bytes written as {shown(encoding)}')
    return codecs.encode(text, 'latin1')


def _frombuffer(data, dtype, shape, order):
    return np.frombuffer(data, dtype).reshape(shape, order=order).copy('K')


def _as_bytes(data):
    # A Python 2 pickle holds bytes as text, which latin-1 turned into one character a byte.
    return data.encode('latin1') if isinstance(data, str) else bytes(data)


ADMITTED = {
    ('collections', 'OrderedDict'): collections.OrderedDict,
    ('collections', 'defaultdict'): collections.OrderedDict,
    ('_codecs', 'encode'): _encode,
    ('__builtin__', 'bytes'): lambda: b'',  # the only bytes that old protocols write by that name
    ('__builtin__', 'set'): set,
    ('builtins', 'set'): set,
    ('numpy', 'ndarray'): None,  # only passed to _reconstruct
    ('numpy', 'dtype'): _dtype,
}
for _core in ('numpy.core', 'numpy._core'):  # NumPy 1, NumPy 2
    ADMITTED[_core + '.multiarray', '_reconstruct'] = lambda _class, _shape, _code: np.empty(0)  # filled by BUILD
    ADMITTED[_core + '.multiarray', 'scalar'] = lambda dtype, data: np.frombuffer(_as_bytes(data), dtype, count=1)[0]
    ADMITTED[_core + '.numeric', '_frombuffer'] = _frombuffer


def _flat(load):
    """Return `load`, of a tuple, with tuples in tuples in tuples refused: a key of 100 bytes can take years to hash."""
    def load_tuple(unpickler):
        load(unpickler)
        inner = (item for item in unpickler.stack[-1] if isinstance(item, tuple))
        if any(isinstance(value, tuple) for item in inner for value in item):
            raise pickle.UnpicklingError('tuples in tuples in tuples, which no data need')
    return load_tuple


class DataUnpickler(pickle._Unpickler):
    """Python's unpickler, restricted to data. `admitted` maps (module, name) to its replacement."""

    admitted = ADMITTED
    dispatch = dict(pickle._Unpickler.dispatch)

    def __init__(self, file):
        super().__init__(file, encoding='latin1')

    def find_class(self, module, name):
        if (module, name) in self.admitted:
            return self.admitted[module, name]
        raise pickle.UnpicklingError(f'it asks for {module}.{name}, which is not data')

    def get_extension(self, code):
        raise pickle.UnpicklingError(f'it asks for extension {code}, which is not data')

    def load_build(self):
        """Give the object on the stack its state, which only arrays and dtypes may have."""
        state = self.stack.pop()
        target = self.stack[-1]
        if isinstance(target, np.ndarray):
            _, shape, dtype, fortran, data = state
            if not isinstance(dtype, np.dtype) or dtype.hasobject:
                raise pickle.UnpicklingError('an array of objects')
            target.__setstate__((1, shape, dtype, bool(fortran), _as_bytes(data)))
        elif isinstance(target, np.dtype):
            order = state[1]
            if order not in ('<', '>', '|', '='):
                raise pickle.UnpicklingError(f'a byte order {shown(order)}')
            size = (target.itemsize, target.alignment) if target.kind in 'SUV' else (-1, -1)
            target.__setstate__((3, order, None, None, None, *size, 0))
        else:
            raise pickle.UnpicklingError(f'it sets the state of a {type(target).__name__}, which is not data')

    dispatch[pickle.BUILD[0]] = load_build

    for _code in (pickle.TUPLE, pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3):
        dispatch[_code[0]] = _flat(dispatch[_code[0]])

    def load_bytearray8(self):
        """Push the bytes that follow; Python's own way first fills an array of the length that the file claims."""
        length = int.from_bytes(self.read(8), 'little')
        data = self.read(length)
        if len(data) < length:
            raise EOFError
        self.append(bytearray(data))

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8


def load_pickle(path, unpickler=DataUnpickler, advice='create or download it again'):
    """Return the content of the pickle at `path`, written by any Python and NumPy, without running anything in it.

    Raises UserError, naming the file and ending in `advice`, if it is truncated, not a pickle, or holds anything but
    data.
    """
    try:
        with open(path, 'rb') as file:
            return unpickler(file).load()
    except OSError as error:
        raise UserError(f'{path}: {error.strerror}: check the path') from None
    except Exception as error:  # a damaged pickle can raise any of a dozen exceptions
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise UserError(f'{path}: not a complete pickle of plain data ({reason}): {advice}') from None
