"""What torch.save writes, and pickles of the same dicts, read as data: tensors, numbers and plain containers."""
import io
import pickle
import re

import torch

from runtime.errors import UserError
from runtime.safe_pickle import DataUnpickler

STARTS = b'PK\x03\x04', b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.'  # of torch.save since PyTorch 1.6, and before
NOT_DATA = re.compile(r'GLOBAL (\S+) was not an allowed global')  # in the error of torch.load


class Ignored:
    """Replaces an object of a class that is not data, such as the meters and logs that frameworks save beside weights.

    It takes what a pickle gives it, and keeps nothing.
    """

    def __init__(self, *_):
        pass

    def __setstate__(self, _):
        pass


class TensorUnpickler(DataUnpickler):
    """DataUnpickler that admits the tensors of an ordinary pickle, whose storages are files of torch.save."""

    admitted = {**DataUnpickler.admitted,
                ('torch._utils', '_rebuild_tensor_v2'): torch._utils._rebuild_tensor_v2,
                ('torch._utils', '_rebuild_parameter'): torch._utils._rebuild_parameter,
                ('torch.storage', '_load_from_bytes'):
                    lambda data: torch.load(io.BytesIO(data), 'cpu', weights_only=True)}


def load_tensors(path):
    """Return what `torch.save` or `pickle.dump` wrote to `path`, on the CPU; UserError if it is broken.

    Nothing in the file runs.
    """
    try:
        with open(path, 'rb') as file:
            start = file.read(max(map(len, STARTS)))
    except OSError as error:
        raise UserError(f'{path}: {error.strerror}: check the path') from None
    try:
        if start.startswith(STARTS):
            return load_known(path)
        with open(path, 'rb') as file:
            return TensorUnpickler(file).load()
    except Exception as error:  # a damaged file can raise any of a dozen exceptions
        reason = str(error).strip().splitlines()[0].split('. ')[0] if str(error).strip() else type(error).__name__
        raise UserError(f'{path}: incomplete or damaged weights ({reason}): download or save them again') from None


def load_known(path):
    """Return the content of a file of torch.save; each class that torch.load refuses is replaced by Ignored."""
    refused = set()
    while True:
        try:
            with torch.serialization.safe_globals([(Ignored, name) for name in refused]):
                return torch.load(path, 'cpu', weights_only=True)
        except pickle.UnpicklingError as error:
            found = NOT_DATA.search(str(error))
            if not found or found[1] in refused:
                raise
            refused |= {found[1], f'builtins.{found[1]}'}  # the error leaves `builtins` out
