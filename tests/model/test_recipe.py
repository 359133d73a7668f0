"""The learning rates of each schedule."""
import types

import numpy as np
import pytest
import torch

from model.recipe import make_optimizer, make_scheduler


def rates(steps_per_epoch=5, **changes):
    """Return the rate of every step of a run, and its optimizer at the end."""
    arg = types.SimpleNamespace(**{'optimizer': 'AdamW', 'base_lr': 0.1, 'weight_decay': 0.01, 'nesterov': False,
                                   'schedule': 'step', 'num_epoch': 8, 'start_epoch': 0, 'warm_up_epoch': 0, **changes})
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
