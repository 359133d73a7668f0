"""The trained streams of docs/zoo.md: their weights and annotations give PYSKL's scores, through the commands."""
import collections
import json
import pathlib
import pickle
import re

import numpy as np
import pytest
import torch
import yaml
from conftest import ROOT, shared_path

from graph.skeleton import skeleton
from runtime.arguments import get_parser
from tests.data_gen.raw_ntu import skeleton_text
from tests.pyskl_files import SHORT, annotations, bones_of, made_up, state_dict, write_recordings

CONFIGS = {str(path.relative_to(ROOT)): yaml.safe_load(path.read_text())
           for path in sorted((ROOT / 'config/pyskl').rglob('*.yaml'))}
BENCHMARK = {'3d': 'ntu60_xsub_3d', 'hrnet': 'ntu60_xsub_hrnet'}
NETWORKS = [(kind, network, stream) for kind in BENCHMARK for network, streams in (
    ('aagcn', SHORT), ('agcn', ('joint', 'bone'))) for stream in streams]
# Network → the form of its checkpoint, whether it is a legacy file of PyTorch, and the number of workers.
FORMS = {('3d', 'aagcn', 'joint'): ('pyskl', False, 0), ('3d', 'agcn', 'bone'): ('mmaction2', True, 3),
         ('hrnet', 'agcn', 'joint'): ('pyskl', True, 1), ('hrnet', 'aagcn', 'bone_motion'): ('mmaction2', False, 0)}


@pytest.fixture(scope='module')
def golden():
    with np.load(shared_path('golden/pyskl.npz')) as arrays:
        return dict(arrays)


@pytest.fixture(scope='module')
def shapes():
    return json.loads(shared_path('golden/pyskl_state_dict.json').read_text())


class HistoryBuffer:
    """Stands for a class of mmengine's, which a checkpoint of MMAction2 names and nothing may build."""

    def __init__(self):
        self.history = np.arange(3.)
        self.statistics = {'mean': np.ndarray.mean}

    def __setstate__(self, _state):
        raise AssertionError('it was built')


def checkpoint(path, weights, form, legacy=False):
    """Write `weights` to `path` in PYSKL's form or in MMAction2's."""
    content = {'meta': {'epoch': 16, 'config': 'model = dict()'}, 'state_dict': collections.OrderedDict(weights)}
    if form == 'mmaction2':
        content['state_dict'] = {name.replace('fc_cls', 'fc'): value for name, value in weights.items()}
        content.update(message_hub={'log_scalars': {'loss': HistoryBuffer()}}, optimizer={'state': HistoryBuffer()})
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    return path


@pytest.mark.parametrize('kind, network, stream', NETWORKS)
def test_two_downloads_give_their_probabilities(run, tmp_path, golden, shapes, long_mode, kind, network, stream):
    form, legacy, workers = FORMS.get((kind, network, stream), ('pyskl', False, 3))
    if (kind, network, stream) not in FORMS and not long_mode:
        pytest.skip('a third of the networks is tested through the command, all with --long')
    benchmark = BENCHMARK[kind]
    content = annotations(golden, kind)
    kept = list(range(6)) if long_mode else [0, 3, 5]  # shorter than a clip, longer, and more than twice as long
    names = content['split']['all_val'] = [content['annotations'][i]['frame_dir'] for i in kept]
    write_recordings(tmp_path / f'data/pyskl/ntu60_{kind}', content)
    config = f'config/pyskl/{benchmark}/test_{stream}.yaml'
    folder = tmp_path / 'data' / pathlib.Path(CONFIGS[config]['weights']).parent
    checkpoint(folder / f'{SHORT[stream]}.pth', state_dict(shapes, golden, kind, network), form, legacy)
    run('main.py', '--config', ROOT / config, '--num-worker', workers, '--test-batch-size', 2,
        '--model-args', f'{{attention: {network == "aagcn"}}}',
        '--test-feeder-args', '{split: all_val}')
    folder = tmp_path / f'work_dir/pyskl/{benchmark}/agcn_test_{stream}'
    scores = pickle.loads((folder / 'epoch1_test_score.pkl').read_bytes())
    prob = golden[f'{kind}/{network}/{SHORT[stream]}/prob'][kept]
    assert list(scores) == names
    np.testing.assert_allclose(list(scores.values()), prob, atol=1e-5)
    fused = run('ensemble.py', '--datasets', f'pyskl/{benchmark}', '--streams', stream, '--labels',
                f'data/pyskl/ntu60_{kind}/all_val_label.pkl')
    labels = [content['annotations'][i]['label'] for i in kept]
    top1 = 100 * np.mean(prob.argmax(1) == labels)
    assert f'Top1: {top1:.4f}%' in fused.stdout


@pytest.mark.parametrize('kind', ['3d', 'hrnet'])
def test_raw_files_give_the_scores_of_their_annotations(run, tmp_path, golden, shapes, kind):
    """Each of the four streams, and all of them fused, without PYSKL's annotations."""
    weights = checkpoint(tmp_path / 'w.pth', state_dict(shapes, golden, kind, 'aagcn'), 'pyskl')
    content = annotations(golden, kind)
    one = content['annotations'][5]
    one['keypoint'] = one['keypoint'].astype(np.float64).round(4)
    name, frames = one['frame_dir'], one['total_frames']
    bodies = one['keypoint'][:, :frames]
    if kind == '3d':
        file = tmp_path / f'{name}.skeleton'
        file.write_text(skeleton_text(np.where(bodies.any((2, 3), keepdims=True), bodies, np.nan)))
    else:
        file = tmp_path / f'{name}.npz'
        height, width = one['img_shape']
        joints = np.concatenate((bodies / (width, height), one['keypoint_score'][:, :frames, :, None]), 3)
        np.savez(file, joints_2d=joints, joint_names=skeleton('coco17').joint_names, image_size=(width, height),
                 fps=30.)
    content.update(annotations=[one], split={'xsub_val': [name]})
    write_recordings(tmp_path / 'r', content)
    configs, expected = [], []
    for stream in SHORT:
        config = ROOT / f'config/pyskl/{BENCHMARK[kind]}/test_{stream}.yaml'
        run('main.py', '--config', config, '--weights', weights, '--test-feeder-args', '{recordings: r}',
            '--work-dir', stream, '--device', 'cpu')
        expected.append(pickle.loads((tmp_path / stream / 'epoch1_test_score.pkl').read_bytes())[name])
        configs.append(config)
        run('predict.py', '--config', config, '--weights', weights, file, '--device', 'cpu', '--out', 'scores.pkl')
        found, = pickle.loads((tmp_path / 'scores.pkl').read_bytes()).values()
        np.testing.assert_allclose(found, expected[-1], atol=1e-5)
    run('predict.py', '--config', *configs, '--weights', *[weights] * 4, '--stream-weights', 2, 2, 1, 1, file,
        '--device', 'cpu', '--out', 'scores.pkl')
    found, = pickle.loads((tmp_path / 'scores.pkl').read_bytes()).values()
    np.testing.assert_allclose(found, np.dot([2, 2, 1, 1], expected), atol=1e-4)


def test_training_by_their_recipe(run, tmp_path):
    """The rate falls from 0.1 along a cosine, step by step."""
    write_recordings(tmp_path / 'data/pyskl/ntu60_3d', made_up())
    config = ROOT / 'config/pyskl/ntu60_xsub_3d/train_bone.yaml'
    said = run('main.py', '--config', config, '--model-args', '{base_channels: 16}', '--batch-size', 2, '--device',
               'cpu', '--num-epoch', 2, '--eval-interval', 2, '--log-interval', 1).stdout
    rates = [float(rate) for rate in re.findall(r'lr ([0-9.]+)', said)]
    np.testing.assert_allclose(rates, 0.05 * (1 + np.cos(np.pi * np.arange(4) / 4)), atol=1e-6)
    assert (tmp_path / 'runs/pyskl_ntu60_xsub_3d_bone-1-4.pt').exists()
    arg = CONFIGS['config/pyskl/ntu60_xsub_3d/train_bone.yaml']
    assert (arg['batch_size'], arg['nesterov'], arg['weight_decay'], arg['num_epoch']) == (128, True, 5e-4, 80)


@pytest.mark.parametrize('name', CONFIGS)
def test_a_config_is_that_of_its_folder_and_stream(name):
    arg = get_parser().parse_with_config(['--config', str(ROOT / name)])
    data_set, protocol, kind = pathlib.Path(name).parent.name.split('_')
    phase, stream = pathlib.Path(name).stem.split('_', 1)
    for part in ('train', 'test') if phase == 'train' else ('test',):
        feeder_args = getattr(arg, f'{part}_feeder_args')
        assert feeder_args['recordings'] == f'./data/pyskl/{data_set}_{kind}'
        assert feeder_args['split'] == f'{protocol}_{"train" if part == "train" else "val"}'
        assert feeder_args['stream'] == stream and feeder_args['graph'] == arg.model_args['graph']
        assert {key: feeder_args[key] for key in ('graph', 'dimensions')} == bones_of(kind)
    assert arg.model_args['num_class'] == int(data_set[3:]) and arg.model_args['num_point'] == {'3d': 25}.get(kind, 17)
    assert arg.phase == phase and pathlib.Path(arg.work_dir).name == f'agcn_{"test_" * (phase == "test")}{stream}'
    weights = f'./pyskl/aagcn_pyskl_{data_set}_{protocol}_{kind}/{SHORT[stream]}.pth'.replace('_3d/', '_3dkp/')
    assert arg.weights == (weights if phase == 'test' else None)
