"""Weights on disk: an ordered dict of CPU tensors, read as data whatever the file holds."""
import collections
import io
import pathlib
import pickle
import re

import numpy as np
import torch

from runtime.atomic_file import write_whole
from runtime.errors import UserError
from runtime.safe_pickle import DataUnpickler, load_pickle


def save_weights(model, path):
    """Write `model`'s state dict to `path`: an ordered dict of CPU tensors, without `module.` prefixes."""
    weights = collections.OrderedDict((strip_prefix(k), v.detach().cpu()) for k, v in model.state_dict().items())
    save_tensors(weights, path)


def save_tensors(content, path):
    """Write `content`, plain data and tensors, to `path` as torch.save does, whole or not at all."""
    buffer = io.BytesIO()  # into memory first: on a full disk torch's own writer fails without saying why
    torch.save(content, buffer)
    with write_whole(path) as file:
        file.write(buffer.getbuffer())


def load_weights(path):
    """Return the weights at `path`, a `.pt` or a `.pkl`: name without `module.` → CPU tensor.

    Raises UserError, naming the file, if it is cut off or holds anything but tensors by name.
    """
    content = load_pickle(path, WeightsUnpickler) if str(path).endswith('.pkl') else load_tensors(path)
    if not isinstance(content, dict) or not content:
        raise UserError(f'{path}: no weights in it, but a {type(content).__name__}: '
                        'a dict from parameter names to tensors is needed')
    weights = collections.OrderedDict()
    for name, value in content.items():
        if isinstance(value, np.ndarray | np.generic):
            value = torch.from_numpy(np.array(value))
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise UserError(f'{path}: {name!r} is a {type(value).__name__}, not a tensor')
        weights[strip_prefix(name)] = value
    return weights


def load_tensors(path):
    """Return what `torch.save` wrote to `path`, without running anything in it; UserError if that cannot be done."""
    try:
        with open(path, 'rb') as file:
            file.read(1)
    except OSError as error:
        raise UserError(f'{path}: {error.strerror}: check the path') from None
    try:
        return torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:  # a damaged file can raise any of a dozen exceptions
        reason = str(error).strip().splitlines()[0].split('. ')[0] if str(error).strip() else type(error).__name__
        raise UserError(f'{path}: not a whole file of weights ({reason}): fetch or write it again') from None


def strip_prefix(name):
    """Return a parameter's name without the `module.` that DataParallel and DistributedDataParallel put before it."""
    return name.removeprefix('module.')


def step_in_name(path):
    """Return the number of the training step that `NAME-EPOCH-STEP.pt` carries, 0 where there is none."""
    match = re.search(r'-(\d+)\.(?:pt|pkl)$', str(path))
    return int(match.group(1)) if match else 0


def fill_model(model, weights, path):
    """Load `weights` (name → tensor) from `path` into `model` and return the names that they lack.

    Those keep their initial values. Raises UserError if a shape differs or a name is unknown to the model: both
    mean that the weights are another model's.
    """
    own = model.state_dict()
    unknown = [name for name in weights if name not in own]
    if unknown:
        raise UserError(f'{path}: it has {unknown[0]} and {len(unknown) - 1} more names that the model lacks: '
                        'name the model it was written by, or drop them with --ignore-weights')
    for name, value in weights.items():
        if value.shape != own[name].shape:
            raise UserError(f'{path}: {name} is {tuple(value.shape)} there and {tuple(own[name].shape)} in this model: '
                            'check model_args (num_class, num_point), or drop it with --ignore-weights')
    model.load_state_dict({**own, **weights})
    return [name for name in own if name not in weights]


def load_into(model, path, ignored=()):
    """Fill `model` with the weights at `path`, without those whose name contains one of the texts `ignored`.

    Returns (names left out, names that the file lacks, which keep their initial values). Errors: see `load_weights`
    and `fill_model`.
    """
    loaded = load_weights(path)
    left_out = [name for name in loaded if any(part in name for part in ignored)]
    for name in left_out:
        del loaded[name]
    return left_out, fill_model(model, loaded, path)


def find_weights(path):
    """Return `path`, or where it lies under data/, as the published download has it."""
    if pathlib.Path(path).exists():
        return path
    under_data = pathlib.Path('data', path)
    if not pathlib.Path(path).is_absolute() and under_data.exists():
        return str(under_data)
    raise UserError(f'{path}: no such weights, here or under data/: train them, fetch them, or give --weights')


def _storage_from_bytes(data):
    return torch.load(io.BytesIO(data), weights_only=True)


def _tensor(storage, offset, size, stride, requires_grad=False, hooks=None, metadata=None):
    if not isinstance(storage, torch.storage.TypedStorage):
        raise pickle.UnpicklingError('a tensor without its numbers')
    return torch.empty(0, dtype=storage.dtype).set_(storage._untyped_storage, offset, size, stride)


class WeightsUnpickler(DataUnpickler):
    """DataUnpickler that admits tensors too, each read by torch's own data-only loader."""

    admitted = {**DataUnpickler.admitted,
                ('torch._utils', '_rebuild_tensor_v2'): _tensor,
                ('torch.storage', '_load_from_bytes'): _storage_from_bytes}
