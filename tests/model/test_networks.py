"""AGCN and AAGCN against the published code's answers, and what their arguments promise."""
import json

import pytest
import torch
from torch.nn import functional as F

import model.aagcn
import model.agcn
from runtime.dotted import build
from tests.conftest import shared_path
from tests.golden_models import (
    MODELS,
    NTU,
    assert_close,
    assert_sgd_losses,
    build_golden,
    check_against_golden,
    golden_answers,
)
from tests.plain_agcn import plain_twin


@pytest.mark.parametrize('name', MODELS)
def test_state_dict_is_the_published_one(name):
    expected = json.loads(shared_path('golden/state_dict.json').read_text())[name]
    model_class, arguments = MODELS[name]
    network = model_class(**arguments)
    assert [(k, list(v.shape)) for k, v in network.state_dict().items()] == list(expected['state_dict'].items())
    assert sum(p.numel() for p in network.parameters()) == expected['parameters']


@pytest.mark.parametrize('name', MODELS)
def test_answers_are_the_published_ones(golden, name):
    check_against_golden(*build_golden(name), golden_answers(golden, name))


@pytest.mark.parametrize('name', MODELS)
def test_six_steps_of_sgd(golden, name):
    assert_sgd_losses(name, *build_golden(name), golden_answers(golden, name)['sgd_losses'])


@pytest.mark.parametrize('name', MODELS)
def test_in_float64_it_is_the_plain_model(name):
    """In every gradient and statistic, to the eighth digit; benchmarks compare with the plain model."""
    network, x, y = build_golden(name)
    x = x[:, :, :10].double()
    plain = plain_twin(network, build(MODELS[name][1]['graph'], {}, 'graph_args').A, torch.float64)
    for training in (False, True):
        assert_close(network.double().train(training)(x), plain.train(training)(x), 1e-8)
    for each in (network, plain):
        F.cross_entropy(each(x), y).backward()
    expected = dict(plain.named_parameters())
    largest = max(p.grad.abs().max() for p in plain.parameters())
    for key, value in network.named_parameters():
        torch.testing.assert_close(value.grad, expected[key].grad, rtol=1e-6, atol=float(1e-8 * largest), msg=key)
    expected = plain.state_dict()
    for key, value in network.state_dict().items():
        torch.testing.assert_close(value, expected[key], rtol=1e-8, atol=1e-10, msg=key)


@pytest.mark.parametrize('adaptive', [True, False])
@pytest.mark.parametrize('attention', [True, False])
def test_aagcn_in_all_combinations(adaptive, attention):
    network = model.aagcn.Model(**NTU, adaptive=adaptive, attention=attention)
    words = {word for key in network.state_dict() for word in key.split('.')}
    assert words.isdisjoint({'PA', 'alpha', 'conv_a', 'conv_b'}) != adaptive
    assert words.isdisjoint({'conv_sa', 'conv_ta', 'fc1c', 'fc2c'}) != attention
    network(torch.randn(2, 3, 8, 25, 2)).sum().backward()
    assert all(p.grad is not None for p in network.parameters())


def test_aagcn_drops_out_in_training_only():
    network = model.aagcn.Model(**NTU, drop_out=.5).train()
    x = torch.randn(2, 3, 8, 25, 2)
    assert not torch.equal(network(x), network(x))
    network.eval()
    assert torch.equal(network(x), network(x))


@pytest.mark.parametrize('module', [model.agcn, model.aagcn])
def test_other_channels_persons_and_classes(module):
    network = module.Model(num_class=7, num_point=18, num_person=3, graph='graph.kinetics.Graph', in_channels=6)
    assert network(torch.randn(2, 6, 8, 18, 3)).shape == (2, 7)


def test_initial_values():
    torch.manual_seed(0)
    network = model.agcn.Model(**NTU)
    unit = network.l5
    assert (network.fc.weight.std() * (60 / 2) ** .5).item() == pytest.approx(1, abs=.05)
    assert (unit.tcn1.conv.weight.std() * (128 * 9 / 2) ** .5).item() == pytest.approx(1, abs=.05)
    assert (unit.gcn1.conv_d[1].weight.std() * (128 * 64 * 3 / 2) ** .5).item() == pytest.approx(1, abs=.05)
    assert unit.tcn1.conv.bias.abs().max() == 0
    assert (unit.gcn1.bn.weight == 1e-6).all() and (unit.tcn1.bn.weight == 1).all()
    assert (unit.gcn1.PA == 1e-6).all()
    attentive = model.aagcn.Model(**NTU).l5.gcn1
    assert_close(attentive.PA, unit.gcn1.A)
    assert attentive.alpha == 0 and attentive.fc2c.weight.abs().max() == attentive.conv_ta.weight.abs().max() == 0
