"""How a network is run: in which precision, and compiled or not, as far as the machine allows."""
import dataclasses

import torch

PRECISIONS = {'fp32': None, 'bf16': torch.bfloat16, 'fp16': torch.float16}


@dataclasses.dataclass
class Execution:
    """A way to run a network. `notes` has a line for each request that this machine cannot meet."""

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


def prepare(network, precision='fp32', compiled=False, device='cpu'):
    """Return the Execution of `network`, whose weights are on `device`; compile the network if `compiled`.

    Our own networks are compiled for testing (see `compile_training`), others as PyTorch does it.

    `precision` is 'fp32', 'bf16' or 'fp16'. What the machine does not support is left out, with a
    note. `network` stays the same module with the same state dict.
    """
    device_type = torch.device(device).type
    notes = []
    dtype = PRECISIONS[precision]
    lacking = lacks_precision(dtype, device_type)
    if lacking:
        notes.append(f'precision {precision}: {lacking}; running in fp32')
        dtype = None
    if compiled:
        lacking = lacks_compiler(device)
        compiled = not lacking
        if lacking:
            notes.append(f'compile: {lacking}; running without it')
        else:
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


def lacks_precision(dtype, device_type):
    """Return why `dtype` cannot be used on this device, or None."""
    if dtype == torch.float16 and device_type != 'cuda':
        return 'it needs a CUDA device'
    if dtype == torch.bfloat16:
        if device_type == 'cpu' and not (torch.backends.mkldnn.is_available()
                                         and torch.ops.mkldnn._is_mkldnn_bf16_supported()):
            return 'this processor does not support it'
        if device_type == 'cuda' and not torch.cuda.is_bf16_supported(including_emulation=False):
            return 'this GPU does not support it'
        if device_type not in ('cpu', 'cuda'):
            return f'it is not supported on {device_type}'
    return None


def lacks_compiler(device):
    """Return why nothing can be compiled for `device` here, or None; compiles a small function to find out."""
    try:
        torch.compile(torch.sin)(torch.ones(16, device=device))
    except Exception as error:  # a missing or broken compiler can raise anything
        return ' '.join(str(error).split())[:120] or type(error).__name__
    return None
