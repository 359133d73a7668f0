"""Batches: the same for any number of workers and processes, and different in every epoch."""
import os
import random

import numpy as np
import pytest
import torch

from feeders.batches import BatchOrder, SeededItems, make_loader

N = 22


@pytest.fixture
def feeder(feed):
    clips = np.random.default_rng(0).standard_normal((N, 3, 12, 4, 2)).astype(np.float32)
    return feed(clips, random_choose=True, random_move=True, window_size=8)


def shuffled(seed=1):
    return BatchOrder(N, 6, seed, training=True)


def indices(order):
    return [[index for _, index in batch] for batch in order]


def batches(feeder, order, num_worker, epochs=(0,)):
    loader, given = make_loader(feeder, order, num_worker, 'cpu'), []
    for epoch in epochs:
        order.set_epoch(epoch)
        given += list(loader)
    return given


def assert_same(first, second):
    assert len(first) == len(second) > 0
    for one, other in zip(first, second):
        assert all(torch.equal(a, b) for a, b in zip(one, other))


def test_training_shuffles_and_drops_the_short_batch():
    order = shuffled()
    given = indices(order)
    assert len(order) == len(given) == 3 and all(len(batch) == 6 for batch in given)
    assert len(set(sum(given, []))) == 18
    assert given == indices(shuffled())
    assert given != indices(shuffled(seed=2))
    order.set_epoch(1)
    assert given != indices(order) and {epoch for batch in order for epoch, _ in batch} == {1}
    assert all(type(number) is int for key in next(iter(order)) for number in key)


@pytest.mark.filterwarnings('ignore:This DataLoader will create 3 worker')
@pytest.mark.parametrize('num_worker', (1, 3))
def test_workers_change_no_bit(feeder, num_worker):
    random.seed(num_worker)
    np.random.seed(num_worker)
    torch.manual_seed(num_worker)
    assert_same(batches(feeder, shuffled(), num_worker, (0, 1)), batches(feeder, shuffled(), 0, (0, 1)))


def test_augmentations_differ_by_sample_epoch_and_seed(feeder):
    class Draws:
        def __getitem__(self, index):
            return random.random(), np.random.random(), torch.rand((), dtype=torch.float64).item()

    drawn = [SeededItems(Draws(), seed)[epoch, index]
             for seed in range(3) for epoch in range(4) for index in range(50)]
    assert [len(set(numbers)) for numbers in zip(*drawn)] == [600] * 3
    items = SeededItems(feeder, 1)
    assert not np.array_equal(items[0, 3][0], items[1, 3][0])
    np.testing.assert_array_equal(items[1, 3][0], SeededItems(feeder, 1)[1, 3][0])


def random_states():
    return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()


def test_the_random_states_of_a_training_are_left_as_they_are(feeder):
    before = random_states()
    list(make_loader(feeder, shuffled(), 0, 'cpu'))
    assert random_states() == before


class SignalGroups:
    """Items tell the group of processes that made them, which a Ctrl-C reaches as a whole."""

    def __len__(self):
        return N

    def __getitem__(self, index):
        return os.getpgid(0)


@pytest.mark.skipif(not hasattr(os, 'setsid'), reason='groups of processes are a matter of Unix')
def test_workers_are_out_of_reach_of_ctrl_c():
    groups = set(torch.cat(list(make_loader(SignalGroups(), shuffled(), 2, 'cpu'))).tolist())
    assert len(groups) == 2 and os.getpgid(0) not in groups
