"""The checkpoint of a training run: all that is needed to go on as if it had not stopped."""
import random

import numpy as np
import torch

from runtime.errors import UserError
from runtime.run_flags import get_parser
from runtime.torch_file import load_tensors

# Flags that may differ between a run and the run that resumes it without a word: they change no number.
FREE_TO_CHANGE = {'config', 'resume', 'overwrite', 'num_worker', 'log_interval', 'print_log', 'save_interval', 'keep',
                  'checkpoint_interval', 'work_dir', 'device'}
# Flags without which the checkpoint fits nothing.
MUST_AGREE = ('phase', 'model', 'model_args', 'optimizer', 'feeder', 'schedule', 'ema', 'val_persons', 'val_share')
# And those that the rates of a schedule follow from that is spread over all steps of the run: every one but step.
OF_THE_SCHEDULE = ('num_epoch', 'start_epoch', 'warm_up_epoch', 'batch_size', 'base_lr')


def random_states(device):
    """Return the states of Python's, NumPy's and torch's generators (and of `device`'s) as plain data."""
    name, keys, position, has_gauss, gauss = np.random.get_state()
    states = {'python': random.getstate(), 'numpy': (name, keys.tolist(), position, has_gauss, gauss),
              'torch': torch.get_rng_state()}
    if device.type == 'cuda':
        states['cuda'] = torch.cuda.get_rng_state(device)
    return states


def restore_random_states(states, device):
    """Set the generators to what `random_states` returned."""
    version, keys, gauss = states['python']
    random.setstate((version, tuple(keys), gauss))
    np.random.set_state(tuple(states['numpy']))
    torch.set_rng_state(states['torch'])
    if device.type == 'cuda' and 'cuda' in states:
        torch.cuda.set_rng_state(states['cuda'], device)


def load_checkpoint(path, arguments):
    """Return (state, changes): the checkpoint at `path`, and a line a flag that differs from `arguments` now.

    Raises UserError if it is no checkpoint, or one of a run that `arguments` (a dict) cannot go on with.
    """
    state = load_tensors(path)
    if not isinstance(state, dict) or 'arguments' not in state or 'random' not in state:
        raise UserError(f'{path}: not a checkpoint of this program: --overwrite starts anew')
    # A flag that came later than the checkpoint was at its default.
    before = {**vars(get_parser().parse_args([])), **state['arguments']}
    fixed = [*MUST_AGREE]
    if arguments['schedule'] != 'step':
        fixed += OF_THE_SCHEDULE
    if arguments['val_share']:
        fixed.append('seed')  # it draws the validation part
    for key in fixed:
        if before[key] != arguments[key]:
            raise UserError(f'{path}: {key} was {before[key]!r} and is {arguments[key]!r} now: the run cannot be '
                            'resumed so; give the former value, or another --work-dir')
    changes = [f'{key} was {before[key]!r} and is {value!r} now' for key, value in arguments.items()
               if key not in FREE_TO_CHANGE and before[key] != value]
    return state, changes
