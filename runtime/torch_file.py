"""What torch.save writes, read as data: tensors, numpy arrays and plain containers.

Nothing in a file runs, and objects of other classes are ignored without being built. There are three forms: since
PyTorch 1.6 a zip archive of one pickle and one member for each storage; before, pickles in a row with the storages
behind them; and an ordinary pickle, in which each storage is such a file of its own.
Source: https://github.com/pytorch/pytorch/blob/main/torch/serialization.py.
"""
import io
import math
import pickle
import zipfile

import numpy as np
import torch

from runtime.errors import UserError
from runtime.safe_pickle import DataUnpickler

LEGACY_MAGIC = 0x1950a86a20f9469cfc6c
DTYPES = {'DoubleStorage': torch.float64, 'FloatStorage': torch.float32, 'HalfStorage': torch.float16,
          'BFloat16Storage': torch.bfloat16, 'LongStorage': torch.int64, 'IntStorage': torch.int32,
          'ShortStorage': torch.int16, 'CharStorage': torch.int8, 'ByteStorage': torch.uint8,
          'BoolStorage': torch.bool}


def load_tensors(path):
    """Return what `torch.save` or `pickle.dump` wrote to `path`, on the CPU; UserError if it is broken."""
    try:
        with open(path, 'rb') as file:
            return read_tensors(file)
    except OSError as error:
        raise UserError(f'{path}: {error.strerror}: check the path') from None
    except Exception as error:  # a damaged file can raise any of a dozen exceptions
        reason = str(error).strip().splitlines()[0].split('. ')[0] if str(error).strip() else type(error).__name__
        raise UserError(f'{path}: incomplete or damaged weights ({reason}): download or save them again') from None


def read_tensors(file):
    """Return the content of an open file of any of the three forms."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    zipped = file.read(4) == b'PK\x03\x04'
    file.seek(0)
    if zipped:
        return read_zip(file, size)
    content = TensorUnpickler(file).load()
    return read_legacy(file, size) if content == LEGACY_MAGIC else content


def read_zip(file, size):
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):
            raise pickle.UnpicklingError('weights are stored, not compressed, and this archive is compressed')
        if sum(member.file_size for member in members) > size:
            raise pickle.UnpicklingError('its members are longer than the file')
        names = [member.filename for member in members]
        root = next((name for name in names if name.rpartition('/')[2] == 'data.pkl'), 'data.pkl')[:-len('data.pkl')]
        if root + 'byteorder' in names and archive.read(root + 'byteorder') != b'little':
            raise pickle.UnpicklingError('written on a machine of another byte order')
        storages = {}

        def storage(dtype, key, _location, numel):
            if key not in storages:
                storages[key] = torch.from_numpy(np.frombuffer(bytearray(archive.read(f'{root}data/{key}')), np.uint8))
            if len(storages[key]) != numel * dtype.itemsize:
                raise pickle.UnpicklingError(f'storage {key} has another length than stated')
            return storages[key].view(dtype)

        return TensorUnpickler(io.BytesIO(archive.read(root + 'data.pkl')), storage).load()


def read_legacy(file, size):
    """Return the content of a file of before PyTorch 1.6, of which the magic number has been read."""
    storages = {}

    def storage(dtype, key, _location, numel, view=None):
        if key not in storages:
            taken = sum(one.nbytes for one in storages.values())
            if not 0 <= numel * dtype.itemsize <= size - taken:
                raise pickle.UnpicklingError('its storages are longer than the file')
            storages[key] = torch.empty(numel, dtype=dtype)
        _, offset, length = view or (None, 0, numel)
        return storages[key][offset:offset + length]

    for _ in ('protocol', 'system'):
        TensorUnpickler(file).load()
    content = TensorUnpickler(file, storage).load()
    for key in TensorUnpickler(file).load():
        length, data = int.from_bytes(file.read(8), 'little'), file.read(storages[key].nbytes)
        if length != len(storages[key]) or len(data) != storages[key].nbytes:
            raise EOFError('it is truncated')
        storages[key].view(torch.uint8).copy_(torch.from_numpy(np.frombuffer(bytearray(data), np.uint8)))
    return content


class Ignored:
    """Replaces an object of a class that is not data: accepts all that a pickle gives it, and keeps nothing."""

    def __init__(self, *_):
        pass

    def __call__(self, *_):
        return self

    def take(self, *_):
        pass

    __setitem__ = append = extend = add = take


def _tensor(storage, offset, size, stride, *_):
    if not isinstance(storage, torch.Tensor):
        raise pickle.UnpicklingError('a tensor without its numbers')
    if 0 not in stride and math.prod(size) > len(storage):
        raise pickle.UnpicklingError('a tensor larger than its storage')
    return torch.as_strided(storage, size, stride, offset)  # which stays within the storage


class TensorUnpickler(DataUnpickler):
    """DataUnpickler that admits tensors, and ignores what is not data instead of refusing it.

    `storage(dtype, key, location, number of elements)` returns a storage as a tensor of one dimension.
    """

    admitted = {**DataUnpickler.admitted,
                ('torch._utils', '_rebuild_tensor'): _tensor,
                ('torch._utils', '_rebuild_tensor_v2'): _tensor,
                ('torch._utils', '_rebuild_parameter'): lambda data, *_: data,
                ('torch._tensor', '_rebuild_from_type_v2'): lambda rebuild, _class, given, _state: rebuild(*given),
                ('torch.storage', '_load_from_bytes'): lambda data: read_tensors(io.BytesIO(data))}
    dispatch = dict(DataUnpickler.dispatch)

    def __init__(self, file, storage=None):
        super().__init__(file)
        self.storage = storage

    def find_class(self, module, name):
        if module in ('torch', 'torch.cuda') and name in DTYPES:
            return DTYPES[name]
        return self.admitted.get((module, name), Ignored)

    def persistent_load(self, pid):
        kind, dtype, *place = pid
        if kind != 'storage' or not isinstance(dtype, torch.dtype):
            raise pickle.UnpicklingError('a storage of an unknown kind')
        return self.storage(dtype, *place)

    def load_build(self):
        """Give arrays their state, and leave it out where it is no data: what an OrderedDict has beside its items."""
        if isinstance(self.stack[-2], np.ndarray | np.dtype):
            super().load_build()
        else:
            self.stack.pop()

    dispatch[pickle.BUILD[0]] = load_build
