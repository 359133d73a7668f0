"""The road of a skeleton that exists only in YAML: clips of one's own, two streams, fusion, prediction, pictures."""
import json
import pickle
import re

import numpy as np
import pytest
from conftest import run_script
from tiny import config, write_config, write_weights

from tests.data_gen.raw_custom import JOINTS, flags, write_clips, write_csv

CLASSES = 'fall', 'sit', 'wave'
TESTED = [f'p3_{name}.npy' for name in CLASSES]


@pytest.fixture(scope='module')
def road(tmp_path_factory):
    """A folder with clips, what custom_gendata.py makes of them, and configs and weights of both streams."""
    folder = tmp_path_factory.mktemp('custom')
    clips = write_clips(folder)
    write_csv(folder / 'p3_wave.csv', clips['p3_wave.npy'], 'xyz')
    data = folder / 'data/mine'
    run_script('data_gen/custom_gendata.py', *flags(folder, data), '--center', 'chest', '--up', 'chest', 'hand',
               cwd=folder)
    graph = {'graph': 'graph.skeleton.Graph', 'graph_args': {'file': str(data / 'skeleton.yaml')}}
    model_args = {'num_class': 3, 'num_point': 5, 'num_person': 2, 'base_channels': 8, **graph}
    for seed, (stream, feeder) in enumerate((('joint', {}), ('bone', {'stream': 'bone', **graph}))):
        write_weights(folder / f'{stream}.pt', seed, **model_args)
        content = config(data, folder / stream, save_score=True, model_args=model_args, num_epoch=1, batch_size=3)
        for part in ('train', 'test'):
            content[f'{part}_feeder_args'] |= {'window_size': 20, **feeder}
        write_config(folder / f'{stream}.yaml', content)
    return folder


def scores_of_test(run, road, stream):
    """Return name → scores of the test phase."""
    run('main.py', '--config', road / f'{stream}.yaml', '--phase', 'test', '--weights', road / f'{stream}.pt',
        '--overwrite')
    return pickle.loads((road / stream / 'work_dir/epoch1_test_score.pkl').read_bytes())


def test_clips_are_predicted_as_they_were_recorded(run, road):
    joint, bone = (scores_of_test(run, road, stream) for stream in ('joint', 'bone'))
    assert sorted(joint) == TESTED
    both = ['--config', road / 'joint.yaml', road / 'bone.yaml', '--weights', road / 'joint.pt', road / 'bone.pt']
    printed = json.loads(run('predict.py', *both, road / 'clips', road / 'p3_wave.csv', '--json', '--out',
                             road / 'predicted.pkl').stdout)
    assert len(printed['predictions']) == 13 and printed['errors'] == []
    predicted = pickle.loads((road / 'predicted.pkl').read_bytes())
    for name in TESTED:
        assert np.ptp(joint[name]) > 1e-3 and np.abs(joint[name] - bone[name]).max() > 1e-3
        np.testing.assert_allclose(predicted[name], joint[name] + bone[name], atol=1e-5)
    np.testing.assert_allclose(predicted['p3_wave.csv'], predicted['p3_wave.npy'], atol=1e-6)
    top = printed['predictions'][-1]['top']
    assert {row['label']: row['name'] for row in top} == dict(enumerate(CLASSES))

    files = [road / stream / 'work_dir/epoch1_test_score.pkl' for stream in ('joint', 'bone')]
    process = run('ensemble.py', '--scores', *files, '--labels', road / 'data/mine/val_label.pkl', '--report')
    right = np.mean([(joint[name] + bone[name]).argmax() == label for label, name in enumerate(TESTED)])
    assert f'Top1: {100 * right:.4f}%' in process.stdout
    assert [f'Class {i} ({name})' in process.stdout for i, name in enumerate(CLASSES)] == [True] * 3
    report = run('visualize.py', 'report', '--scores', *files, '--labels', road / 'data/mine/val_label.pkl').stdout
    assert all(re.search(rf'of 1 +{name}$', report, re.M) for name in CLASSES)


def test_graphs_and_clips_are_drawn(run, road):
    pytest.importorskip('matplotlib')
    arguments = ['--config', road / 'joint.yaml', '--weights', road / 'joint.pt']
    run('visualize.py', 'graph', *arguments, '--out', 'graph.svg', cwd=road)
    text = (road / 'graph.svg').read_text()
    assert all(f'>{name}<' in text for name in ('hand', 'elbow', 'chest', 'left hip', 'right hip'))
    run('visualize.py', 'graph', *arguments, '--joint', 'hand', '--file', road / 'clips' / TESTED[0], '--out', 'b.png',
        cwd=road)
    for source in (['--sample', 'p3_wave'], ['--file', road / 'p3_wave.csv']):
        run('visualize.py', 'clip', *arguments, *source, '--frames', 3, '--out', 'clip.svg', cwd=road)
        text = (road / 'clip.svg').read_text()
        assert all(f'>{name}<' in text for name in CLASSES) and 'p3_wave' in text


def test_what_is_3d_and_never_negative_is_not_taken_for_flat():
    from figures.body import AS_RECORDED, FLAT, UPRIGHT, front_view
    joints = 1 + np.random.default_rng(0).random((3, 4, len(JOINTS), 1))
    joints[2, 0, 0] = 0
    np.testing.assert_array_equal(front_view(joints, UPRIGHT), [np.stack((-joints[0, ..., 0], joints[2, ..., 0]), 2)])
    np.testing.assert_array_equal(front_view(joints, AS_RECORDED), [joints[:2, ..., 0].transpose(1, 2, 0)])
    flat = front_view(joints, FLAT)
    assert np.isnan(flat[0, 0, 0]).all() and np.isnan(flat).sum() == 2
    np.testing.assert_array_equal(flat, front_view(joints))
