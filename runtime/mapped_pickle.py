"""Large pickles of arrays, read as data, with the arrays' numbers left in the file.

The file is mapped into memory, which all processes that map it share and the system can take back. What is read of it
is where each array lies.
"""
import functools
import mmap
import pickle
from typing import NamedTuple

import numpy as np

from runtime.safe_pickle import DataUnpickler, load_pickle

SHORT = 1024  # bytes; as many are taken into memory
# The opcodes of bytes and texts: how many bytes say the length, and whether text follows.
LENGTHS = {pickle.SHORT_BINBYTES: (1, False), pickle.BINBYTES: (4, False), pickle.BINBYTES8: (8, False),
           pickle.BYTEARRAY8: (8, False), pickle.BINSTRING: (4, False), pickle.BINUNICODE: (4, True)}


class InFile(NamedTuple):
    """Bytes in the file: where they begin, how many they are there, and whether they are text, as protocols below 3
    write bytes: each one a character of latin-1, in UTF-8."""

    offset: int
    length: int
    as_text: bool


class ArrayInFile:
    """What a pickle says of an array: `shape`, `dtype`, `order` ('C' or 'F'), and `data`, an InFile, or short bytes."""

    __slots__ = 'data', 'dtype', 'order', 'shape'

    def __init__(self, data=b'', dtype=None, shape=(0,), order='C'):
        self.data, self.dtype, self.shape, self.order = data, dtype, shape, order


def read_array(mapped, place, dtype, shape, order='C'):
    """Return the array at `place`, (offset, length, as_text) of an InFile, of the file `mapped`.

    It is a view of the file where that has its bytes as they are. ValueError if it has too few.
    """
    offset, length, as_text = place
    data = memoryview(mapped)[offset:offset + length]
    if as_text:
        data = str(data, 'utf-8').encode('latin-1')
    return np.frombuffer(data, dtype).reshape(shape, order=order)


def _reconstruct(*_):
    return ArrayInFile()


def _encode(text, *encoding):
    return text if isinstance(text, InFile) else DataUnpickler.admitted['_codecs', 'encode'](text, *encoding)


def map_pickle(path):
    """Return (content, the mapped file) of the pickle at `path`: plain data, in which arrays are ArrayInFile.

    Raises UserError as `load_pickle` does.
    """
    return load_pickle(path, MapUnpickler), map_file(path)


def map_file(path):
    with open(path, 'rb') as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


class MapUnpickler(DataUnpickler):
    """DataUnpickler that leaves bytes where they are, if they are more than SHORT."""

    def __init__(self, file):
        self.map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        super().__init__(self.map)

    def load_frame(self):
        self.read(8)  # a frame's length, for those who read ahead

    def load_build(self):
        target = self.stack[-2]
        if isinstance(target, ArrayInFile):
            _, target.shape, target.dtype, fortran, target.data = self.stack.pop()
            target.order = 'F' if fortran else 'C'
        else:
            super().load_build()

    def load_bytes(self, code):
        """Push an InFile for the bytes that follow, or the bytes if they are short."""
        start = self.map.tell()
        width, as_text = LENGTHS[code]
        length = int.from_bytes(self.map.read(width), 'little')
        if length <= SHORT:
            self.map.seek(start)
            DataUnpickler.dispatch[code[0]](self)
        elif start + width + length > len(self.map):
            raise EOFError('it is cut off')
        else:
            self.map.seek(length, 1)
            self.append(InFile(start + width, length, as_text))

    dispatch = {**DataUnpickler.dispatch, pickle.FRAME[0]: load_frame, pickle.BUILD[0]: load_build}
    for _code in LENGTHS:
        dispatch[_code[0]] = functools.partial(load_bytes, code=_code)
    admitted = {**DataUnpickler.admitted, ('_codecs', 'encode'): _encode}
    for _core in ('numpy.core', 'numpy._core'):
        admitted[_core + '.multiarray', '_reconstruct'] = _reconstruct
        admitted[_core + '.numeric', '_frombuffer'] = ArrayInFile
