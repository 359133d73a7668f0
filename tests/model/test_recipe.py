"""The learning rates of each schedule, and the average of the weights."""
import math
import types

import pytest
import torch

from model.recipe import average_weights, make_optimizer, make_scheduler


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


def test_cosine_falls_along_half_a_cosine():
    expected = [0.05 * (1 + math.cos(math.pi * step / 40)) for step in range(40)]
    assert rates(schedule='cosine') == pytest.approx(expected)


def test_cosine_after_a_warm_up():
    found = rates(schedule='cosine', warm_up_epoch=2)
    assert found[:10] == pytest.approx([0.1 * (1 + 9 * step / 10) / 10 for step in range(10)])
    assert found[10:] == pytest.approx([0.05 * (1 + math.cos(math.pi * step / 30)) for step in range(30)])


@pytest.mark.parametrize('changes, peak', [({}, 11), ({'warm_up_epoch': 2}, 9), ({'start_epoch': 4}, 5)])
def test_one_cycle_rises_and_falls(changes, peak):
    found = rates(schedule='one-cycle', **changes)
    assert found[0] == pytest.approx(0.1 / 25) and found[-1] < 1e-5
    assert max(range(len(found)), key=found.__getitem__) == peak and found[peak] == pytest.approx(0.1, rel=1e-2)
    assert found[:peak] == sorted(found[:peak]) and found[peak:] == sorted(found[peak:], reverse=True)


def test_one_cycle_of_few_steps():
    found = rates(steps_per_epoch=1, schedule='one-cycle', warm_up_epoch=1)
    assert len(found) == 8 and max(found) == pytest.approx(0.1, rel=0.1)


def test_the_published_schedule_has_no_scheduler():
    arg = types.SimpleNamespace(schedule='step', num_epoch=8, start_epoch=0, warm_up_epoch=0)
    assert make_scheduler(arg, None, 5) is None


def test_the_average_moves_by_a_tenth_each_step():
    network = torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.BatchNorm1d(1))
    averaged = average_weights(network, 0.9)
    expected = None
    for step in range(4):
        with torch.no_grad():
            for value in (network[0].weight, network[1].running_mean):
                value.fill_(step)
        averaged.update_parameters(network)
        expected = step if expected is None else 0.9 * expected + 0.1 * step
    for value in (averaged.module[0].weight, averaged.module[1].running_mean):
        assert value.item() == pytest.approx(expected)
    assert network[0].weight.item() == 3
