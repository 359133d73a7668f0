"""Every way to run a network gives the numbers of the plain one: in parts, exported, in bfloat16, compiled."""
import copy

import pytest
import torch
from torch._dynamo.utils import counters

import model.aagcn
import model.agcn
from runtime import device
from tests.golden_models import NTU, assert_close, build_golden, build_plain

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


@pytest.mark.parametrize('name', NAMES)
def test_a_traced_network_fits_other_data(name):
    """Traced with a batch of three empty bodies; asked about batches of other sizes with fewer and with more."""
    network, x, _ = build_golden(name)
    network.eval()
    x = x[:, :, :8].clone()
    x[:, ..., 1] = 0
    full = torch.cat((x, x.flip(4) + x))
    full[3:] += .1
    for gradients in (True, False):
        with torch.set_grad_enabled(gradients):
            traced = torch.jit.trace(network, x, check_trace=False)
            for batch in (full, full[3:5], x[:1], x.repeat(3, 1, 1, 1, 1)):
                assert_close(traced(batch), network(batch), 1e-5)


def test_one_batch_norm_in_training_is_not_forgotten():
    network, x, _ = build_golden('agcn_ntu')
    plain, _, _ = build_plain('agcn_ntu')
    for each in (network, plain):
        each.eval().l3.tcn1.bn.train()
        with torch.no_grad():
            each(x)
    assert_close(network.l3.tcn1.bn.running_var, plain.l3.tcn1.bn.running_var)


@pytest.mark.parametrize('name', NAMES)
def test_bfloat16(name):
    network, x, _ = build_golden(name)
    network.eval()
    execution = device.choose_execution(network, 'bf16')
    with torch.no_grad():
        expected = network(x)
        with execution.autocast():
            logits = network(x)
    assert logits.dtype == torch.float32
    assert_close(logits, expected, .05)
    assert (logits.argmax(1) == expected.argmax(1)).all()


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


def test_what_the_machine_lacks_is_said(monkeypatch):
    network = build_golden('agcn_ntu')[0]
    execution = device.choose_execution(network, 'fp16')
    assert execution.dtype is None
    assert execution.notes == ['precision fp16: not supported on this cpu; running in fp32']

    def no_compiler(*_arguments, **_options):
        raise RuntimeError('no C++ compiler\nwas found')
    monkeypatch.setattr(torch, 'compile', no_compiler)
    execution = device.choose_execution(network, compiled=True)
    assert execution.notes == ['compile: no C++ compiler was found; running without it']
    assert not execution.gradient_scaler().is_enabled()


@pytest.fixture
def compiler():
    if missing := device.lacks_compiler('cpu'):
        pytest.skip(missing)
    torch.compiler.reset()
    counters.clear()


@pytest.mark.parametrize('name', NAMES)
def test_compiled_for_testing(name, compiler, long_mode):
    if not long_mode:
        pytest.skip('compiling takes minutes: --long')
    network, x, _ = build_golden(name)
    x = torch.cat((x, x.flip(4)))
    compiled = copy.deepcopy(network)
    assert device.choose_execution(compiled, compiled=True).notes == []
    network.eval()
    compiled.eval()
    for N in (6, 5, 4, 2, 1):
        with torch.no_grad():
            assert_close(compiled(x[:N]), network(x[:N]))


def assert_same_training(network, call, compiled_call):
    """A forward and backward pass by `call` and by `compiled_call` gives the same in float64.

    In float32 a ReLU may switch on a last digit, and a gradient then differs in the third.
    """
    start, answers = copy.deepcopy(network.state_dict()), []
    for forward in (call, compiled_call):
        network.load_state_dict(start)
        network.zero_grad()
        output = forward()
        output.square().sum().backward()
        grads = {name: parameter.grad.clone() for name, parameter in network.named_parameters()
                 if parameter.grad is not None}
        answers.append({'output': output.detach(), **grads, **copy.deepcopy(network.state_dict())})
    expected, actual = answers
    assert actual.keys() == expected.keys()
    for key, value in actual.items():
        torch.testing.assert_close(value, expected[key], rtol=1e-6, atol=float(1e-9 * expected[key].abs().max()),
                                   msg=lambda text, key=key: f'{key}: {text}')


def assert_compiled_whole(graphs):
    """What was compiled had no break, and of it there are at most so many variants: PyTorch is silent about both."""
    assert not counters['graph_break'] and 0 < counters['stats']['unique_graphs'] <= graphs


@pytest.mark.parametrize('name', NAMES)
def test_a_unit_compiled_for_training(name, compiler, long_mode):
    if name != NAMES[0] and not long_mode:
        pytest.skip('one network is compiled, all with --long')
    network = build_golden(name)[0].double().train()
    compiled = torch.compile(network.l5)
    torch.manual_seed(1)
    for single, count in ((3, (2, 4)), (6, (5,))):
        x = torch.randn(single + len(count), 64, 6, network.data_bn.num_features // 6, dtype=torch.float64)
        count = torch.tensor((1,) * single + count)
        assert_same_training(network.l5, lambda: network.l5(x, count),  # noqa: B023 (called at once)
                             lambda: compiled(x, count))  # noqa: B023
    assert_compiled_whole(graphs=2)


@pytest.mark.parametrize('name', NAMES)
def test_compiled_for_training(name, compiler, long_mode):
    if not long_mode:
        pytest.skip('compiling takes minutes: --long')
    network, x, _ = build_golden(name)
    network.double().train()
    network.compile_for_training()
    x = torch.cat((x, x.flip(4), x))[:, :, :12].double()
    for N in (8, 5, 2):  # with two empty bodies at an index, and with fewer
        def eager(N=N):
            network.training_units, kept = None, network.training_units
            output = network(x[:N])
            network.training_units = kept
            return output
        assert_same_training(network, eager, lambda N=N: network(x[:N]))
    assert_compiled_whole(graphs=2)


def test_training_is_compiled_on_one_gpu_only():
    network = build_golden('agcn_ntu')[0]
    notes = device.compile_training(network, [torch.device('cpu')])
    assert network.training_units is None and 'CUDA devices only' in notes[0]
    notes = device.compile_training(network, [torch.device('cuda', 0), torch.device('cuda', 1)])
    assert network.training_units is None and 'torchrun' in notes[0]
    assert device.compile_training(network, [torch.device('cuda')]) == [] and network.training_units is not None
