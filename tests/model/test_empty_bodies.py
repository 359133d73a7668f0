"""Skipping empty bodies changes nothing but the time: outputs, gradients, running statistics, in every mix."""
import collections
import copy

import pytest
import torch
from torch.nn import functional as F
from torch.profiler import ProfilerActivity, profile

import model.aagcn
import model.agcn
from model.empty_bodies import batch_norm, distinct_bodies
from tests.golden_models import NTU, assert_close, fill_by_recipe

EMPTY = {  # which bodies of four samples, of at most three persons, are empty
    'none': [[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]],
    'some': [[0, 1, 1], [0, 0, 1], [1, 0, 1], [0, 1, 0]],
    'one': [[0, 1, 0], [0, 0, 0], [1, 0, 0], [0, 0, 1]],
    'all second': [[0, 1, 1], [0, 1, 1], [0, 1, 1], [0, 1, 1]],
    'only': [[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 1]],
}
MODULES = pytest.mark.parametrize('module', [model.agcn, model.aagcn])


def batch(mix, M, dtype=torch.float32):
    torch.manual_seed(1)
    x = torch.randn(4, 3, 6, 25, M, dtype=dtype)
    return x.where(torch.tensor(EMPTY[mix])[:, None, None, None, :M] == 0, 0)


def pair(module, M, dtype=torch.float64):
    """Return the same model twice: skipping empty bodies, and not."""
    skipping = fill_by_recipe(module.Model(**{**NTU, 'num_person': M, 'base_channels': 16})).to(dtype)
    whole = copy.deepcopy(skipping)
    whole.skip_empty_bodies = False
    return skipping, whole


def trained(network, x):
    """Return the scores of x, all gradients and the state dict of `network` after one pass in training."""
    x = x.clone().requires_grad_()
    scores = network.train()(x)
    F.cross_entropy(scores.float(), torch.arange(len(x))).backward()
    return scores, {'x': x.grad, **{name: p.grad for name, p in network.named_parameters()}}, network.state_dict()


@MODULES
@pytest.mark.parametrize('M, mix', [(1, 'only'), (1, 'some'), (2, 'all second'), (2, 'none'), *((3, m) for m in EMPTY)])
def test_training_is_the_same(module, M, mix):
    x = batch(mix, M, torch.float64)
    (scores, grads, state), (scores_, grads_, state_) = (trained(n, x) for n in pair(module, M))
    assert_close(scores, scores_, 1e-10)
    largest = max(g.norm() for g in grads_.values())
    for name in grads:
        torch.testing.assert_close(grads[name], grads_[name], rtol=1e-8, atol=float(1e-10 * largest), msg=name)
    for name in state:
        torch.testing.assert_close(state[name], state_[name], rtol=1e-9, atol=1e-12, msg=name)


@MODULES
@pytest.mark.parametrize('mix', EMPTY)
def test_testing_is_the_same(module, mix):
    skipping, whole = pair(module, 2, torch.float32)
    x = batch(mix, 2)
    with torch.no_grad():
        assert_close(skipping.eval()(x), whole.eval()(x), 1e-5)


@MODULES
@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision(module, dtype):
    skipping, whole = pair(module, 2, torch.float32)
    x = batch('some', 2)
    with torch.autocast('cpu', dtype):
        (scores, grads, _), (expected, _, _) = trained(skipping, x), trained(whole, x)
    assert_close(scores, expected, 20 * torch.finfo(dtype).eps)
    assert all(g.dtype == torch.float32 and g.isfinite().all() for g in grads.values())


def test_half_precision_counts_large_batches_exactly():
    """bfloat16 has no 301."""
    x = torch.randn(301, 4, 2, 5).bfloat16()
    norm = torch.nn.BatchNorm2d(4, momentum=1.)
    batch_norm(norm, x, torch.ones(301, dtype=torch.long))
    torch.testing.assert_close(norm.running_mean, x.float().mean((0, 2, 3)), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(norm.running_var, x.float().var((0, 2, 3)), rtol=1e-4, atol=1e-5)


def test_channels_without_variance_stay_finite():
    norm = torch.nn.BatchNorm2d(64)
    x = torch.linspace(50, 300, 64)[:, None, None].expand(5, 64, 30, 25).clone().requires_grad_()
    y = batch_norm(norm, x, torch.tensor([1, 1, 1, 1, 6]))
    y.square().sum().backward()
    assert y.isfinite().all() and x.grad.isfinite().all() and norm.running_var.isfinite().all()


def test_only_identical_bodies_of_one_person_index_are_computed_once():
    x = torch.zeros(3, 3, 5, 25, 1)
    assert distinct_bodies(x).count.tolist() == [3]
    x[0, 2, 4, 24] = 1e-30
    x[1, 0, 0, 0] = -0.
    assert sorted(distinct_bodies(x).count.tolist()) == [1, 2]
    x[1, 0, 0, 0] = float('nan')
    assert distinct_bodies(x).count.tolist() == [1, 1, 1]
    assert distinct_bodies(torch.zeros(2, 3, 5, 25, 2)).count.tolist() == [2, 2]
    assert len(distinct_bodies(torch.tensor([1, 1 + 1e-12], dtype=torch.float64).view(2, 1, 1, 1, 1)).kept) == 2


@pytest.mark.parametrize('stream', ['joint', 'bone'])
def test_a_run_with_normalization_computes_fewer_bodies(processor, data, stream):
    """Normalised zeros are a pattern. Half of the clips have one person."""
    run = processor(num_epoch=1, train_feeder_args={
        'data_path': str(data / 'train_data_joint.npy'), 'label_path': str(data / 'train_label.pkl'),
        'normalization': True, 'stream': stream, 'graph': 'graph.ntu_rgb_d.Graph'})
    computed = []
    run.net.l1.register_forward_pre_hook(lambda _unit, given: computed.append(len(given[0])))
    run.start()
    assert sum(computed[:4]) < 30  # of the 32 of the four training batches


def calls(work):
    """Return operation → how often work() calls it."""
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        work()
    return collections.Counter(event.name for event in profiled.events())


@MODULES
@pytest.mark.parametrize('training', [True, False])
@pytest.mark.parametrize('mix', ['none', 'some', 'only'])
def test_no_pass_reads_from_the_device(module, training, mix):
    """The CPU would wait there for all the work that it has sent."""
    network, x = module.Model(**NTU, base_channels=8).train(training), batch(mix, 2)
    bodies = distinct_bodies(x)
    called = calls(lambda: network(x, bodies).square().sum().backward())
    assert called['aten::convolution']
    assert called.keys().isdisjoint({'aten::_local_scalar_dense', 'aten::nonzero', 'aten::bincount',
                                     'aten::masked_select'})


def test_the_steps_of_a_run_read_no_value(processor):
    of_one_step, of_three = (calls(processor(num_epoch=1, batch_size=size, num_worker=0, overwrite=True).start)
                             for size in (16, 5))
    assert of_one_step['aten::_local_scalar_dense'] == of_three['aten::_local_scalar_dense']
