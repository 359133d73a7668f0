"""PYSKL's annotations, prepared as PYSKL does it: to the digit, with any number of workers and any protocol."""
import pickle

import numpy as np
import pytest
import torch
from conftest import assert_one_line_error

from feeders.batches import BatchOrder, make_loader
from feeders.pyskl import Feeder
from feeders.pyskl_frames import draw_frames
from graph.streams import STREAMS
from runtime.errors import UserError
from tests.pyskl_files import SHORT, annotations, bones_of, made_up, write_recordings


@pytest.mark.parametrize('stream', STREAMS)
@pytest.mark.parametrize('kind, protocol', [('3d', 2), ('hrnet', 5)])
def test_the_test_pipeline_of_pyskl(tmp_path, golden, kind, protocol, stream):
    expected = golden('pyskl.npz')
    write_recordings(tmp_path / 'r', annotations(expected, kind), protocol)
    feeder = Feeder(tmp_path / 'r', 'all_val', stream, clip_len=100, num_clips=10, **bones_of(kind))
    clips = [feeder[i][0] for i in reversed(range(6))][::-1]
    key = f'{kind}/{SHORT[stream]}/input'
    np.testing.assert_allclose([clip.mean(dtype=float) for clip in clips], expected[f'{key}_mean'], atol=1e-5)
    np.testing.assert_allclose([clip.std(dtype=float) for clip in clips], expected[f'{key}_std'], atol=1e-5)
    np.testing.assert_allclose(clips[1].transpose(0, 4, 2, 3, 1), expected[f'{key}_of_1'], atol=1e-6)
    assert clips[1].dtype == np.float32
    assert [feeder[i][1] for i in range(6)] == feeder.label == [9, 10, 11, 12, 13, 14]
    assert not clips[0][..., 1].any()  # one body: the other costs nothing


@pytest.mark.parametrize('arguments', [{'num_clips': 3}, {'random_frames': True}])
def test_any_number_of_workers_brings_the_same_items(tmp_path, arguments):
    write_recordings(tmp_path / 'r', made_up())
    feeder = Feeder(tmp_path / 'r', 'xsub_train', 'bone', clip_len=20, **bones_of('3d'), **arguments)
    batches = []
    for workers in (0, 1, 3):
        order = BatchOrder(len(feeder), 2, seed=1, training=True)
        batches.append([data for data, _, _ in make_loader(feeder, order, workers, 'cpu')])
    for others in batches[1:]:
        assert all(torch.equal(one, other) for one, other in zip(batches[0], others, strict=True))


def test_a_feeder_reads_in_a_process_that_it_is_sent_to(tmp_path):
    write_recordings(tmp_path / 'r', made_up())
    feeder = Feeder(tmp_path / 'r', 'xsub_val')
    sent = pickle.dumps(feeder)
    assert len(sent) < 5000 < (tmp_path / 'r/joints.npy').stat().st_size  # each process maps the joints itself
    np.testing.assert_array_equal(pickle.loads(sent)[1][0], feeder[1][0])


def test_the_second_body_leads_if_it_is_there_longer(tmp_path):
    content = made_up(2)
    alone = content['annotations'][1]['keypoint'][:1, :, :, :]
    content['annotations'][1]['keypoint'] = np.concatenate((np.zeros_like(alone), alone))
    content['annotations'][0].update(keypoint=alone, total_frames=alone.shape[1])
    write_recordings(tmp_path / 'r', content)
    feeder = Feeder(tmp_path / 'r', 'xsub_train')
    np.testing.assert_array_equal(feeder[0][0], feeder[1][0])


@pytest.mark.parametrize('length', [5, 50, 100, 150, 199, 200, 240])
@pytest.mark.parametrize('anywhere', [False, True])
def test_frames_are_in_order_and_spread_over_the_recording(length, anywhere):
    frames = draw_frames(length, 100, 10, np.random.RandomState(0), anywhere)
    assert frames.shape == (10, 100) and frames.min() >= 0 and frames.max() < length
    if length >= 100:
        assert (np.diff(frames) > 0).all()
        assert (np.diff(frames) <= max(2, length - 99)).all()
    else:
        assert ((np.diff(frames) - 1) % length == 0).all()


def test_broken_annotations_are_left_out_and_the_others_kept(tmp_path):
    broken = made_up()
    broken['annotations'][0]['label'] = -1
    process = write_recordings(tmp_path / 'r', broken, status=1)
    assert 'left out: ' in process.stderr and 'clip0' in process.stderr
    assert Feeder(tmp_path / 'r', 'xsub_train').sample_name == ['clip1', 'clip2', 'clip3']
    names, labels = pickle.loads((tmp_path / 'r/xsub_val_label.pkl').read_bytes())
    assert (names, labels) == (['clip1', 'clip2', 'clip3'], [1, 2, 3])
    assert 'keeping the existing recordings' in write_recordings(tmp_path / 'r', made_up()).stdout
    others = made_up(2)
    for one in others['annotations']:
        one['frame_dir'] = one['frame_dir'].replace('clip', 'other')
    others['split'] = {'xsub_val': ['other0', 'other1']}
    assert_one_line_error(write_recordings(tmp_path / 'r', others, status=2), 'of other data, such as clip1')


def test_what_is_no_folder_of_recordings_is_named(tmp_path):
    write_recordings(tmp_path / 'r', made_up())
    with pytest.raises(UserError, match='gone/recordings.npz: .*No such file.*pyskl_gendata.py'):
        Feeder(tmp_path / 'gone', 'xsub_val')
    for name in ('joints.npy', 'recordings.npz'):
        whole = (tmp_path / 'r' / name).read_bytes()
        (tmp_path / 'r' / name).write_bytes(whole[:len(whole) // 2])
        with pytest.raises(UserError, match=name):
            Feeder(tmp_path / 'r', 'xsub_val')
        (tmp_path / 'r' / name).write_bytes(whole)


@pytest.mark.parametrize('arguments', [{'stream': 'bones'}, {'clip_len': 0}, {'num_clips': 1.5}, {'dimensions': 4}])
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(UserError, match=next(iter(arguments))):
        Feeder(None, 'xsub_train', **arguments)
    with pytest.raises(UserError, match='give graph'):
        Feeder(None, 'xsub_train', 'bone')
