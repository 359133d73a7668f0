"""PYSKL's annotations, prepared as PYSKL does it: to the digit, with any number of workers and any protocol."""
import os
import pickle
import resource

import numpy as np
import pytest
import torch
from conftest import shared_path

from feeders.batches import BatchOrder, make_loader
from feeders.pyskl import STREAMS, Feeder
from feeders.pyskl_annotations import chosen
from feeders.pyskl_clip import draw_frames
from graph.skeleton import Graph
from runtime.errors import UserError
from tests.pyskl_files import SHORT, annotations, write_annotations


@pytest.fixture(scope='session')
def answers():
    with np.load(shared_path('golden/pyskl.npz')) as arrays:
        return dict(arrays)


def made_up(number=4, V=25, C=3, seed=0):
    """Return annotations of random joints, every other with one body."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(number):
        T = 30 + 50 * i
        keypoint = rng.standard_normal((1 + i % 2, T, V, C)).astype(np.float32)
        found.append({'frame_dir': f'clip{i}', 'label': i, 'total_frames': T, 'keypoint': keypoint})
    names = [one['frame_dir'] for one in found]
    return {'split': {'xsub_train': names, 'xsub_val': names[1:]}, 'annotations': found}


@pytest.mark.parametrize('stream', STREAMS)
@pytest.mark.parametrize('kind, protocol', [('3d', 2), ('3d', 5), ('hrnet', 3), ('hrnet', 4)])
def test_the_test_pipeline_of_pyskl(tmp_path, answers, kind, protocol, stream):
    path = write_annotations(tmp_path / 'a.pkl', annotations(answers, kind), protocol)
    feeder = Feeder(path, 'all_val', stream, clip_len=100, num_clips=10)
    clips = [feeder[i][0] for i in reversed(range(6))][::-1]
    expected = f'{kind}/{SHORT[stream]}'
    np.testing.assert_allclose([clip.mean(dtype=float) for clip in clips], answers[expected + '/input_mean'], atol=1e-5)
    np.testing.assert_allclose([clip.std(dtype=float) for clip in clips], answers[expected + '/input_std'], atol=1e-5)
    np.testing.assert_allclose(clips[1].transpose(0, 4, 2, 3, 1), answers[expected + '/input_of_1'], atol=1e-6)
    assert clips[1].shape == feeder.clip_shape and clips[1].dtype == np.float32
    assert [feeder[i][1] for i in range(6)] == feeder.label == [9, 10, 11, 12, 13, 14]
    assert not clips[0][..., 1].any()  # one body: the other costs nothing


@pytest.mark.parametrize('arguments', [{'num_clips': 3}, {'random_frames': True}])
def test_any_number_of_workers_brings_the_same_items(tmp_path, arguments):
    path = write_annotations(tmp_path / 'a.pkl', made_up())
    feeder = Feeder(path, 'xsub_train', 'bone', clip_len=20, **arguments)
    batches = []
    for workers in (0, 1, 3):
        order = BatchOrder(len(feeder), 2, seed=1, training=True)
        batches.append([data for data, _, _ in make_loader(feeder, order, workers, 'cpu')])
    for others in batches[1:]:
        assert all(torch.equal(one, other) for one, other in zip(batches[0], others, strict=True))


def test_a_feeder_reads_in_a_process_that_it_is_sent_to(tmp_path):
    path = write_annotations(tmp_path / 'a.pkl', made_up())
    feeder = Feeder(path, 'xsub_val')
    sent = pickle.dumps(feeder)
    assert len(sent) < 5000 < path.stat().st_size  # not the joints: each process reads those where they are
    np.testing.assert_array_equal(pickle.loads(sent)[1][0], feeder[1][0])


def test_the_second_body_leads_if_it_is_there_longer(tmp_path):
    content = made_up(2)
    alone = content['annotations'][1]['keypoint'][:1, :, :, :]
    content['annotations'][1]['keypoint'] = np.concatenate((np.zeros_like(alone), alone))
    content['annotations'][0].update(keypoint=alone, total_frames=alone.shape[1])
    feeder = Feeder(write_annotations(tmp_path / 'a.pkl', content), 'xsub_train')
    np.testing.assert_array_equal(feeder[0][0], feeder[1][0])


def test_joints_at_0_stay_there_and_empty_frames_go(tmp_path):
    content = made_up(1)
    joints = content['annotations'][0]['keypoint']
    joints[0, 3] = 0
    joints[0, 4:, 7] = 0
    clip = Feeder(write_annotations(tmp_path / 'a.pkl', content), 'xsub_train', clip_len=29)[0][0]
    assert not clip[:, 3:, 7, 0].any() and clip[:, 3:, 6, 0].any()
    x = clip[:, 0, :, 0]
    np.testing.assert_allclose(x[:, 1], 0, atol=1e-6)  # the middle of the spine
    np.testing.assert_allclose((x[:, 8] - x[:, 4])[1:], 0, atol=1e-6)  # the shoulders lie on x


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


def broken(change, index=0):
    content = made_up()
    change(content['annotations'][index] if index is not None else content)
    return content


class Runs:
    def __reduce__(self):
        return os.system, ('echo ran > hostile_marker',)


@pytest.mark.parametrize('content, words', [
    ([1], 'keys split and annotations'),
    (broken(lambda c: c['split'].pop('xsub_train'), None), "no split 'xsub_train'"),
    (broken(lambda c: c['annotations'].append(dict(c['annotations'][1])), None), 'there twice'),
    (broken(lambda a: a.update(label=-1)), 'the label of clip0'),
    (broken(lambda a: a.pop('keypoint')), 'Kinetics-400'),
    (broken(lambda a: a.update(keypoint=np.zeros((1, 30, 18, 3)))), 'clip0: its 18 joints'),
    (broken(lambda a: a.update(keypoint=np.zeros((1, 30, 17, 2))), 1), 'clip1: its 17 joints'),
    (broken(lambda a: a.update(total_frames=31)), 'total_frames is 31'),
    (broken(lambda a: a.update(keypoint=Runs())), 'which is not data'),
    (broken(lambda a: a.update(keypoint=[[1]])), "clip0: 'list'"),
], ids=lambda value: value if isinstance(value, str) else '')
def test_what_is_wrong_gets_one_line_and_nothing_runs(tmp_path, monkeypatch, content, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=words) as caught:
        Feeder(write_annotations(tmp_path / 'a.pkl', content), 'xsub_train')
    assert 'a.pkl' in str(caught.value) and len(str(caught.value)) < 400
    assert not (tmp_path / 'hostile_marker').exists()


def test_a_cut_off_file_and_a_shape_beyond_the_data_are_named(tmp_path):
    whole = pickle.dumps(made_up(), 4)
    for content in (whole[:len(whole) // 2], whole.replace(b'K\x1eK\x19K\x03', b'K\x1fK\x19K\x03')):
        (tmp_path / 'a.pkl').write_bytes(content)
        with pytest.raises(UserError, match=r'a\.pkl'):
            Feeder(tmp_path / 'a.pkl', 'xsub_train')


@pytest.mark.parametrize('arguments', [{'stream': 'bones'}, {'clip_len': 0}, {'num_clips': 1.5}])
def test_wrong_arguments_are_refused(tmp_path, arguments):
    with pytest.raises(UserError, match=next(iter(arguments))):
        Feeder(write_annotations(tmp_path / 'a.pkl', made_up()), 'xsub_train', **arguments)


@pytest.mark.parametrize('protocol', [2, 4])
def test_the_joints_stay_in_the_file(tmp_path, protocol):
    content = made_up(1)
    content['annotations'][0].update(keypoint=np.ones((1, 600_000, 25, 3), np.float16), total_frames=600_000)
    path = write_annotations(tmp_path / 'a.pkl', content, protocol)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    Feeder(path, 'xsub_train')
    assert path.stat().st_size > 85e6
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 << 10


OPENPOSE = 'config/skeletons/openpose18.yaml'


def test_other_joints_in_3d_are_centred_on_the_center_of_their_skeleton(tmp_path):
    content = made_up(V=18)
    path = write_annotations(tmp_path / 'a.pkl', content)
    graph = Graph(file=OPENPOSE)
    feeder = Feeder(path, 'xsub_train', clip_len=30, skeleton=OPENPOSE)
    keypoint = content['annotations'][0]['keypoint']
    expected = keypoint - keypoint[0, 0, graph.center]
    assert feeder.clip_shape == (3, 30, 18, 2)
    np.testing.assert_allclose(feeder[0][0][..., 0], expected[0].transpose(2, 0, 1), atol=1e-6)
    bones = Feeder(path, 'xsub_train', 'bone', clip_len=30, skeleton=OPENPOSE)[0][0][..., 0]
    np.testing.assert_allclose(bones, (expected - expected[:, :, graph.bone_partners])[0].transpose(2, 0, 1), atol=1e-6)
    assert chosen(path, 'xsub_val')[1:] == (['clip1', 'clip2', 'clip3'], [1, 2, 3])


def test_other_joints_in_2d_are_shares_of_the_picture(tmp_path):
    content = made_up(V=18, C=2)
    for one in content['annotations']:
        one['keypoint_score'] = np.ones(one['keypoint'].shape[:3], np.float32)
        one['img_shape'] = (240, 320)
    path = write_annotations(tmp_path / 'a.pkl', content)
    clip = Feeder(path, 'xsub_train', clip_len=30, skeleton=OPENPOSE)[0][0][..., 0]
    x, y = np.moveaxis(content['annotations'][0]['keypoint'][0], -1, 0)
    np.testing.assert_allclose(clip, [x / 160 - 1, y / 120 - 1, np.ones_like(x)], atol=1e-6)


def test_joints_that_are_not_the_skeleton_s_are_refused(tmp_path):
    path = write_annotations(tmp_path / 'a.pkl', made_up())
    with pytest.raises(UserError, match='its 25 joints of 3 coordinates are neither 18 of 3 nor 18 of 2'):
        Feeder(path, 'xsub_train', skeleton=OPENPOSE)
