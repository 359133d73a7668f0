"""Large pickles of arrays, read as data, with the arrays' numbers left in the file.

What is taken into memory is where each array lies. Whoever wants its numbers reads them there: the file is in the
system's memory once, for all processes.
"""
import functools
import os
import pickle
from typing import NamedTuple

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


def load_large_pickle(path):
    """Return what the pickle at `path` holds, plain data in which arrays are ArrayInFile. Errors: see `load_pickle`."""
    return load_pickle(path, LargeUnpickler)


def read_bytes(path, place):
    """Return the bytes at `place`, an InFile of the file at `path`."""
    offset, length, as_text = place
    with open(path, 'rb') as file:
        file.seek(offset)
        data = file.read(length)
    return data.decode().encode('latin-1') if as_text else data


def _reconstruct(*_):
    return ArrayInFile()


def _encode(text, *encoding):
    return text if isinstance(text, InFile) else DataUnpickler.admitted['_codecs', 'encode'](text, *encoding)


class LargeUnpickler(DataUnpickler):
    """DataUnpickler that leaves bytes where they are, if they are more than SHORT."""

    def __init__(self, file):
        self.file = file
        self.size = os.fstat(file.fileno()).st_size
        super().__init__(file)

    def load_frame(self):
        self.read(8)  # a frame's length, for those who read ahead

    def load_build(self):
        target = self.stack[-2]
        if not isinstance(target, ArrayInFile):
            super().load_build()
            return
        _, target.shape, target.dtype, fortran, target.data = self.stack.pop()
        target.order = 'F' if fortran else 'C'

    def load_bytes(self, code):
        """Push an InFile for the bytes that follow, or the bytes if they are short."""
        start = self.file.tell()
        width, as_text = LENGTHS[code]
        length = int.from_bytes(self.file.read(width), 'little')
        if length <= SHORT:
            self.file.seek(start)
            DataUnpickler.dispatch[code[0]](self)
        elif start + width + length > self.size:
            raise EOFError('it is cut off')
        else:
            self.file.seek(start + width + length)
            self.append(InFile(start + width, length, as_text))

    dispatch = {**DataUnpickler.dispatch, pickle.FRAME[0]: load_frame, pickle.BUILD[0]: load_build}
    for _code in LENGTHS:
        dispatch[_code[0]] = functools.partial(load_bytes, code=_code)
    admitted = {**DataUnpickler.admitted, ('_codecs', 'encode'): _encode}
    for _core in ('numpy.core', 'numpy._core'):
        admitted[_core + '.multiarray', '_reconstruct'] = _reconstruct
        admitted[_core + '.numeric', '_frombuffer'] = ArrayInFile
