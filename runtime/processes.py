"""The processes of one run: one, or those that torchrun has started."""
import datetime
import os

import numpy as np
import torch
import torch.distributed as dist
from torch.nn.parallel import DataParallel, DistributedDataParallel


class Processes:
    """This process's place among the processes of a run, and their communication.

    Attributes: `rank` (0 writes, the others only compute), `world_size`, `local_rank` (None without torchrun).
    """

    def __init__(self):
        by_torchrun = 'LOCAL_RANK' in os.environ
        self.world_size = int(os.environ['WORLD_SIZE']) if by_torchrun else 1
        self.rank = int(os.environ['RANK']) if by_torchrun else 0
        self.local_rank = int(os.environ['LOCAL_RANK']) if by_torchrun else None
        self.is_main = self.rank == 0

    def connect(self, device):
        """Join the group of all processes; `device` is this one's."""
        if self.world_size == 1:
            return
        if device.type == 'cuda':
            torch.cuda.set_device(device)
        # gloo carries what is on the CPU (flags, scores), NCCL the gradients on GPUs.
        backend = 'cpu:gloo,cuda:nccl' if device.type == 'cuda' else 'gloo'
        dist.init_process_group(backend, timeout=datetime.timedelta(minutes=30))

    def divide(self, network, devices):
        """Return `network` as a module that divides each batch among the processes, or else among `devices`."""
        if self.world_size > 1:
            return DistributedDataParallel(network, device_ids=devices if devices[0].type == 'cuda' else None)
        return over_devices(network, devices)

    def disconnect(self):
        """Leave the group once all processes have come here: none ends while another still needs it."""
        if self.world_size > 1 and dist.is_initialized():
            dist.barrier()
            dist.destroy_process_group()

    def any(self, flag):
        """Return whether `flag` is true in any process: every process gets the same answer."""
        return bool(self.mean(flag) > 0)

    def mean(self, numbers):
        """Return the mean of `numbers`, an array of any shape, over the processes, in every process: float64."""
        means = torch.from_numpy(np.array(numbers, np.float64))
        if self.world_size > 1:
            dist.all_reduce(means)
        return means.numpy() / self.world_size

    def gather(self, value):
        """Return the list of every process's `value`, by rank, in process 0, and None in the others."""
        if self.world_size == 1:
            return [value]
        values = [None] * self.world_size if self.is_main else None
        dist.gather_object(value, values)
        return values

    def broadcast(self, value):
        """Return process 0's `value` in every process."""
        if self.world_size == 1:
            return value
        values = [value]
        dist.broadcast_object_list(values)
        return values[0]

    def broadcast_buffers(self, module):
        """Give the buffers of `module`, such as batch norm's running means, process 0's values in every process."""
        if self.world_size > 1:
            for buffer in module.buffers():
                dist.broadcast(buffer, 0)


def over_devices(network, devices):
    """Return `network` as a module that divides each batch among `devices`, the first of which it is on."""
    return DataParallel(network, devices, devices[0]) if len(devices) > 1 else network
