"""Weights on disk: an ordered dict of CPU tensors, read as data only."""
import collections
import io
import json
import pathlib
import re

import numpy as np
import torch

from runtime.atomic_file import write_whole
from runtime.data_file import load_tensors
from runtime.errors import UserError, short_repr


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
    """Return the weights at `path`, a `.pt`, `.pth` or `.pkl`: name without prefixes → CPU tensor.

    They may lie under the key state_dict, as other projects keep them, or model, as in our checkpoints. Raises
    UserError, naming the file, if it is cut off or holds anything but tensors by name.
    """
    content = load_tensors(path)
    for key in ('state_dict', 'model'):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not content:
        raise UserError(f'{path}: it contains a {type(content).__name__}, not weights: '
                        'a dict from parameter names to tensors is needed')
    weights = collections.OrderedDict()
    for name, value in content.items():
        if isinstance(value, np.ndarray | np.generic):
            value = torch.from_numpy(np.array(value))
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise UserError(f'{path}: {short_repr(name)} is a {type(value).__name__}, not a tensor')
        weights[strip_prefix(name)] = value
    return weights


def strip_prefix(name):
    """Return a parameter's name without what DataParallel (`module.`) and torch.compile (`_orig_mod.`) put into it."""
    return name.replace('_orig_mod.', '').removeprefix('module.')


def step_in_name(path):
    """Return the number of the training step that `NAME-EPOCH-STEP.pt` carries, 0 where there is none."""
    match = re.search(r'-(\d+)\.(?:pt|pkl)$', str(path))
    return int(match.group(1)) if match else 0


def find_weights(path):
    """Return `path`, or where it lies under data/, as the published download has it."""
    for candidate in (path, pathlib.Path('data', path)):
        if pathlib.Path(candidate).exists():
            return str(candidate)
    raise UserError(f'{path}: no such file, here or under data/: train or download the weights, or give --weights')


class WeightFiles:
    """The weights that a training run writes: `NAME-EPOCH-STEP.pt`, and the best as `NAME-best.pt` and `.json`.

    Of the numbered files that this run wrote, only the last `keep` stay; None keeps all. A checkpoint carries the
    `state_dict`.
    """

    def __init__(self, saved_name, keep=None):
        self.saved_name = saved_name
        self.keep = keep
        self.best = None
        self.numbered = []

    def save(self, network, epoch, global_step):
        """Write the numbered file of `epoch`, and delete those that are not to be kept."""
        path = f'{self.saved_name}-{epoch}-{global_step}.pt'
        save_weights(network, path)
        self.numbered.append(path)
        while self.keep is not None and len(self.numbered) > self.keep:
            pathlib.Path(self.numbered.pop(0)).unlink(missing_ok=True)

    def save_if_best(self, network, evaluation):
        """Write the weights as the best, with the dict `evaluation`, if no evaluation before had a higher top1."""
        if self.best is None or evaluation['top1'] > self.best['top1']:
            self.best = evaluation
            save_weights(network, self.saved_name + '-best.pt')
            with write_whole(self.saved_name + '-best.json', 'w') as file:
                json.dump(self.best, file)

    def state_dict(self):
        return {'best': self.best, 'numbered': self.numbered}

    def load_state_dict(self, state):
        self.best, self.numbered = state['best'], list(state['numbered'])
