"""predict.py as its users run it: scores are those of the test phase, broken files disturb no others."""
import json
import pickle
import re
import shutil

import numpy as np
import pytest
from conftest import ROOT, run_script
from tiny import NUM_CLASS, config, write_config, write_weights

from predict import Predictor
from tests.data_gen.raw_ntu import names_of, random_bodies, skeleton_text, write_tree
from tests.long_recordings import write_road

NAMES = names_of(4, actions=NUM_CLASS)
TESTED = [f'{name}.skeleton' for name in NAMES if 'C001' in name]  # NTU's cross-view benchmark tests on camera 1
SHORT = {'uniform_sample': 16}  # few frames, so that the network takes no time


@pytest.fixture(scope='module')
def road(tmp_path_factory):
    """A folder with raw recordings, what data_gen makes of them, and weights of two streams."""
    folder = tmp_path_factory.mktemp('road')
    write_tree(folder / 'raw', NAMES)
    run_script('data_gen/ntu_gendata.py', '--data_path', 'raw', '--out_folder', 'data/ntu', '--benchmark', 'xview',
               cwd=folder)
    run_script('data_gen/gen_bone_data.py', '--datasets', 'ntu/xview', cwd=folder)
    for seed, stream in enumerate(('joint', 'bone')):
        write_weights(folder / f'{stream}.pt', seed)
    return folder


def stream_config(folder, of='joint', **feeder):
    """Write the config that tests the data of a stream, and return its path."""
    arguments = {'data_path': str(folder / f'data/ntu/xview/val_data_{of}.npy'),
                 'label_path': str(folder / 'data/ntu/xview/val_label.pkl'), **feeder}
    name = '_'.join([of, *feeder])
    content = config(folder, folder / name, phase='test', save_score=True, test_feeder_args=arguments,
                     weights=str(folder / f'{of}.pt'))
    return write_config(folder / f'{name}.yaml', content)


def scores_of_test(run, folder, path):
    """Return sample name → scores, as the test phase of main.py writes them."""
    run('main.py', '--config', path, '--overwrite')
    return pickle.loads((folder / path.stem / 'work_dir/epoch1_test_score.pkl').read_bytes())


def predicted_scores(run, folder, *arguments):
    run('predict.py', *(folder / 'raw' / name for name in TESTED), '--out', folder / 'out.pkl', *arguments)
    return pickle.loads((folder / 'out.pkl').read_bytes())


def assert_same_scores(predicted, tested):
    assert sorted(tested) == TESTED == sorted(predicted)
    for name, scores in tested.items():
        assert np.ptp(scores) > 1e-3
        np.testing.assert_allclose(predicted[name], scores, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize('feeder', [
    {},
    {'normalization': True, 'uniform_sample': 16, 'test_clips': 2},
    {'stream': 'bone_motion', 'graph': 'graph.ntu_rgb_d.Graph', **SHORT},
])
def test_scores_are_those_of_the_test_phase(run, road, feeder):
    path = stream_config(road, **feeder)
    assert_same_scores(predicted_scores(run, road, '--config', path), scores_of_test(run, road, path))


def test_two_streams_are_fused_as_ensemble_does(run, road):
    joint, bone = stream_config(road, **SHORT), stream_config(road, 'bone', **SHORT)
    of_joint, of_bone = (scores_of_test(run, road, path) for path in (joint, bone))
    fused = {name: scores + np.float32(.5) * of_bone[name] for name, scores in of_joint.items()}
    assert_same_scores(predicted_scores(run, road, '--config', joint, bone, '--stream-weights', 1, .5), fused)


def test_json_is_as_documented_and_holds_broken_files_beside_the_others(run, road):
    (road / 'broken.skeleton').write_text('3\n1\n')
    np.save(road / 'kinetics.npy', np.zeros((3, 5, 18, 2), np.float32))
    broken = [str(road / name) for name in ('broken.skeleton', 'gone.npy', 'kinetics.npy')]
    whole = road / 'raw' / TESTED[1]
    path = stream_config(road, **SHORT)
    process = run('predict.py', '--config', path, '--json', '--top-k', 3, *broken, whole, status=1)
    content = json.loads(process.stdout)
    example, = re.findall(r'```json\n({\n "version".*?)```', (ROOT / 'docs/prediction.md').read_text(), re.S)
    assert keys_of(content) == keys_of(json.loads(example))
    assert [error['file'] for error in content['errors']] == broken
    lines = [line for line in process.stderr.splitlines() if line.startswith('error: ')]
    assert len(lines) == 3 and 'num_point is 25, not 18' in lines[2] and 'Traceback' not in process.stderr
    prediction, = content['predictions']
    assert prediction['file'] == str(whole)
    names, probabilities = Predictor(path)(whole)
    assert [row['name'] for row in prediction['top']] == names[:3]
    np.testing.assert_allclose([row['probability'] for row in prediction['top']], probabilities[:3], rtol=1e-5)
    assert probabilities.sum() == pytest.approx(1) and len(probabilities) == NUM_CLASS


def keys_of(content):
    """Return the keys of nested dicts; a list has those of its first item."""
    if isinstance(content, list):
        return keys_of(content[0])
    return {key: keys_of(value) for key, value in content.items()} if isinstance(content, dict) else None


def test_prepared_clips_are_taken_alone_and_many_in_a_file(road):
    joints = road / 'data/ntu/xview/val_data_joint.npy'
    np.save(road / 'one.npy', np.load(joints)[1])
    one, first, second = Predictor(stream_config(road, **SHORT)).predict([road / 'one.npy', joints], batch_size=2)
    assert (one.clip, first.clip, second.clip) == (None, 0, 1)
    np.testing.assert_allclose(one.scores, second.scores, atol=1e-5)
    assert np.abs(first.scores - second.scores).max() > 1e-3
    refused, = Predictor(stream_config(road, 'bone', **SHORT)).predict([joints.with_name('val_data_bone.npy')])
    assert 'holds bone, which is derived here: give the joint file' in str(refused.error)


def test_scores_have_the_names_of_the_labels(run, road, tmp_path):
    """Of prepared data, and of files in folders within the one that is given: what ensemble.py looks for."""
    path = stream_config(road, **SHORT)
    joints = road / 'data/ntu/xview/val_data_joint.npy'
    run('predict.py', '--config', path, joints, '--out', 'data.pkl')
    assert sorted(pickle.loads((tmp_path / 'data.pkl').read_bytes())) == TESTED
    run('ensemble.py', '--scores', 'data.pkl', '--labels', joints.with_name('val_label.pkl'))
    for person, name in (('p1', TESTED[0]), ('p2', TESTED[1])):
        (tmp_path / 'people' / person).mkdir(parents=True)
        shutil.copy(road / 'raw' / name, tmp_path / 'people' / person / 'wave.skeleton')
    run('predict.py', '--config', path, 'people', '--out', 'people.pkl')
    assert sorted(pickle.loads((tmp_path / 'people.pkl').read_bytes())) == ['p1/wave.skeleton', 'p2/wave.skeleton']


def test_what_is_cut_is_said(run, tmp_path):
    bodies = random_bodies(np.random.default_rng(0), 900)
    for name, frames in (('cut', 300), ('long', 900)):
        (tmp_path / f'{name}.skeleton').write_text(skeleton_text(bodies[:, :frames]), encoding='ascii')
    process = run('predict.py', '--config', write_road(tmp_path), '--json', 'cut.skeleton', 'long.skeleton')
    cut, long = json.loads(process.stdout)['predictions']
    assert (cut['frames'], cut['used']) == (300, 300) and (long['frames'], long['used']) == (900, 300)
    assert process.stderr.count('frames are used') == 1
    assert 'long.skeleton: only the first 300 of 900 frames are used: --window' in process.stderr
