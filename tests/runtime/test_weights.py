"""Weights as users have them: with and without prefixes, as .pt and .pkl, wrapped by others, of other models."""
import collections
import pathlib
import pickle

import numpy as np
import pytest
import torch

from model.from_config import load_into
from runtime.errors import UserError
from runtime.weights import load_weights, save_weights, step_in_name


def small_model():
    return torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))


def assert_same(one, other):
    assert list(one) == list(other)
    for name in one:
        assert torch.equal(one[name], other[name]) and one[name].dtype == other[name].dtype, name


def test_saved_weights_have_no_prefix_and_come_back(tmp_path):
    model = small_model()
    save_weights(torch.nn.DataParallel(model), tmp_path / 'w.pt')
    assert_same(torch.load(tmp_path / 'w.pt', weights_only=True), model.state_dict())
    assert_same(load_weights(tmp_path / 'w.pt'), model.state_dict())


@pytest.mark.parametrize('protocol', [2, 5])
@pytest.mark.parametrize('as_arrays', [False, True])
def test_a_pkl_of_the_same_dict(tmp_path, protocol, as_arrays):
    state = small_model().state_dict()
    content = {f'module.{k}': v.numpy() if as_arrays else v for k, v in state.items()}
    (tmp_path / 'w.pkl').write_bytes(pickle.dumps(collections.OrderedDict(content), protocol))
    assert_same(load_weights(tmp_path / 'w.pkl'), state)


class Logs:
    """What a framework keeps beside the weights, of a class that may not be built."""

    def __init__(self):
        self.history, self.mean = np.arange(3.), np.ndarray.mean

    def __setstate__(self, _state):
        raise AssertionError('it was built')


@pytest.mark.parametrize('wrap', [
    lambda state: {f'_orig_mod.module.{k}': v for k, v in state.items()},
    lambda state: {k.replace('0.', '0._orig_mod.'): v for k, v in state.items()},
    lambda state: {'model': state, 'epoch': 3},
    lambda state: {'meta': {'built': pathlib.PurePosixPath('x')}, 'logs': Logs(), 'state_dict': state},
], ids=['outside', 'inside', 'ours', 'foreign'])
@pytest.mark.parametrize('legacy', [False, True])
def test_weights_as_others_wrap_them(tmp_path, wrap, legacy):
    state = small_model().state_dict()
    torch.save(wrap(state), tmp_path / 'w.pth', _use_new_zipfile_serialization=not legacy)
    assert_same(load_weights(tmp_path / 'w.pth'), state)


@pytest.mark.parametrize('legacy', [False, True])
def test_every_kind_of_tensor_comes_back(tmp_path, legacy):
    whole = torch.arange(24.).view(2, 3, 4)
    state = {str(dtype): whole.to(dtype) for dtype in (torch.float64, torch.bfloat16, torch.int64, torch.bool)}
    state.update(view=whole[1, :, 1:], turned=whole.permute(2, 0, 1), parameter=torch.nn.Parameter(whole),
                 scalar=torch.tensor(3), none=torch.zeros(0, 3), repeated=torch.ones(1).expand(5))
    torch.save(state, tmp_path / 'w.pt', _use_new_zipfile_serialization=not legacy)
    assert_same(load_weights(tmp_path / 'w.pt'), state)


@pytest.mark.parametrize('content, words', [
    ([1, 2], 'a list, not weights'), ({}, 'a dict, not weights'), ({'epoch': 3}, "'epoch' is a int, not a tensor"),
    ({'0.weight': torch.zeros(5, 3)}, r'0\.weight: \(5, 3\) there, \(2, 3\) in this model'),
    ({'alpha': torch.zeros(1)}, r'alpha: \(1,\) there, missing in this model'),
    ({'0.bias': torch.full((2,), torch.nan)}, r'0\.bias holds NaN')])
def test_what_does_not_fit_the_model_is_named(tmp_path, content, words):
    torch.save(content, tmp_path / 'w.pt')
    with pytest.raises(UserError, match=rf'w\.pt: .*{words}'):
        load_into(small_model(), tmp_path / 'w.pt')


@pytest.mark.parametrize('path, step', [
    ('runs/ntu_cs_agcn_joint-49-31300.pt', 31300), ('pre_train/ki_agcn.pt', 0), ('a-7.pkl', 7), ('x-best.pt', 0)])
def test_the_step_in_a_name(path, step):
    assert step_in_name(path) == step
