"""Inputs of ../shared/faults on which the project once failed in silence: the right answer, or one line."""
import numpy as np
import pytest
from conftest import assert_one_line_error, shared_path

from data_gen.formats import read_recording
from data_gen.preparation import published
from tests.long_recordings import write_road


def test_a_crowd_is_prepared_as_kinetics_training_data(run, tmp_path):
    pytest.importorskip('norfair')
    folder = shared_path('faults/13-crowd-for-kinetics-weights')
    run('data_gen/pose_gendata.py', folder / 'crowd', '--image_size', 1000, 500, '--fps', 30, '--out_folder', 'out')
    kinetics = published()['graph.kinetics.Graph']
    from_openpose, from_kinetics = (kinetics.clip(read_recording(path, dimensions=2))[0] for path in (
        tmp_path / 'out/crowd.npz', folder / 'crowd_kinetics.json'))
    first = np.flatnonzero(from_kinetics.any((0, 2, 3)))[0]  # its frames are counted from 1
    frames = from_openpose.shape[1] - first
    np.testing.assert_allclose(from_openpose[:, :frames], from_kinetics[:, first:], atol=2e-3)


def test_a_table_of_labels_in_a_folder_is_no_recording(run, tmp_path):
    folder = shared_path('faults/14-own-csv-taken-for-mediapipe')
    run('data_gen/custom_gendata.py', '--clips', folder / 'clips', '--labels', folder / 'labels.csv', '--skeleton',
        folder / 'skeleton.yaml', '--out_folder', 'data', '--max_body', 2)
    assert len(np.load(tmp_path / 'data/train_data_joint.npy')) == 1
    (tmp_path / 'clips').mkdir()
    for path in (folder / 'clips/a.csv', folder / 'labels.csv'):
        (tmp_path / 'clips' / path.name).write_bytes(path.read_bytes())
    config = write_road(tmp_path, num_class=1, data_path='data/val_data_joint.npy')
    process = run('predict.py', '--config', config, 'clips')
    assert 'clips/a.csv' in process.stdout and 'labels.csv' not in process.stderr


def test_the_owners_pickled_dict_is_named(run, tmp_path):
    path, = shared_path('faults/17-ntu-txt2npy').glob('*.npy')
    process = run('predict.py', '--config', write_road(tmp_path), path, status=2)
    assert_one_line_error(process, path.name, "NTU's txt2npy.py", 'give the .skeleton file')
