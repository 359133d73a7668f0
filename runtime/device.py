"""Which processor a run works on: what the user asked for, as far as it exists."""
import torch

from runtime.errors import UserError


def choose_devices(asked, local_rank=None):
    """Return (devices, line): the torch devices to use, and a line for the log.

    `asked` holds the values of `--device`: GPU numbers, 'cuda:1', 'mps', 'cpu', 'auto'. Devices that do not exist are
    left out; if none is left, the best that exists is used. Under torchrun, a process uses the GPU of its
    `local_rank`, unless 'cpu' is asked for.
    """
    names = [f'cuda:{name}' if str(name).isdigit() else str(name) for name in asked]
    found = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if 'cpu' in names:
        return [torch.device('cpu')], 'Device: cpu'
    if local_rank is not None and found:
        device = torch.device('cuda', local_rank % found)
        return [device], f'Device: {device}, one of {found}'
    existing = [name for name in names if exists(name, found)]
    if not existing:
        best = 'cuda:0' if found else 'mps' if torch.backends.mps.is_available() else 'cpu'
        why = '' if names == ['auto'] else f' ({", ".join(names)} asked for, {found} GPUs found)'
        return [torch.device(best)], f'Device: {best}{why}'
    missing = [name for name in names if name not in existing]
    why = f' ({", ".join(missing)} asked for and not found)' if missing else ''
    return [torch.device(name) for name in dict.fromkeys(existing)], f'Device: {", ".join(existing)}{why}'


def exists(name, cuda_count):
    """Return whether the device `name` exists; 'auto' names none. UserError if the name is unknown."""
    if name == 'auto':
        return False
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UserError(f"device: unknown device '{name}': give GPU numbers, cuda:1, mps, cpu or auto") from None
    if device.type == 'cuda':
        return (device.index or 0) < cuda_count
    return device.type == 'mps' and torch.backends.mps.is_available()
