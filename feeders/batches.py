"""Which samples make which batch, and the loader that brings them, the same for any number of processes and workers."""
import contextlib
import dataclasses
import hashlib
import os
import random

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from runtime.arguments import cores
from runtime.errors import UserError

MAX_WORKERS = 8  # by default; an item takes a tenth of a millisecond, so that more only take memory


@dataclasses.dataclass
class BatchOrder:
    """The batches of an epoch, as lists of keys (epoch, index); a `batch_sampler` for a DataLoader over SeededItems.

    For `training`, samples are shuffled, by `seed` and the epoch alone, and the last short batch is dropped. Of
    `world_size` processes, which divide batch_size, each gets its equal part of every batch, so that a step means the
    same with any number of them. For testing, samples stay in order, and each process gets whole batches, in turn.
    """

    num_samples: int
    batch_size: int
    seed: int
    training: bool
    rank: int = 0
    world_size: int = 1
    epoch: int = 0

    def check_batches(self, accumulate):
        """Raise UserError if no batch can be filled, or divided among the processes and `accumulate` micro-batches."""
        parts = self.world_size * accumulate
        if self.batch_size % parts or not len(self):
            raise UserError(f'batch_size {self.batch_size}: it must be a multiple of {parts} (processes × '
                            f'micro-batches), and not above the {self.num_samples} training samples')

    def set_epoch(self, epoch):
        """Give the batches of `epoch` from the next iteration on."""
        self.epoch = epoch

    def __len__(self):
        return len(self.starts())

    def __iter__(self):
        order = np.arange(self.num_samples)
        if self.training:
            order = np.random.default_rng(hashed(self.seed, self.epoch)).permutation(self.num_samples)
        rows = self.batch_size // self.world_size if self.training else self.batch_size
        for start in self.starts():
            yield [(self.epoch, index) for index in order[start:start + rows].tolist()]

    def starts(self):
        """Return where in the order of all samples this process's batches start."""
        if self.training:
            end = self.num_samples - self.num_samples % self.batch_size
            return range(self.rank * (self.batch_size // self.world_size), end, self.batch_size)
        return range(self.rank * self.batch_size, self.num_samples, self.world_size * self.batch_size)


class SeededItems(Dataset):
    """The items of `feeder` by keys (epoch, index), each drawn from a seed of its own.

    Before an item, the global states of `random`, `numpy.random` and torch, which augmentations draw from, are seeded
    from (`seed`, epoch, index); after it they are what they were. So an item depends neither on the worker that makes
    it nor on what was drawn before, and differs from epoch to epoch.
    """

    def __init__(self, feeder, seed):
        self.feeder = feeder
        self.seed = seed

    def __len__(self):
        return len(self.feeder)

    def __getitem__(self, key):
        return self.__getitems__([key])[0]

    def __getitems__(self, keys):
        """Return the list of the items of `keys`; DataLoader asks for a whole batch by this name."""
        with kept_random_state():  # once a batch: keeping the states takes longer than an item
            return [self.seeded_item(*key) for key in keys]

    def seeded_item(self, epoch, index):
        number = hashed(self.seed, epoch, index)
        random.seed(number)
        np.random.seed(number % 2 ** 32)
        torch.default_generator.manual_seed(number)
        return self.feeder[index]


@contextlib.contextmanager
def kept_random_state():
    """Put the global states of `random`, `numpy.random` and torch back, when the block ends, to what they are now."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])


def hashed(*numbers):
    """Return an integer of 64 bits that follows from `numbers` on any machine; near numbers give far ones."""
    return int.from_bytes(hashlib.blake2b(repr(numbers).encode(), digest_size=8).digest(), 'little')


def make_loader(feeder, batch_order, num_worker, device):
    """Return the DataLoader of `feeder`'s items in the batches of `batch_order`, seeded by its seed.

    `num_worker` processes make the items, 0: this one does; the batches are the same, bit for bit. None: none on a
    CPU, where the model takes a thousand times as long for an item as the feeder; beside a GPU, as many as each of the
    run's processes has cores, up to MAX_WORKERS. Batches are in page-locked memory if `device` is a GPU.
    """
    on_cpu = torch.device(device).type == 'cpu'
    if num_worker is None:
        num_worker = 0 if on_cpu else max(1, min(MAX_WORKERS, cores() // batch_order.world_size))
    return DataLoader(
        SeededItems(feeder, batch_order.seed),
        batch_sampler=batch_order,
        num_workers=num_worker,
        persistent_workers=num_worker > 0,
        pin_memory=torch.device(device).type == 'cuda',
        worker_init_fn=leave_signals_to_the_run,
        generator=torch.Generator(),  # DataLoader draws a number per epoch: not from the state that dropout uses
    )


def leave_signals_to_the_run(_worker):
    """Take this worker out of the group that Ctrl-C and clusters send signals to: the run ends its workers itself."""
    if hasattr(os, 'setsid'):
        os.setsid()
