"""Every way to run a network gives the numbers of the plain one: in parts, in bfloat16, compiled."""
import copy

import pytest
import torch
from torch.nn import functional as F

from runtime import precision
from tests.golden_models import assert_close, build_golden, build_plain

NAMES = ['agcn_ntu', 'aagcn_kinetics']


@pytest.mark.parametrize('name', NAMES)
def test_in_parts(name):
    network, x, _ = build_golden(name)
    plain, _, _ = build_plain(name)
    network.eval()
    plain.eval()
    for N in (1, 2, 3):
        with torch.no_grad():
            assert_close(network(x[:N]), plain(x[:N]))
        assert_close(network(x[:N]), plain(x[:N]))


def test_one_batch_norm_in_training_is_not_forgotten():
    network, x, _ = build_golden('agcn_ntu')
    plain, _, _ = build_plain('agcn_ntu')
    for model in (network, plain):
        model.eval().l3.tcn1.bn.train()
        with torch.no_grad():
            model(x)
    assert_close(network.l3.tcn1.bn.running_var, plain.l3.tcn1.bn.running_var)


@pytest.mark.parametrize('name', NAMES)
def test_bfloat16(name):
    network, x, _ = build_golden(name)
    network.eval()
    execution = precision.prepare(network, 'bf16')
    with torch.no_grad():
        expected = network(x)
        with execution.autocast():
            logits = network(x)
    assert logits.dtype == torch.float32
    assert_close(logits, expected, .05)
    assert (logits.argmax(1) == expected.argmax(1)).all()


def test_what_the_machine_lacks_is_said(monkeypatch):
    network = build_golden('agcn_ntu')[0]
    execution = precision.prepare(network, 'fp16')
    assert execution.dtype is None and 'fp16' in execution.notes[0] and 'CUDA' in execution.notes[0]

    def no_compiler(*_arguments, **_options):
        raise RuntimeError('no C++ compiler\nwas found')
    monkeypatch.setattr(torch, 'compile', no_compiler)
    execution = precision.prepare(network, compiled=True)
    assert execution.notes == ['compile: no C++ compiler was found; running without it']
    assert not execution.gradient_scaler().is_enabled()


@pytest.mark.parametrize('name', NAMES)
def test_compiled(name, long_mode):
    if not long_mode:
        pytest.skip('compiling takes minutes: --long')
    torch.compiler.reset()
    network, x, y = build_golden(name)
    x = torch.cat((x, x.flip(4)))
    compiled = copy.deepcopy(network)
    notes = precision.prepare(compiled, compiled=True).notes
    if notes:
        pytest.skip(notes[0])
    network.eval()
    compiled.eval()
    for N in (6, 5, 4, 2, 1):
        with torch.no_grad():
            assert_close(compiled(x[:N]), network(x[:N]))
    loss = [F.cross_entropy(model.train()(x), y.repeat(2)) for model in (network, compiled)]
    assert loss[0] == loss[1]
