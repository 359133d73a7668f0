"""What a network runs on: which device, in which precision, compiled or not, as far as the machine allows."""
import ctypes
import dataclasses

import torch

from runtime.errors import UserError

PRECISIONS = {'fp32': None, 'bf16': torch.bfloat16, 'fp16': torch.float16}
TRIM_THRESHOLD, MMAP_MAX = -1, -4  # parameters of glibc's mallopt (man 3 mallopt)


def choose_devices(asked, local_rank=None):
    """Return (devices, line): the torch devices to use, and a line for the log.

    `asked` holds the values of `--device`: GPU numbers, 'cuda:1', 'mps', 'cpu', 'auto'. Devices that do not exist are
    left out; if none is left, the best that exists is used. Under torchrun, a process uses the GPU of its
    `local_rank`, unless 'cpu' is asked for.
    """
    names = [f'cuda:{name}' if str(name).isdigit() else str(name) for name in asked]
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    existing = [name for name in dict.fromkeys(names) if exists(name, gpus)]
    missing = [name for name in names if name not in (*existing, 'auto')]
    if 'cpu' in names:
        chosen = ['cpu']
    elif local_rank is not None and gpus:
        chosen = [f'cuda:{local_rank % gpus}']
    else:
        chosen = existing or ['cuda:0' if gpus else 'mps' if torch.backends.mps.is_available() else 'cpu']
    why = f' ({", ".join(missing)} asked for, {gpus} GPUs found)' if missing else ''
    return [torch.device(name) for name in chosen], f'Device: {", ".join(chosen)}{why}'


def exists(name, gpus):
    """Return whether this machine, with so many `gpus`, has the device `name`; UserError for an unknown name."""
    if name == 'auto':
        return False
    try:
        device = torch.device(name)
    except RuntimeError:
        raise UserError(f"device: unknown device '{name}': give GPU numbers, cuda:1, mps, cpu or auto") from None
    return {'cuda': (device.index or 0) < gpus, 'mps': torch.backends.mps.is_available(),
            'cpu': True}.get(device.type, False)


@dataclasses.dataclass
class Execution:
    """How a network is run. `notes` has a line for each request that this machine cannot meet."""

    device_type: str
    dtype: torch.dtype | None
    compiled: bool
    notes: list

    def autocast(self):
        """Return the context in which a forward pass is run; gradients are taken outside of it."""
        return torch.autocast(self.device_type, self.dtype, enabled=self.dtype is not None)

    def gradient_scaler(self):
        """Return the scaler for the loss: it scales in fp16 only, in which small gradients would vanish."""
        return torch.amp.GradScaler(self.device_type, enabled=self.dtype == torch.float16)


def choose_execution(network, precision='fp32', compiled=False, device='cpu'):
    """Return the Execution of `network`, whose weights are on `device`; compile the network if `compiled`.

    `precision` is one of PRECISIONS. What the machine does not support is left out, with a note. Our own networks are
    compiled for testing (see `compile_training`), others as PyTorch does it; the state dict stays the same.
    """
    device_type, dtype, notes = torch.device(device).type, PRECISIONS[precision], []
    if not supports(dtype, device_type):
        notes.append(f'precision {precision}: not supported on this {device_type}; running in fp32')
        dtype = None
    if compiled and (problem := lacks_compiler(device)):
        notes.append(f'compile: {problem}; running without it')
        compiled = False
    if compiled:
        getattr(network, 'compile_for_testing', network.compile)()
    return Execution(device_type, dtype, compiled, notes)


def compile_training(network, devices):
    """Compile `network` for training on `devices`, if it is one of ours; return, a line each, why not."""
    if not hasattr(network, 'compile_for_training'):
        return []
    if devices[0].type != 'cuda':
        return ['compile: used for evaluations only; training is compiled on CUDA devices only']
    if len(devices) > 1:  # DataParallel runs copies of the network in threads, which PyTorch does not compile
        return ['compile: used for evaluations only, on the first GPU; training on several needs torchrun']
    network.compile_for_training()
    return []


def supports(dtype, device_type):
    """Return whether a device of this type computes in `dtype`, None for float32, faster than in float32."""
    if dtype == torch.bfloat16 and device_type == 'cpu':
        return torch.backends.cpu.get_cpu_capability() in ('AVX512', 'SVE256')
    if dtype == torch.bfloat16 and device_type == 'cuda':
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return dtype is None or device_type == 'cuda'


def lacks_compiler(device):
    """Return why nothing can be compiled for `device` here, or None; compiles a small function to find out."""
    try:
        torch.compile(torch.sin)(torch.ones(16, device=device))
    except Exception as error:  # a missing or broken compiler can raise anything
        return ' '.join(str(error).split())[:120] or type(error).__name__


def keep_freed_memory():
    """Keep freed memory for the next allocation, instead of returning it to the system at once.

    A training step frees and allocates gigabytes, and the system fills every new page with zeros: a fifth of the
    step's time. In return, the process holds its peak memory until it ends. Has an effect with glibc only. Called by
    commands, not by the classes that other programs use.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(MMAP_MAX, 0)
    mallopt(TRIM_THRESHOLD, -1)
