"""The commands of docs/own-video.md that train on classes of one's own, from drawn poses to a prediction."""
import json
import re
import shlex

import numpy as np
import pytest
import yaml
from conftest import ROOT, assert_one_line_error, run_script

from data_gen.formats.pose_recording import PoseRecording, write_recording
from graph.skeleton import skeleton
from tests.data_gen.poses.estimators import person, write_openpose, write_results
from tests.data_gen.raw_custom import write_table

TINY = '--num-epoch', '1', '--batch-size', '4', '--eval-interval', '1', '--save-interval', '1', '--device', 'cpu'
ACTIONS, FRAMES = ('jump', 'wave'), 12
BOTH = '--config', 'data/mine/test_joint.yaml', 'data/mine/test_bone.yaml'


def commands_of(title):
    """Return the commands of a section of the page, each a list of words."""
    section = (ROOT / 'docs/own-video.md').read_text().split(f'\n## {title}')[1].split('\n## ')[0]
    lines = re.findall(r'^python (?:data_gen/|\w+\.py).*', section.replace('\\\n', ' '), re.M)
    return [shlex.split(line) for line in lines]


def walk(folder, lines):
    """Run those of the commands that need no video."""
    for line in lines:
        _, script, *words = shlex.split(shlex.join(line).replace('./config', str(ROOT / 'config')))
        run_script(script, *words, *TINY * (script == 'main.py'), cwd=folder)


def swing(joints, number, axis_of):
    """Add to joints (T, V, …) the motion of clip `number`'s action: all joints along y, or the arms along x."""
    wave = np.sin(np.arange(FRAMES))[:, None]
    if number % 2:
        joints[:, 4:8, 0] += axis_of * wave
    else:
        joints[:, :, 1] += axis_of * wave
    return joints


def write_labels(path, suffix=''):
    write_table(path, ['file', 'class', 'part'],
                [[f'{name_of(number)}{suffix}', ACTIONS[number % 2], 'train' if number < 8 else 'val']
                 for number in range(10)])


def name_of(number):
    return f'{ACTIONS[number % 2]}{number:02d}'


def drawn_poses(number):
    """Return the PoseRecording that MediaPipe would give of a person who does an action."""
    rng = np.random.default_rng(number)
    body = rng.normal(size=(33, 3)) * .3 + rng.normal(scale=.01, size=(FRAMES, 33, 3))
    joints_3d = np.zeros((2, FRAMES, 33, 3))
    joints_3d[0] = swing(body, number, .2)
    joints_2d = np.concatenate((.5 + joints_3d[..., :2] / 4, np.ones((2, FRAMES, 33, 1))), 3)
    return PoseRecording(tuple(skeleton('mediapipe33').joint_names), joints_2d, joints_3d, (640, 480), 30.)


@pytest.fixture(scope='module')
def from_videos(tmp_path_factory):
    """A folder in which the six commands have run, but the first and those of a new video."""
    folder = tmp_path_factory.mktemp('videos')
    (folder / 'videos').mkdir()
    for number in range(10):
        write_recording(folder / f'data/poses/{name_of(number)}.npz', drawn_poses(number))
    write_labels(folder / 'videos/labels.csv', '.npz')
    lines = commands_of('Your own classes')
    assert [line[1].rpartition('/')[2] for line in lines] == [
        'pose_gendata.py', 'custom_gendata.py', 'main.py', 'main.py', 'predict.py', 'visualize.py']
    walk(folder, lines[1:4])
    return folder


@pytest.fixture(scope='module')
def from_openpose(tmp_path_factory):
    """A folder with OpenPose's frames of ten videos, and what the commands of the page make of them."""
    pytest.importorskip('norfair')
    folder = tmp_path_factory.mktemp('openpose')
    for number in range(10):
        people = person(25, FRAMES, (900, 500), (0, 0), seed=number)[None]
        swing(people[0], number, 12)
        people[0, 3:6, 4] = 0
        write_openpose(folder / f'videos/{name_of(number)}', people)
    write_labels(folder / 'videos/labels.csv', '.npz')
    lines = commands_of('Files of pose estimators')
    walk(folder, lines)
    walk(folder, [['python', 'main.py', '--config', f'data/mine/train_{stream}.yaml'] for stream in ('joint', 'bone')])
    return folder


def predictions(run, folder, *files):
    process = run('predict.py', *BOTH, '--json', '--device', 'cpu', *files, cwd=folder)
    return [{row['name']: row['score'] for row in prediction['top']}
            for prediction in json.loads(process.stdout)['predictions']]


@pytest.mark.parametrize('road, channels', [('from_videos', 3), ('from_openpose', 2)])
def test_new_recordings_are_predicted_as_those_of_the_data_set(run, request, road, channels):
    folder = request.getfixturevalue(road)
    new = predictions(run, folder, 'data/poses/jump08.npz', 'data/poses/wave09.npz')
    prepared = predictions(run, folder, 'data/mine/val_data_joint.npy')
    assert len(new) == 2 and set(new[0]) == set(ACTIONS)
    for scores, expected in zip(new, prepared, strict=True):
        for name in ACTIONS:
            assert scores[name] == pytest.approx(expected[name], abs=1e-5)
    config = yaml.safe_load((folder / 'data/mine/train_bone.yaml').read_text())
    assert config['train_feeder_args']['dimensions'] == channels and config['model_args']['num_class'] == 2


def test_what_openpose_found_is_filled_and_in_fractions(from_openpose):
    data = np.load(from_openpose / 'data/mine/train_data_joint.npy')
    assert data.shape == (8, 3, FRAMES, 25, 1) and np.abs(data[:, :2]).max() < .5
    assert data[:, :, 3:6, 4, 0].any((0, 1)).all()  # --fill 5


@pytest.mark.parametrize('file', ['videos/jump08', 'results.json'])
def test_what_is_no_recording_yet_gets_the_command_that_makes_one(run, from_openpose, file):
    write_results(from_openpose / 'results.json', person(17, 5, (900, 500), (0, 0))[None])
    command = f'`python data_gen/pose_gendata.py {file} --out_folder ./data/poses` makes'
    process = run('predict.py', *BOTH, '--device', 'cpu', file, cwd=from_openpose, status=2)
    assert_one_line_error(process, f'{file}: ', command)
    write_table(from_openpose / 'labels.csv', ['file', 'class', 'part'], [[file, 'jump', 'train']])
    process = run('data_gen/custom_gendata.py', '--clips', '.', '--labels', 'labels.csv', '--skeleton',
                  ROOT / 'config/skeletons/openpose25.yaml', '--dimensions', 2, '--out_folder', 'other', '--strict',
                  cwd=from_openpose, status=2)
    assert_one_line_error(process, command)


def test_joints_are_drawn_by_their_names(run, from_openpose):
    pytest.importorskip('matplotlib')
    run('visualize.py', 'graph', '--config', 'data/mine/test_joint.yaml', '--out', 'graph.svg', cwd=from_openpose)
    text = (from_openpose / 'graph.svg').read_text()
    assert all(f'>{name}<' in text for name in skeleton('openpose25').joint_names)
