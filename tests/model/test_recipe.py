"""The learning rates of each schedule, and when a training ends."""
import argparse

import numpy as np
import pytest
import torch

from main import get_parser
from model.recipe import is_last_epoch, learning_rate, make_optimizer, make_scheduler


def arguments(**changes):
    return argparse.Namespace(**{**vars(get_parser().parse_args([])), **changes})


def test_the_published_schedule():
    arg = arguments(base_lr=0.1, step=[30, 40], num_epoch=50)
    rates = [learning_rate(arg, epoch) for epoch in (0, 29, 30, 39, 40, 49)]
    np.testing.assert_allclose(rates, [0.1, 0.1, 0.01, 0.01, 0.001, 0.001])
    assert [epoch for epoch in range(60) if is_last_epoch(arg, epoch)][0] == 49
    arg = arguments(base_lr=0.1, step=[30, 40], warm_up_epoch=5)
    np.testing.assert_allclose([learning_rate(arg, e) for e in range(6)], [0.02, 0.04, 0.06, 0.08, 0.1, 0.1])


def test_training_stops_only_when_steps_brought_the_rate_below_a_thousandth():
    def epochs(**changes):
        arg = arguments(**changes)
        return next(epoch for epoch in range(1000) if is_last_epoch(arg, epoch)) + 1
    assert epochs(base_lr=0.1, step=[2, 4, 6], num_epoch=80) == 7
    assert epochs(base_lr=0.0005, step=[], num_epoch=9, optimizer='Adam') == 9
    assert epochs(base_lr=0.004, step=[8], num_epoch=9, warm_up_epoch=5) == 9
    assert epochs(base_lr=0.001, step=[3], num_epoch=9) == 4


def rates(steps_per_epoch=5, **changes):
    """Return the learning rate of every step of a run."""
    arg = arguments(**{'optimizer': 'AdamW', 'base_lr': 0.1, 'num_epoch': 8, **changes})
    optimizer = make_optimizer(arg, [torch.nn.Parameter(torch.zeros(1))])
    scheduler = make_scheduler(arg, optimizer, steps_per_epoch)
    rates = []
    for _ in range((arg.num_epoch - arg.start_epoch) * steps_per_epoch):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        scheduler.step()
    return rates


@pytest.mark.parametrize('warm_up', [0, 2])
def test_a_rise_and_half_a_cosine(warm_up):
    found, steps = rates(schedule='cosine', warm_up_epoch=warm_up), 5 * warm_up
    assert found[:steps] == pytest.approx([0.1 * (1 + 9 * step / 10) / 10 for step in range(steps)])
    assert found[steps:] == pytest.approx(0.05 * (1 + np.cos(np.linspace(0, np.pi, 40 - steps, endpoint=False))))


@pytest.mark.parametrize('changes, peak', [({}, 11), ({'warm_up_epoch': 2}, 9), ({'start_epoch': 4}, 5)])
def test_one_cycle_rises_and_falls(changes, peak):
    found = rates(schedule='one-cycle', **changes)
    assert found[0] == pytest.approx(0.1 / 25) and found[-1] < 1e-5
    assert max(range(len(found)), key=found.__getitem__) == peak and found[peak] == pytest.approx(0.1, rel=1e-2)
    assert found[:peak] == sorted(found[:peak]) and found[peak:] == sorted(found[peak:], reverse=True)
