"""The checkpoint of a training run: all that is needed to continue with the same numbers."""
import torch

from runtime.data_file import load_tensors
from runtime.errors import UserError, short_repr

# Flags that change no number: they may differ between a run and the run that resumes it without a log line.
FREE_TO_CHANGE = {'config', 'resume', 'overwrite', 'num_worker', 'log_interval', 'print_log', 'save_interval', 'keep',
                  'work_dir', 'device'}
# Flags that the checkpoint depends on.
MUST_AGREE = ('phase', 'model', 'model_args', 'optimizer', 'feeder', 'schedule', 'ema', 'val_persons', 'val_share')
# Flags that the rates of a schedule over all steps of the run, of any but step, follow from.
OF_THE_SCHEDULE = ('num_epoch', 'start_epoch', 'warm_up_epoch', 'batch_size', 'base_lr', 'train_feeder_args')


def random_states(device):
    """Return the states of torch's generators for the CPU and for `device`, which dropout draws from."""
    states = {'cpu': torch.get_rng_state()}
    if device.type == 'cuda':
        states['cuda'] = torch.cuda.get_rng_state(device)
    return states


def restore_random_states(states, device):
    """Set the generators to what `random_states` returned."""
    torch.set_rng_state(states['cpu'])
    if device.type == 'cuda' and 'cuda' in states:
        torch.cuda.set_rng_state(states['cuda'], device)


def load_checkpoint(path, arguments, data):
    """Return (state, changes): the checkpoint at `path`, and a line for each flag that differs from `arguments` now.

    Raises UserError if it is no checkpoint, or one of a run that `arguments` (a dict), with the fingerprints `data`
    (argument → fingerprint, for each part), cannot continue.
    """
    state = load_tensors(path)
    if not isinstance(state, dict) or 'arguments' not in state or 'random' not in state:
        raise UserError(f'{path}: not a checkpoint of this program: --overwrite starts from the beginning')
    before = {**arguments, **state['arguments']}
    changes = {key: f'{key} was {short_repr(before[key])} and is {short_repr(value)} now'
               for key, value in arguments.items() if before[key] != value}
    fixed = [*MUST_AGREE]
    if arguments['schedule'] != 'step':
        fixed += OF_THE_SCHEDULE
    if arguments['val_share']:
        fixed.append('seed')  # it draws the validation part
    for key in fixed:
        if key in changes:
            raise UserError(f'{path}: {changes[key]}: resume with the former value, or choose another --work-dir')
    for part, fingerprints in data.items():
        former = state.get('data', {}).get(part, {})
        for key, fingerprint in fingerprints.items():
            if former.get(key, fingerprint) != fingerprint:
                raise UserError(f'{path}: the {key} of {part}_feeder_args, {arguments[f"{part}_feeder_args"][key]}, '
                                'has changed since: resume with the former data, or --overwrite trains anew')
    return state, [line for key, line in changes.items() if key not in FREE_TO_CHANGE]
