"""Weights as users have them: with and without `module.`, as .pt and .pkl, whole, cut off and hostile."""
import collections
import os
import pathlib
import pickle

import numpy as np
import pytest
import torch

from model.from_config import fill_model
from runtime.errors import UserError
from runtime.weights import load_weights, save_weights, step_in_name


def small_model():
    return torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))


def assert_same(one, other):
    assert list(one) == list(other)
    for name in one:
        assert torch.equal(one[name], other[name]), name


def test_saved_weights_have_no_prefix_and_come_back(tmp_path):
    model = small_model()
    save_weights(torch.nn.DataParallel(model), tmp_path / 'w.pt')
    assert_same(torch.load(tmp_path / 'w.pt', weights_only=True), model.state_dict())
    assert_same(load_weights(tmp_path / 'w.pt'), model.state_dict())


@pytest.mark.parametrize('protocol', [2, 4, 5])
@pytest.mark.parametrize('as_arrays', [False, True])
def test_a_pkl_of_the_same_dict(tmp_path, protocol, as_arrays):
    state = small_model().state_dict()
    content = {f'module.{k}': v.numpy() if as_arrays else v for k, v in state.items()}
    (tmp_path / 'w.pkl').write_bytes(pickle.dumps(collections.OrderedDict(content), protocol))
    assert_same(load_weights(tmp_path / 'w.pkl'), state)


def test_missing_names_are_returned_and_keep_their_values():
    model, other = small_model(), small_model()
    state = other.state_dict()
    before = model[0].bias.detach().clone()
    del state['0.bias']
    assert fill_model(model, state, 'w.pt') == ['0.bias']
    assert torch.equal(model[0].bias, before)
    assert torch.equal(model[0].weight, other[0].weight)


def test_another_models_weights_are_refused():
    with pytest.raises(UserError, match=r'w\.pt: 0\.weight is \(5, 3\) there and \(2, 3\)'):
        fill_model(small_model(), {'0.weight': torch.zeros(5, 3)}, 'w.pt')
    with pytest.raises(UserError, match='alpha'):
        fill_model(small_model(), {'alpha': torch.zeros(1)}, 'w.pt')


class Runs:
    def __reduce__(self):
        return os.system, ('echo ran > hostile_marker',)


class HidesInStorage:
    """A pickle whose tensor bytes are themselves a torch file that runs something."""

    def __reduce__(self):
        import io
        hidden = io.BytesIO()
        torch.save(Runs(), hidden)
        return torch.storage._load_from_bytes, (hidden.getvalue(),)


@pytest.mark.parametrize('name, content', [
    ('w.pt', None), ('w.pkl', pickle.dumps({'a': Runs()})), ('w.pkl', pickle.dumps({'a': HidesInStorage()}))])
def test_nothing_in_a_weight_file_runs(tmp_path, monkeypatch, name, content):
    monkeypatch.chdir(tmp_path)
    if content is None:
        torch.save({'a': Runs()}, name)
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=name):
        load_weights(name)
    assert not (tmp_path / 'hostile_marker').exists()


class Logs:
    """Stands for what a framework keeps beside the weights, of classes that may not be built."""

    def __init__(self):
        self.history = np.arange(3.)
        self.mean = np.ndarray.mean

    def __setstate__(self, _state):
        raise AssertionError('it was built')


@pytest.mark.parametrize('wrap', [
    lambda state: {f'module.{k}': v for k, v in state.items()},
    lambda state: {f'_orig_mod.module._orig_mod.{k}': v for k, v in state.items()},
    lambda state: {k.replace('0.', '0._orig_mod.'): v for k, v in state.items()},
    lambda state: {'state_dict': state}, lambda state: {'model': {'state_dict': state}, 'epoch': 3},
    lambda state: {'meta': {'built': pathlib.PurePosixPath('x')}, 'logs': Logs(), 'state_dict': state},
], ids=['module', 'mixed', 'inside', 'state_dict', 'twice', 'foreign'])
@pytest.mark.parametrize('legacy', [False, True])
def test_weights_as_others_wrap_them(tmp_path, wrap, legacy):
    state = small_model().state_dict()
    torch.save(wrap(state), tmp_path / 'w.pth', _use_new_zipfile_serialization=not legacy)
    assert_same(load_weights(tmp_path / 'w.pth'), state)


@pytest.mark.parametrize('legacy', [False, True])
def test_every_kind_of_tensor_comes_back(tmp_path, legacy):
    whole = torch.arange(24.).view(2, 3, 4)
    state = {str(dtype): whole.to(dtype) for dtype in (torch.float64, torch.float16, torch.bfloat16, torch.int64,
                                                       torch.int32, torch.uint8, torch.bool)}
    state.update(view=whole[1, :, 1:], turned=whole.permute(2, 0, 1), parameter=torch.nn.Parameter(whole),
                 scalar=torch.tensor(3), none=torch.zeros(0, 3), repeated=torch.ones(1).expand(5))
    torch.save(state, tmp_path / 'w.pt', _use_new_zipfile_serialization=not legacy)
    loaded = load_weights(tmp_path / 'w.pt')
    assert_same(loaded, state)
    assert all(loaded[name].dtype == value.dtype for name, value in state.items())


def test_a_cut_off_or_foreign_file_is_named(tmp_path):
    save_weights(small_model(), tmp_path / 'w.pt')
    whole = (tmp_path / 'w.pt').read_bytes()
    for content in (b'', whole[:100], whole[:-200], b'not weights at all'):
        (tmp_path / 'cut.pt').write_bytes(content)
        with pytest.raises(UserError, match=r'cut\.pt'):
            load_weights(tmp_path / 'cut.pt')
    torch.save([1, 2], tmp_path / 'list.pt')
    with pytest.raises(UserError, match=r'list\.pt'):
        load_weights(tmp_path / 'list.pt')
    torch.save({'epoch': 3}, tmp_path / 'number.pt')
    with pytest.raises(UserError, match='epoch'):
        load_weights(tmp_path / 'number.pt')


@pytest.mark.parametrize('path, step', [
    ('runs/ntu_cs_agcn_joint-49-31300.pt', 31300), ('pre_train/ki_agcn.pt', 0), ('a-7.pkl', 7), ('x-best.pt', 0)])
def test_the_step_in_a_name(path, step):
    assert step_in_name(path) == step
