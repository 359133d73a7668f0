"""Every way to run a network gives the numbers of the plain one: in half precision, and compiled."""
import copy

import pytest
import torch
from torch._dynamo.utils import counters

import model.aagcn
import model.agcn
from runtime import device
from tests.golden_models import NTU, assert_close, build_golden

NAMES = ['agcn_ntu', 'aagcn_kinetics']


@pytest.mark.parametrize('name', NAMES)
def test_bfloat16(name):
    network, x, _ = build_golden(name)
    network.eval()
    execution = device.choose_execution(network, 'bf16')
    with torch.no_grad():
        expected = network(x)
        with execution.autocast():
            scores = network(x)
    assert scores.dtype == torch.float32
    assert_close(scores, expected, .05)
    assert (scores.argmax(1) == expected.argmax(1)).all()


@pytest.mark.parametrize('module', [model.agcn, model.aagcn])
@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_the_similarity_of_clips_of_ntus_size_is_summed_in_float32(module, dtype):
    """At initial weights and 300 frames the sums exceed float16, and bfloat16 would round them to two digits."""
    torch.manual_seed(0)
    network = module.Model(**NTU)
    with torch.no_grad():
        x = torch.randn(8, 3, 1, 25) + .1 * torch.randn(8, 3, 300, 25)
        for unit in network.units[:4]:
            x = unit(x)
        graph_unit, x = network.l5.gcn1.eval().to(dtype), x.to(dtype)
        theta, phi = ([conv(x).double() for conv in convs] for convs in (graph_unit.conv_a, graph_unit.conv_b))
        exact = torch.stack([torch.einsum('nctv,nctw->nvw', *pair) for pair in zip(theta, phi)], 1)
        assert exact.abs().max() > torch.finfo(torch.float16).max
        exact /= theta[0].shape[1] * x.shape[2]
        found, y = graph_unit.similarity(x), graph_unit(x[:1])
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.softmax(-2), exact.softmax(-2).float(), rtol=0, atol=1e-3)
    assert y.dtype == dtype and y.isfinite().all()


def test_what_the_machine_lacks_gets_a_note(monkeypatch):
    network = build_golden('agcn_ntu')[0]
    assert 'CUDA devices only' in device.compile_training(network, [torch.device('cpu')])[0]
    assert 'torchrun' in device.compile_training(network, [torch.device('cuda', 0), torch.device('cuda', 1)])[0]
    execution = device.choose_execution(network, 'fp16')
    assert execution.dtype is None and not execution.gradient_scaler().is_enabled()
    assert execution.notes == ['precision fp16: not supported on this cpu; running in fp32']

    def no_compiler(*_arguments, **_options):
        raise RuntimeError('no C++ compiler\nwas found')
    monkeypatch.setattr(torch, 'compile', no_compiler)
    execution = device.choose_execution(network, compiled=True)
    assert execution.notes == ['compile: no C++ compiler was found; running without it']


def test_a_unit_compiled_for_training():
    """In float64: in float32 a ReLU may switch on a last digit, and a gradient then differs in the third."""
    if missing := device.lacks_compiler('cpu'):
        pytest.skip(missing)
    torch.compiler.reset()
    counters.clear()
    unit = build_golden('agcn_ntu')[0].l5.double().train()
    compiled = copy.deepcopy(unit)
    compiled.compile()
    torch.manual_seed(1)
    for count in ((1, 1, 1, 2, 4), (1, 1, 1, 1, 1, 1, 5)):
        x = torch.randn(len(count), 64, 6, 25, dtype=torch.float64)
        for each in (unit, compiled):
            each.zero_grad()
            each(x, torch.tensor(count)).square().sum().backward()
        expected = dict(unit.named_parameters())
        largest = max(value.grad.abs().max() for value in expected.values())
        for key, value in compiled.named_parameters():
            torch.testing.assert_close(value.grad, expected[key].grad, rtol=1e-6, atol=float(1e-12 * largest), msg=key)
        torch.testing.assert_close(compiled.state_dict(), unit.state_dict())
    # PyTorch is silent about breaks and about compiling again.
    assert not counters['graph_break'] and 0 < counters['stats']['unique_graphs'] <= 2
