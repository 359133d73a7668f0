"""Every config in config/ does what it says on tiny data of the right shape."""
import pathlib
import shutil

import pytest
import torch
from conftest import ROOT
from tiny import write_dataset

import main
from main import Processor, get_parser
from runtime.dotted import import_class

CONFIGS = sorted(str(path.relative_to(ROOT)) for path in (ROOT / 'config').rglob('*.yaml')
                 if path.name != 'skeleton.yaml' and path.parent.name != 'skeletons'  # for graph.skeleton.Graph
                 and 'pyskl' not in path.parts[-3:])  # another feeder's: tests/test_zoo.py
PUBLISHED = {
    'config/nturgbd-cross-subject': {'num_class': 60, 'num_point': 25, 'step': [30, 40], 'num_epoch': 50},
    'config/nturgbd-cross-view': {'num_class': 60, 'num_point': 25, 'step': [30, 40], 'num_epoch': 50},
    'config/nturgbd120-cross-subject': {'num_class': 120, 'num_point': 25, 'step': [30, 40], 'num_epoch': 50},
    'config/nturgbd120-cross-setup': {'num_class': 120, 'num_point': 25, 'step': [30, 40], 'num_epoch': 50},
    'config/ntu-hrnet': {'num_class': 60, 'num_point': 17, 'step': [30, 40], 'num_epoch': 50},
    'config/kinetics-skeleton': {'num_class': 400, 'num_point': 18, 'step': [45, 55], 'num_epoch': 65},
}
BATCHES = {'train': {'': (64, 64), '_custom': (32, 32), 'ki': (128, 256)}, 'test': {'': 256, '_custom': 64, 'ki': 64}}


def load(name):
    return get_parser().parse_with_config(['--config', str(ROOT / name)])


@pytest.mark.parametrize('name', CONFIGS)
def test_takes_one_step_or_tests_one_batch(name, tmp_path, monkeypatch):
    arg = load(name)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / 'config/skeletons', 'config/skeletons')
    if 'small' in name:
        pathlib.Path('data/mine').mkdir(parents=True)
        shutil.copy(ROOT / 'config/small/skeleton.yaml', 'data/mine')
    shape = {'points': arg.model_args['num_point'], 'persons': arg.model_args['num_person']}
    for part in ('train', 'test'):
        feeder = getattr(arg, f'{part}_feeder_args')
        if feeder:
            path = pathlib.Path(feeder['data_path'])
            ours, _, stream = path.stem.partition('_data_')
            write_dataset(path.parent, [(ours, 2)], 10, **shape, stream=stream)
    arg.batch_size = arg.test_batch_size = 2
    arg.device, arg.weights = ['cpu'], None
    arg.model_args['base_channels'] = 16  # narrow, so that the network takes no time
    monkeypatch.setattr(main, 'find_weights', str)
    if arg.phase == 'test':
        model = import_class(arg.model)(**arg.model_args)
        torch.save(model.state_dict(), 'weights.pt')
        arg.weights = 'weights.pt'
    run = Processor(arg)
    if arg.phase == 'train':
        run.model.train()
        data, label, index = next(iter(run.loader['train']))
        if arg.train_feeder_args.get('window_size', -1) > 0:
            assert data.shape[2] == arg.train_feeder_args['window_size']
        if 'uniform_sample' in arg.train_feeder_args:
            assert data.shape[2] == arg.train_feeder_args['uniform_sample']
        assert torch.isfinite(run.step(data, label)).all()
    else:
        run.start()
        assert list(pathlib.Path(arg.work_dir).glob('epoch1_test_score.pkl'))
        assert pathlib.Path(arg.model_saved_name + '_right.txt').exists()


@pytest.mark.parametrize('name', [
    name for name in CONFIGS if str(pathlib.Path(name).parent) in PUBLISHED and '_modern' not in name])
def test_has_the_published_values(name):
    arg, path = load(name), pathlib.Path(name)
    facts = PUBLISHED[str(path.parent)]
    kinetics = 'kinetics' in name
    custom = '_custom' if '_custom' in name else ''
    batches = BATCHES[arg.phase]['ki' if kinetics else custom]
    assert arg.model_args['num_class'] == facts['num_class'] and arg.model_args['num_point'] == facts['num_point']
    assert arg.device == (['0'] if custom else ['0', '1', '2', '3'])
    if arg.phase == 'test':
        assert arg.test_batch_size == batches and arg.save_score
        return
    assert (arg.batch_size, arg.test_batch_size) == batches
    assert (arg.step, arg.num_epoch) == (facts['step'], facts['num_epoch'])
    assert (arg.optimizer, arg.nesterov, arg.base_lr, arg.weight_decay) == ('SGD', True, 0.1, 0.0001)
    feeder = arg.train_feeder_args
    augmented = (feeder['random_choose'], feeder['random_move'], feeder['window_size'])
    assert augmented == ((True, True, 150) if kinetics else (False, False, -1))
    assert arg.warm_up_epoch == (5 if 'aagcn' in name else 0) and arg.only_train_part == ('aagcn' in name)


def test_no_weights_are_chosen_on_the_test_part():
    for arg in map(load, CONFIGS):
        if arg.phase == 'train' and 'uniform_sample' in arg.train_feeder_args:
            assert arg.eval_interval == arg.num_epoch
