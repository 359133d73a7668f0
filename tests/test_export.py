"""export.py as its users run it: the file gives the scores of predict.py, without PyTorch, or there is no file."""
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from conftest import ROOT, assert_one_line_error, run_script
from tiny import NUM_CLASS, config, write_config, write_dataset, write_weights

from export import describe
from model import aagcn
from predict import Predictor
from prediction.exported import ExportedModel
from prediction.exported_network import Fused
from prediction.streams import FusedStreams
from tests.data_gen.raw_custom import JOINTS, flags, write_clips, write_csv
from tests.data_gen.raw_ntu import names_of, write_tree
from tests.small_model import Model

onnx = pytest.importorskip('onnx')
onnxruntime = pytest.importorskip('onnxruntime')
pytest.importorskip('onnxscript')

NTU = {'graph': 'graph.ntu_rgb_d.Graph'}
FRAMES = 32


@pytest.fixture(scope='module')
def tiny(tmp_path_factory):
    """A folder with joints and bones of small clips, and weights of the small model."""
    folder = tmp_path_factory.mktemp('tiny')
    write_dataset(folder / 'data', parts=(('val', 8),), frames=FRAMES)
    data = folder / 'data/val_data_joint.npy'
    run_script('data_gen/gen_bone_data.py', '--data_root', folder, '--datasets', 'data', '--parts', 'val', cwd=folder)
    joints = np.load(data)
    joints[:, :, 20:] = 0  # the padding that uniform sampling leaves out
    np.save(data, joints)
    torch.manual_seed(0)
    torch.save(Model().state_dict(), folder / 'small.pt')
    return folder


def small_config(folder, name='small', of='joint', model='tests.small_model.Model', in_channels=3,
                 feeder='feeders.feeder.Feeder', **feeder_args):
    """Write the config `name` of a small model that tests the data of a stream in bfloat16, and return its path."""
    arguments = {'data_path': str(folder / f'data/val_data_{of}.npy'), 'label_path': str(folder / 'data/val_label.pkl')}
    content = config(folder / 'data', folder / name, phase='test', model=model, precision='bf16',
                     weights=str(folder / 'small.pt'),
                     model_args={'num_class': NUM_CLASS, 'in_channels': in_channels, **NTU},
                     feeder=feeder, test_feeder_args={**arguments, **feeder_args})
    return write_config(folder / f'{name}.yaml', content)


@pytest.fixture(scope='module')
def small(tiny):
    """The path of the small model as .onnx."""
    run_script('export.py', '--config', small_config(tiny), '--frames', FRAMES, '--out', tiny / 'small.onnx', cwd=tiny)
    return tiny / 'small.onnx'


@pytest.fixture(scope='module')
def road(tmp_path_factory):
    """A folder with recordings of a skeleton that is described in YAML, and a config each of AAGCN and of the small
    model's bones, with weights, and both as one .onnx."""
    folder = tmp_path_factory.mktemp('road')
    clips = write_clips(folder)
    write_csv(folder / 'p3_wave.csv', clips['p3_wave.npy'], 'xyz')
    run_script('data_gen/custom_gendata.py', *flags(folder, folder / 'data'), '--center', 'chest', '--up', 'chest',
               'hand', cwd=folder)
    graph = {'graph': 'graph.skeleton.Graph', 'graph_args': {'file': str(folder / 'data/skeleton.yaml')}}
    model_args = {'num_class': 3, 'num_point': len(JOINTS), 'num_person': 2, **graph}
    write_weights(folder / 'joint.pt', network=aagcn.Model, **model_args)
    torch.save(Model(**model_args).state_dict(), folder / 'bone.pt')
    for stream, model, own, feeder in (('joint', 'model.aagcn.Model', {'base_channels': 8}, {}),
                                       ('bone', 'tests.small_model.Model', {}, {'stream': 'bone', **graph})):
        content = config(folder / 'data', folder / stream, model=model, model_args={**model_args, **own})
        content['test_feeder_args'] |= {'uniform_sample': 16, 'test_clips': 2, **feeder}
        write_config(folder / f'{stream}.yaml', content)
    run_script('export.py', *streams_of(folder), '--out', 'both.onnx', cwd=folder)
    return folder


def streams_of(folder):
    return ['--config', folder / 'joint.yaml', folder / 'bone.yaml', '--weights', folder / 'joint.pt',
            folder / 'bone.pt', '--stream-weights', 1, .5]


def as_json(run, *arguments, key='score'):
    """Return what predict.py --json prints, and file and clip → the scores of all classes in it."""
    content = json.loads(run('predict.py', *arguments, '--json', '--top-k', 99).stdout)
    scores = {(p['file'], p['clip']): [row[key] for row in sorted(p['top'], key=lambda row: row['label'])]
              for p in content['predictions']}
    return content, scores


def assert_same(found, expected, tolerance=1e-4):
    assert found.keys() == expected.keys() and found
    largest = np.abs(list(expected.values())).max()
    for key, scores in expected.items():
        np.testing.assert_allclose(found[key], scores, atol=tolerance * largest)


def test_onnx_gives_the_scores_of_pytorch_for_recordings(run, road):
    recordings = road / 'clips', road / 'p3_wave.csv'
    by_torch, expected = as_json(run, *streams_of(road), *recordings)
    by_onnx, found = as_json(run, '--onnx', road / 'both.onnx', *recordings)
    assert_same(found, expected)
    assert len(found) == 13 and np.ptp(list(expected.values()), axis=0).max() > 1e-3
    assert by_onnx['streams'] == by_torch['streams']
    names = [[row['name'] for row in prediction['top']] for prediction in by_onnx['predictions']]
    assert names == [[row['name'] for row in prediction['top']] for prediction in by_torch['predictions']]


def test_file_says_what_it_is(road):
    session = onnxruntime.InferenceSession(road / 'both.onnx')
    description = {key: json.loads(value) for key, value in session.get_modelmeta().custom_metadata_map.items()}
    assert description['two_stream_agcn'] == 2
    assert description['class_names'] == ['fall', 'sit', 'wave'] and description['joints'] == JOINTS
    assert description['inputs'] == [{'name': 'joints', 'preparation': 0, 'shape': [3, 16, 5, 2],
                                      'frames_are': 'uniform', 'draws': 2}]
    assert description['preparations'][0]['center'] == 'chest' and description['output'] == 'scores'
    assert [(stream['stream'], stream['weight']) for stream in description['streams']] == [('joint', 1), ('bone', .5)]
    joints, = session.get_inputs()
    assert (joints.name, joints.shape) == ('joints', ['batch', 3, 16, 5, 2])
    assert not any(node.metadata_props for node in onnx.load(road / 'both.onnx').graph.node)  # paths of this machine


def test_predict_imports_no_torch(small, tmp_path):
    write_tree(tmp_path / 'raw', names_of(1))
    np.save(tmp_path / 'clip.npy', np.zeros((3, FRAMES, 25, 2), np.float32))
    code = ('import sys, predict\nfound = list(predict.Predictor(onnx=sys.argv[1]).predict(sys.argv[2:]))\n'
            'print([p.error is None for p in found], "torch" in sys.modules)')
    process = subprocess.run([sys.executable, '-c', code, small, tmp_path / 'clip.npy', tmp_path / 'raw'],
                             capture_output=True, text=True, check=True, cwd=ROOT, env=os.environ)
    assert process.stdout.split('\n')[0] == '[True, True] False'


@pytest.mark.parametrize('feeder', [
    {},
    {'of': 'bone', 'normalization': True, 'window_size': 40},
    {'of': 'joint_motion'},
    {'of': 'bone_motion', 'window_size': 40},
    {'of': 'joint_bone', 'in_channels': 6},
    {'of': 'bone', 'uniform_sample': 16},
    {'stream': 'bone_motion', **NTU, 'normalization': True, 'uniform_sample': 12, 'test_clips': 3, 'window_size': 14},
    {'stream': 'joint_motion', 'window_size': 40},
], ids=str)
def test_network_from_joints_does_what_data_preparation_and_feeder_do(tiny, feeder, monkeypatch):
    torch.manual_seed(0)
    monkeypatch.chdir(tiny)
    torch.save(Model(in_channels=feeder.get('in_channels', 3)).state_dict(), tiny / 'weights.pt')
    model = FusedStreams([small_config(tiny, 'derived', **feeder)], [tiny / 'weights.pt'], precision='fp32')
    network = Fused(model, softmax=False)
    frames = None if 'uniform_sample' in feeder else FRAMES
    exported = ExportedModel(lambda x: network(torch.from_numpy(x)).detach().numpy(), describe(model, frames, False))
    path = tiny / 'data/val_data_joint.npy'
    expected, found = (np.concatenate([m.scores([m.prepare([clip], path)]) for clip in np.load(path)])
                       for m in (model, exported))
    assert np.ptp(expected, axis=0).max() > 1e-3
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_batches_of_any_size_with_empty_bodies_and_without(run, tmp_path):
    model_args = {'num_class': NUM_CLASS, 'num_point': 18, 'graph': 'graph.kinetics.Graph', 'base_channels': 8}
    network = write_weights(tmp_path / 'w.pt', **model_args)
    write_config(tmp_path / 'c.yaml', config(tmp_path, tmp_path, model_args=model_args, test_feeder_args={}))
    run('export.py', '--config', 'c.yaml', '--weights', 'w.pt', '--frames', 16, '--softmax', '--out', 'm.onnx')
    session = onnxruntime.InferenceSession(tmp_path / 'm.onnx')
    joints = torch.randn(7, 3, 16, 18, 2)
    joints[3:, ..., 1] = 0
    for batch in (joints, joints[:2], joints[3:4], joints[3:].repeat(3, 1, 1, 1, 1)):
        found = torch.from_numpy(session.run(None, {'joints': batch.numpy()})[0])
        torch.testing.assert_close(found, network(batch).softmax(1), rtol=1e-4, atol=1e-6)
    assert json.loads(session.get_modelmeta().custom_metadata_map['joints'])[:2] == ['nose', 'neck']


def test_streams_of_pyskl_are_exported_with_their_draws(run, tmp_path):
    model_args = {'num_class': NUM_CLASS, 'num_point': 17, 'graph': 'graph.coco.PysklGraph'}
    torch.save(Model(**model_args).state_dict(), tmp_path / 'w.pt')
    for stream in ('joint', 'bone_motion'):
        feeder = {'recordings': str(tmp_path / 'recordings'), 'split': 'val', 'stream': stream, 'clip_len': 20,
                  'num_clips': 3, 'dimensions': 2, 'graph': 'graph.coco.PysklGraph'}
        content = config(tmp_path, tmp_path, phase='test', weights=str(tmp_path / 'w.pt'), model_args=model_args,
                         model='tests.small_model.Model', feeder='feeders.pyskl.Feeder', test_feeder_args=feeder)
        write_config(tmp_path / f'{stream}.yaml', content)
    streams = '--config', 'joint.yaml', 'bone_motion.yaml', '--stream-weights', 2, 1
    run('export.py', *streams, '--out', 'm.onnx')
    np.save(tmp_path / 'a.npy', np.random.default_rng(0).random((30, 17, 3)))  # x, y and score
    (_, expected), (_, found) = as_json(run, *streams, 'a.npy'), as_json(run, '--onnx', 'm.onnx', 'a.npy')
    assert_same(found, expected)


def test_half_the_bits_give_nearly_the_same_probabilities(run, tiny, small, tmp_path):
    printed = run('export.py', '--config', tiny / 'small.yaml', '--frames', FRAMES, '--half', '--softmax', '--out',
                  'm.onnx').stdout
    assert 'of 16 random clips' in printed
    weights = onnx.load(small).graph.initializer, onnx.load(tmp_path / 'm.onnx').graph.initializer
    stored = [sum(len(onnx.numpy_helper.to_array(array).tobytes()) for array in arrays) for arrays in weights]
    assert stored[1] < .8 * stored[0]
    (_, expected), (_, found) = (as_json(run, '--onnx', path, tiny / 'data/val_data_joint.npy', key='probability')
                                 for path in (small, 'm.onnx'))
    assert_same(found, expected, .01)


def test_one_line_for_files_that_are_no_model_of_ours(run, tiny, small, tmp_path):
    content = small.read_bytes()
    foreign, newer = onnx.load(small), onnx.load(small)
    del foreign.metadata_props[:]
    for entry in newer.metadata_props:
        entry.value = '3' if entry.key == 'two_stream_agcn' else entry.value
    for name, written, words in (('cut.onnx', content[:len(content) // 2], 'damaged .onnx file'),
                                 ('foreign.onnx', foreign.SerializeToString(), 'version 2, is needed'),
                                 ('newer.onnx', newer.SerializeToString(), 'it says version 3')):
        (tmp_path / name).write_bytes(written)
        assert_one_line_error(run('predict.py', '--onnx', name, tiny / 'data', status=2), name, words)
    assert_one_line_error(run('predict.py', '--onnx', 'gone.onnx', tiny / 'data', status=2), 'gone.onnx')
    assert_one_line_error(run('predict.py', '--onnx', small, '--weights', 'w.pt', tiny / 'data', status=2), '--weights')


def test_one_line_for_clips_that_the_model_does_not_take(small, tiny, tmp_path):
    np.save(tmp_path / 'long.npy', np.zeros((3, FRAMES + 1, 25, 2), np.float32))
    np.save(tmp_path / 'nan.npy', np.full((3, FRAMES, 25, 2), np.nan, np.float32))
    paths = tmp_path / 'long.npy', tmp_path / 'nan.npy', tiny / 'data/val_data_bone.npy'
    errors = [str(prediction.error) for prediction in Predictor(onnx=small).predict(paths)]
    for words, error in zip((f'takes 3 channels, {FRAMES} frames', 'not finite', 'holds bone'), errors):
        assert words in error


@pytest.mark.parametrize('changes, flags, words', [
    ({}, ['--out', 'm.txt'], ['m.txt', '.onnx']),
    ({'model': 'tests.small_model.ByContent'}, [], ['torch.export cannot trace']),
    ({'model': 'tests.small_model.OtherWhenExported'}, [], ['not written', 'top-1']),
    ({'random_move': True}, [], ['without random augmentation']),
    ({'of': 'joint_motion', 'uniform_sample': 8}, [], ['motion only where data_path holds joints']),
    ({'uniform_sample': 8}, ['--frames', 9], ['--frames: ', 'chooses 8 frames']),
    ({'uniform_sample': 8}, ['--config', 'small.yaml', 'changed.yaml'], ['small.yaml and changed.yaml', 'the same']),
    ({'feeder': 'tests.small_model.OtherFeeder'}, [], ['does to a clip what feeders.pyskl.Feeder does']),
], ids=str)
def test_no_file_and_one_line_for_what_cannot_be_exported(run, tiny, tmp_path, changes, flags, words):
    small_config(tiny)
    small_config(tiny, 'changed', **changes)
    process = run('export.py', '--config', 'changed.yaml', '--out', tmp_path / 'm.onnx', *flags, cwd=tiny, status=2)
    assert_one_line_error(process, *words)
    assert not list(tmp_path.glob('m.*'))


def test_a_missing_package_gets_one_line(run, tiny, small, tmp_path):
    (tmp_path / 'sitecustomize.py').write_text('import sys\nsys.modules["onnxruntime"] = None\n')
    for command in (('export.py', '--config', tiny / 'small.yaml', '--out', 'm.onnx'),
                    ('predict.py', '--onnx', small, tiny / 'data')):
        process = run(*command, env={'PYTHONPATH': str(tmp_path)}, status=2)
        assert_one_line_error(process, 'needs onnxruntime', 'requirements-extra.txt')
