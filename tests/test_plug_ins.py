"""Models, feeders and graphs of others, written as the published code and its descendants write them."""
import sys

import pytest
from tiny import config, write_config, write_dataset

from main import Processor, get_parser
from runtime.errors import UserError, run_command

FILES = {
    'other_graph.py': '''
from graph import tools
from graph.ntu_rgb_d import inward, neighbor, num_node, outward, self_link


class Graph:
    def __init__(self, labeling_mode='spatial'):
        self.num_node, self.self_link, self.neighbor = num_node, self_link, neighbor
        assert neighbor == inward + outward
        self.A = self.get_adjacency_matrix(labeling_mode)

    def get_adjacency_matrix(self, labeling_mode=None):
        if labeling_mode == 'spatial':
            return tools.get_spatial_graph(num_node, self_link, inward, outward)
        raise ValueError()
''',
    'other_feeder.py': '''
import torch
from torch.utils.data import Dataset
from feeders import tools


def import_class(name):
    mod = __import__(name.split('.')[0])
    for part in name.split('.')[1:]:
        mod = getattr(mod, part)
    return mod


class Feeder(Dataset):
    def __init__(self, data_path, label_path, window_size=-1, fails=False):
        inner = import_class('feeders.feeder.Feeder')(data_path, label_path)
        self.data, self.label, self.sample_name = inner.data, inner.label, inner.sample_name
        self.window_size, self.fails, self.top_k = window_size, fails, inner.top_k

    def __len__(self):
        return len(self.label)

    def __getitem__(self, index):
        if self.fails:
            return {}['item']
        angle = torch.zeros(1).uniform_(-1, 1).item()
        return tools.auto_pading(self.data[index].astype(float), self.window_size) * angle, self.label[index], index


class OfSplits(Feeder):  # one file for both parts, as CTR-GCN's
    def __init__(self, data_path, label_path, split, which=None):
        super().__init__(data_path, label_path)
        begin, end = {'train': (0, 12), 'test': (12, 16), 'other': (4, 16)}[which or split]
        self.data, self.label = self.data[begin:end], self.label[begin:end]
        self.sample_name = [f'{which or split}_{i}' for i in range(end - begin)]


class OfTwo(Feeder):
    def __getitem__(self, index):
        return super().__getitem__(index)[:2]
''',
    'other_model.py': '''
import torch
from torch import nn


def import_class(name):
    components = name.split('.')
    mod = __import__(components[0])
    for comp in components[1:]:
        mod = getattr(mod, comp)
    return mod


class Model(nn.Module):
    def __init__(self, num_class=60, num_point=25, num_person=2, graph=None, graph_args=dict(), in_channels=3,
                 fails=False):
        super().__init__()
        Graph = import_class(graph)
        A = Graph(**graph_args).A
        assert A.shape == (3, num_point, num_point)
        self.PA = nn.Parameter(torch.from_numpy(A.astype('float32')))
        self.fc = nn.Linear(in_channels * num_point, num_class)
        self.fails = fails

    def forward(self, x):
        if self.fails:
            a, b = [1]
        x = torch.einsum('nctvm,kvw->ncw', x, self.PA)
        return self.fc(x.flatten(1))


def make_model(**arguments):
    return Model(**arguments)


def no_model(**arguments):
    return arguments


class OfClipAndLabel(Model):
    def forward(self, x, label, mask=None):
        return super().forward(x)


class TwoHeads(Model):
    def forward(self, x):
        return [super().forward(x), super().forward(x.flip(2))]
''',
    'does_not_compile.py': 'class Model:\n    def broken(:\n',
}


@pytest.fixture
def plugged(tmp_path):
    """A function: changes of the config → the path of one that trains the plug-ins, which lie beside it."""
    write_dataset(tmp_path / 'data')
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)

    def make(model_args=None, feeder_args=None, **changes):
        content = config(tmp_path / 'data', tmp_path, num_epoch=1, feeder='other_feeder.Feeder')
        for part in ('train', 'test'):
            content[f'{part}_feeder_args'] |= {'window_size': 16, **(feeder_args or {})}
        content |= {'model': 'other_model.Model', 'lr_decay_rate': 0.5}
        content['model_args'] = {'num_class': 4, 'num_point': 25, 'num_person': 2, 'graph': 'graph.ntu_rgb_d.Graph',
                                 'graph_args': {'labeling_mode': 'spatial'}, **(model_args or {})}
        return write_config(tmp_path / 'c.yaml', content | changes)
    return make


def test_they_train_and_their_weights_are_tested(plugged, run, tmp_path):
    env = {'PYTHONPATH': str(tmp_path)}
    path = plugged({'graph': 'other_graph.Graph'}, num_epoch=2, step=[1], log_interval=4)
    output = run('main.py', '--config', path, '--num-worker', 2, env=env).stdout
    assert 'lr 0.010000' in output and 'lr 0.005000' in output  # lr_decay_rate is 0.5
    assert (tmp_path / 'work_dir/other_model.py').exists()
    run('main.py', '--config', path, '--phase', 'test', '--work-dir', 'test', '--weights', 'runs/tiny-1-8.pt', env=env)


@pytest.fixture
def processor(plugged, tmp_path, monkeypatch):
    """A function that makes a Processor of the plug-ins, with changes of the config."""
    monkeypatch.syspath_prepend(tmp_path)
    for name in FILES:  # of an earlier test
        monkeypatch.delitem(sys.modules, name.removesuffix('.py'), raising=False)
    return lambda **changes: Processor(get_parser().parse_with_config(['--config', str(plugged(**changes))]))


@pytest.mark.parametrize('name', ['make_model', 'TwoHeads'])
def test_a_function_and_a_model_of_several_heads_are_trained(processor, name, tmp_path):
    processor(model=f'other_model.{name}').start()
    assert (tmp_path / 'work_dir/other_model.py').exists()


@pytest.mark.parametrize('error, changes', [
    (ValueError, {'model_args': {'fails': True}}), (KeyError, {'feeder_args': {'fails': True}, 'num_worker': 1}),
    (ValueError, {'model_args': {'graph': 'other_graph.Graph', 'graph_args': {'labeling_mode': 'x'}}}),
    (SyntaxError, {'model': 'does_not_compile.Model'})], ids=['forward', 'item in a worker', 'graph', 'import'])
def test_an_exception_in_one_keeps_its_traceback(processor, error, changes):
    with pytest.raises(error):
        run_command(lambda: processor(**changes).start())


def test_a_mistake_of_the_user_is_one_line_there_too(processor):
    for changes, words in (({'feeder': 'feeders.feeder.Feeder',
                             'feeder_args': {'stream': 'bone', 'graph': 'other_graph.Graph'}},
                            'other_graph.Graph has no bone_partners'),
                           ({'feeder': 'other_feeder.OfTwo'},
                            'train_feeder_args: other_feeder.OfTwo: an item of it is 2 values'),
                           ({'model': 'other_model.OfClipAndLabel'},
                            'other_model.OfClipAndLabel: its forward needs x, label, but'),
                           ({'model': 'other_model.sys'}, 'other_model has no class sys'),
                           ({'model': 'other_model.no_model'}, 'other_model.no_model: it makes a dict'),
                           ({'model': 'model.agcn.Model', 'model_args': {'graph_args': {'labeling_mode': 'x'}}},
                            "graph.ntu_rgb_d.Graph: labeling_mode 'x'")):
        with pytest.raises(UserError, match=words):
            processor(**changes)


@pytest.fixture
def of_splits(tmp_path):
    """Changes of the config: both parts are in the training file, and `split` tells them apart."""
    files = {'data_path': str(tmp_path / 'data/train_data_joint.npy'),
             'label_path': str(tmp_path / 'data/train_label.pkl')}
    return {'feeder': 'other_feeder.OfSplits', **{f'{part}_feeder_args': {**files, 'split': part}
                                                  for part in ('train', 'test')}}


def test_validation_is_of_the_training_split_whatever_the_feeder(processor, of_splits):
    run = processor(**of_splits, val_share=0.25)
    names = {part: set(feeder.sample_name) for part, feeder in run.feeder.items()}
    assert len(names['val']) == 4 and names['val'] | names['train'] == {f'train_{i}' for i in range(12)}
    assert names['test'] == {f'test_{i}' for i in range(4)}
    clip, label, _ = run.feeder['val'][0]
    assert label == run.feeder['val'].feeder.label[run.feeder['val'].indices[0]]


@pytest.mark.parametrize('which', ['test', 'other'])
def test_validation_of_other_samples_is_refused(processor, of_splits, which):
    of_splits['test_feeder_args']['which'] = which
    with pytest.raises(UserError, match=f'validation: .* the 12 training samples become .* others, from {which}_0 on'):
        processor(**of_splits, val_share=0.25)


def test_they_may_lie_in_folders_of_our_names(plugged, run, tmp_path):
    for folder, name in (('graph', 'other_graph'), ('feeders', 'other_feeder'), ('model', 'other_model')):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / '__init__.py').write_text('raise Exception("not ours")')
        (tmp_path / f'{name}.py').rename(tmp_path / folder / f'{name}.py')
    path = plugged({'graph': 'graph.other_graph.Graph'}, model='model.other_model.Model',
                   feeder='feeders.other_feeder.Feeder')
    run('main.py', '--config', path, env={'PYTHONPATH': str(tmp_path)})
    assert (tmp_path / 'work_dir/other_model.py').exists()
