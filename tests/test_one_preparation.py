"""A network is fed what it was trained on, whatever form of file meets whatever data set, by every command."""
import dataclasses
import json
import pickle

import numpy as np
import pytest
import torch
import yaml
from conftest import run_script
from tiny import config, write_config

from data_gen.preparation_file import read_preparation
from graph.skeleton import SKELETONS, skeleton
from predict import Predictor
from prediction.live import LivePredictor
from prediction.windows import window_clips
from runtime.dotted import build
from tests.data_gen.raw_custom import write_table
from tests.data_gen.raw_ntu import skeleton_text
from tests.small_model import Model

FRAMES, NAME = 12, 'S001C001P001R001A001'
SIZE = 512, 256  # powers of two: fractions of such an image are exact
TWO_SCORES = np.array([.75, .5])


def people(joints, dimensions, seed=0):
    """Return (2, FRAMES, V, 3): two people who move; x y z in metres, or x y as fractions of an image and a score."""
    rng = np.random.default_rng(seed)
    bodies = rng.normal(size=(2, 1, joints, 3)) * .3 + np.cumsum(
        rng.normal(scale=[[[[.01]]], [[[.03]]]], size=(2, FRAMES, joints, 3)), 1)
    if dimensions == 3:
        return (bodies + (0, 0, 3)).round(3)
    bodies = (.5 + .25 * bodies).clip(.05, .95)
    bodies[..., :2] = (bodies[..., :2] * 256).round() / 256
    bodies[..., 2] = TWO_SCORES[:, None, None]
    return bodies


def as_skeleton(path, bodies):
    path.write_text(skeleton_text(bodies), encoding='ascii')


def as_kinetics(path, bodies):
    data = [{'frame_index': t, 'skeleton': [{'pose': body[:, :2].ravel().tolist(), 'score': body[:, 2].tolist()}
                                            for body in frame]} for t, frame in enumerate(bodies.swapaxes(0, 1))]
    path.write_text(json.dumps({'data': data, 'label': 'a', 'label_index': 0}))


def as_nwucla(path, bodies):
    path.write_text(json.dumps({'skeletons': bodies[0].tolist()}))


def as_csv(path, bodies, names):
    axes = ('x', 'y', 'z') if names[1] == 3 else ('x', 'y', 'score')
    rows = [[t, m, *map(repr, bodies[m, t].ravel().tolist())] for t in range(FRAMES) for m in range(len(bodies))]
    write_table(path, ['frame', 'person', *(f'{joint}_{axis}' for joint in names[0] for axis in axes)], rows)


def as_annotations(path, bodies, dimensions):
    """Write a pickle of PYSKL's form, with one recording in both parts."""
    one = {'frame_dir': NAME, 'label': 0, 'total_frames': FRAMES, 'keypoint': bodies}
    if dimensions == 2:
        one.update(keypoint=bodies[..., :2] * SIZE, keypoint_score=bodies[..., 2], img_shape=SIZE[::-1])
    path.write_bytes(pickle.dumps({'split': {'train': [NAME], 'val': [NAME]}, 'annotations': [one]}))


# Data set → (the skeleton, dimensions, persons, the forms of its files beside .npy, .csv and live frames).
DATA_SETS = {
    'ntu': ('ntu25', 3, 2, {'skeleton': as_skeleton}),
    'ntu by id': ('ntu25', 3, 2, {'skeleton': as_skeleton}),
    'kinetics': ('openpose18', 2, 2, {'json': as_kinetics}),
    'nw-ucla': ('kinect20', 3, 1, {'json': as_nwucla}),
    'pyskl ntu25': ('ntu25', 3, 2, {'skeleton': as_skeleton}),
    'pyskl coco17': ('coco17', 2, 2, {}),
    'pyskl h36m17': ('h36m17', 3, 2, {}),
    'recordings ntu25': ('ntu25', 3, 2, {'skeleton': as_skeleton}),
    'recordings coco17': ('coco17', 2, 2, {}),
    'own ntu25': ('ntu25', 3, 2, {'skeleton': as_skeleton}),
    'own openpose18': ('openpose18', 2, 2, {'json': as_kinetics}),
    'own openpose18 in pixels': ('openpose18', 2, 2, {'json': as_kinetics}),
    'own kinect20': ('kinect20', 3, 1, {'json': as_nwucla}),
}


def prepare(folder, kind, bodies, name, dimensions):
    """Make the data set of one recording by its own command, in `folder`; return the arguments of its test feeder."""
    data = {'data_path': str(folder / 'out/val_data_joint.npy'), 'label_path': str(folder / 'out/val_label.pkl')}
    if kind.startswith('ntu'):
        (folder / 'raw').mkdir()
        as_skeleton(folder / f'raw/{NAME}.skeleton', bodies)
        run_script('data_gen/ntu_gendata.py', '--data_path', 'raw', '--out_folder', 'out', '--benchmark', 'xview',
                   *['--by_id'] * kind.endswith('id'), cwd=folder)
        return {key: path.replace('out/', 'out/xview/') for key, path in data.items()}
    if kind == 'kinetics':
        (folder / 'raw/kinetics_val').mkdir(parents=True)
        as_kinetics(folder / 'raw/kinetics_val/a.json', bodies)
        label = {'a': {'has_skeleton': True, 'label': 'a', 'label_index': 0}}
        (folder / 'raw/kinetics_val_label.json').write_text(json.dumps(label))
        run_script('data_gen/kinetics_gendata.py', '--data_path', 'raw', '--out_folder', 'out', cwd=folder)
    elif kind == 'nw-ucla':
        (folder / 'raw').mkdir()
        as_nwucla(folder / 'raw/a01_s01_e00_v03.json', bodies)
        run_script('data_gen/nwucla_gendata.py', '--data_path', 'raw', '--out_folder', 'out', cwd=folder)
    elif kind.startswith(('pyskl', 'recordings')):
        as_annotations(folder / 'a.pkl', bodies, dimensions)
        own = [] if name in ('ntu25', 'coco17') else ['--skeleton', SKELETONS / f'{name}.yaml']
        flag = '--recordings' if kind.startswith('recordings') else '--out_folder'
        run_script('data_gen/pyskl_gendata.py', '--annotations', 'a.pkl', flag, 'out', *own, cwd=folder)
        if flag == '--recordings':
            return {'recordings': str(folder / 'out'), 'split': 'val', 'clip_len': 20, 'num_clips': 2,
                    'dimensions': dimensions}
    else:
        (folder / 'clips').mkdir()
        pixels = kind.endswith('pixels')
        np.save(folder / 'clips/a.npy', bodies * (*SIZE, 1) if pixels else bodies)
        write_table(folder / 'labels.csv', ['file', 'class', 'part'], [['a.npy', 'a', 'val']])
        size = SIZE if pixels else (1, 1) if kind == 'own openpose18' else ()
        run_script('data_gen/custom_gendata.py', '--clips', 'clips', '--labels', 'labels.csv', '--skeleton',
                   SKELETONS / f'{name}.yaml', '--dimensions', dimensions, '--max_body', len(bodies), '--out_folder',
                   'out', *['--image_size', *size] * bool(size), cwd=folder)
    return data


def network_for(folder, feeder_args, name, persons):
    """Write a config that tests on the data, and weights; return its path."""
    pyskl = 'recordings' in feeder_args
    class_names = folder / 'out/class_names.txt'
    num_class = len(class_names.read_text().splitlines()) if class_names.exists() else 3
    model_args = {'num_class': num_class, 'num_point': int(name[-2:]), 'num_person': persons,
                  'graph': 'graph.skeleton.Graph', 'graph_args': {'file': str(SKELETONS / f'{name}.yaml')}}
    torch.manual_seed(0)
    torch.save(Model(**model_args).state_dict(), folder / 'w.pt')
    content = config(folder, folder, phase='test', weights=str(folder / 'w.pt'), model='tests.small_model.Model',
                     model_args=model_args, feeder=f'feeders.{"pyskl" if pyskl else "feeder"}.Feeder',
                     test_feeder_args=feeder_args)
    return write_config(folder / 'c.yaml', {k: v for k, v in content.items() if k != 'train_feeder_args'})


def fed_live(predictor, frames):
    """Return what the network is fed at the last of the frames, in a window of all of them."""
    live = LivePredictor(predictor, len(frames))
    fed, scores = [], predictor.model.scores
    predictor.model.scores = lambda clips: fed.append(clips[0][0]) or scores(clips)
    for frame in frames:
        live.push(frame)
    predictor.model.scores = scores
    return fed[-1]


@pytest.mark.parametrize('kind', DATA_SETS)
def test_every_form_is_fed_as_the_training_row(tmp_path, kind):
    name, dimensions, persons, forms = DATA_SETS[kind]
    names = skeleton(name).joint_names
    bodies = people(len(names), dimensions)[:persons]
    feeder_args = prepare(tmp_path, kind, bodies, name, dimensions)
    path = network_for(tmp_path, feeder_args, name, persons)
    arguments = yaml.safe_load(path.read_text())
    row = build(arguments['feeder'], feeder_args, 'test_feeder_args')[0][0]
    assert row.any()

    predictor = Predictor(path)
    in_units = bodies * (*SIZE, 1) if kind.endswith('pixels') else bodies  # of files that do not say theirs
    files = {tmp_path / f'in.{end}': lambda file, write=write: write(file, bodies) for end, write in forms.items()}
    files[tmp_path / 'in.npy'] = lambda file: np.save(file, in_units)
    files[tmp_path / 'in.csv'] = lambda file: as_csv(file, in_units, (names, dimensions))
    for file, write in files.items():
        write(file)
        if file.suffix == '.npy' and in_units.ndim == 4 and predictor.model.preparations[0].is_published:
            continue  # four axes are a clip there
        clips, *_ = predictor.read_clips(file)
        np.testing.assert_array_equal(predictor.model.prepare(clips[0], file)[0], row, err_msg=file.name)
        _, recordings = predictor.read(file)
        window = window_clips(predictor.model, recordings, 0, FRAMES)
        np.testing.assert_array_equal(predictor.model.prepare(window, file)[0], row, err_msg=f'{file.name}, --window')
    frames = [{'persons': frame, 'ids': list(range(persons))} for frame in in_units.swapaxes(0, 1)]
    np.testing.assert_array_equal(fed_live(predictor, frames), row, err_msg='--live')


@pytest.mark.parametrize('fps', [24, 60])
def test_another_rate_is_resampled_alike_offline_and_live(tmp_path, fps, run):
    bodies = people(25, 3)
    (tmp_path / 'clips').mkdir()
    np.save(tmp_path / 'clips/a.npy', bodies)
    write_table(tmp_path / 'labels.csv', ['file', 'class', 'part'], [['a.npy', 'a', 'val']])
    run('data_gen/custom_gendata.py', '--clips', 'clips', '--labels', 'labels.csv', '--skeleton',
        SKELETONS / 'ntu25.yaml', '--max_frame', 64, '--fps', fps, '--out_folder', 'out')
    as_skeleton(tmp_path / 'a.skeleton', bodies)  # 30 frames per second
    path = network_for(tmp_path, {'data_path': str(tmp_path / 'out/val_data_joint.npy')}, 'ntu25', 2)
    said = []
    predictor = Predictor(path, log=said.append)
    (clip,), *_ = predictor.read_clips(tmp_path / 'a.skeleton')[0]
    assert f'resampled from 30 to {fps} frames per second' in said[0]
    _, (recording,) = predictor.read(tmp_path / 'a.skeleton')
    T = (FRAMES - 1) * fps // 30 + 1
    assert recording.joints.shape[1] == T
    for axis in range(3):
        for m in range(2):
            np.testing.assert_allclose(recording.joints[m, :, 5, axis], np.interp(
                np.arange(T) * 30 / fps, np.arange(FRAMES), bodies[m, :, 5, axis]), atol=1e-6)
    live = LivePredictor(predictor, T, fps=30)
    assert said[-1] == f'the frames: resampled from 30 to {fps} frames per second'
    fed = []
    predictor.model.scores = lambda clips: fed.append(clips[0][0]) or np.zeros((1, 1), np.float32)
    for frame in bodies.swapaxes(0, 1):
        live.push({'persons': frame, 'ids': [3, 5]})
    live.finish()
    np.testing.assert_array_equal(fed[-1], clip)


def test_each_stream_is_fed_by_its_own_preparation(tmp_path):
    bodies, paths, rows = people(25, 3), [], []
    for kind in ('ntu', 'own ntu25'):
        folder = tmp_path / kind
        folder.mkdir()
        feeder_args = prepare(folder, kind, bodies, 'ntu25', 3)
        (folder / 'out/class_names.txt').unlink(missing_ok=True)
        paths.append(network_for(folder, feeder_args, 'ntu25', 2))
        rows.append(np.load(feeder_args['data_path'])[0])
    as_skeleton(tmp_path / 'a.skeleton', bodies)
    predictor = Predictor(paths, stream_weights=[1, 2])
    clips, *_ = predictor.read_clips(tmp_path / 'a.skeleton')
    for fed, row in zip(predictor.model.prepare(clips[0], 'a'), rows, strict=True):
        np.testing.assert_array_equal(fed, row)
    assert not np.array_equal(*(row[:, :FRAMES] for row in rows))


def test_other_joints_are_mapped_by_name_and_said(tmp_path, run):
    feeder_args = prepare(tmp_path, 'own openpose18', people(18, 2), 'openpose18', 2)
    beside = tmp_path / 'out/preparation.yaml'
    path = network_for(tmp_path, feeder_args, 'openpose18', 2)
    as_kinetics(tmp_path / 'in.json', people(18, 2))
    assert run('predict.py', '--config', path, 'in.json').stderr == ''
    halpe = yaml.safe_load((SKELETONS / 'halpe26.yaml').read_text())
    beside.write_text(dataclasses.replace(read_preparation(beside), skeleton=halpe).as_text())
    process = run('predict.py', '--config', network_for(tmp_path, feeder_args, 'halpe26', 2), 'in.json')
    assert 'in.json: joints are derived: ' in process.stderr and 'left heel: missing' in process.stderr
