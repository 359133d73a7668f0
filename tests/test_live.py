"""predict.py --live as its users run it, and prediction.live.LivePredictor: the same numbers as --window."""
import json
import pickle

import numpy as np
import pytest
from commands import Command
from conftest import ROOT, run_script

from data_gen.demo.actions import ACTIONS
from data_gen.formats.ntu_skeleton import read_recording
from data_gen.formats.own_clips import read_recording as read_own
from data_gen.preparation import published
from data_gen.recording import PIXELS, Recording
from graph.skeleton import skeleton
from predict import Predictor
from prediction.live import LivePredictor
from runtime.errors import UserError
from tests.data_gen.raw_custom import JOINTS, flags, write_clips
from tests.long_recordings import (
    ALL_CLASSES,
    STRIDE,
    WINDOW,
    lines_of,
    people,
    scores_by_window,
    write_road,
    write_skeleton,
)


@pytest.fixture(scope='module')
def road(tmp_path_factory):
    """A folder with a config and its weights."""
    folder = tmp_path_factory.mktemp('road')
    write_road(folder)
    return folder


def run_live(lines, *arguments, cwd):
    """Run `predict.py --live -` with these lines as its input, and return the finished process, of status 0."""
    command = Command(ROOT / 'predict.py', ['--live', '-', *arguments], cwd, input='\n'.join(lines) + '\n')
    finished = command.finish(timeout=3600)
    finished.check_returncode()
    return finished


def test_live_gives_the_numbers_of_windows_line_by_line(run, road):
    bodies = people(47)
    write_skeleton(road / 'long.skeleton', bodies)
    arguments = ['--config', road / 'c.yaml', '--window', WINDOW, '--stride', STRIDE, '--json', *ALL_CLASSES]
    expected, = json.loads(run('predict.py', road / 'long.skeleton', *arguments).stdout)['predictions']
    lines = lines_of(bodies)
    lines[30:30] = ['{"persons": [[[1, 2', '{"persons": [[[1, 2, 3]]]}', '{"persons": [[[NaN, 2, 3]]]}']
    process = run_live(lines, *arguments, cwd=road)
    results = [json.loads(line) for line in process.stdout.splitlines()]
    expected, found = scores_by_window(expected['windows']), scores_by_window(results)
    assert list(found) == list(expected) and len(found) == 5
    for place, scores in expected.items():
        np.testing.assert_allclose(found[place], scores, atol=1e-5)
    assert [result['time'] for result in results] == [(end - 1) / 10 for _, end in expected]
    said = process.stderr.splitlines()
    assert [line.split(':')[:2] for line in said] == [['error', f' line {number}'] for number in (31, 32, 33)]
    assert 'not valid JSON' in said[0] and '(1, 1, 3)' in said[1]

    before = None
    for result in results:
        chances = np.exp(scores_by_window([result])[result['from'], result['to']])
        before = chances / chances.sum() if before is None else .5 * before + .5 * chances / chances.sum()
        assert result['smoothed']['label'] == before.argmax()
        assert result['smoothed']['probability'] == pytest.approx(before.max(), rel=1e-5)


def test_lines_for_people_name_time_class_and_both_probabilities(road):
    process = run_live(lines_of(people(WINDOW)) + ['{"persons": []}'] * WINDOW, '--config', road / 'c.yaml', '--window',
                       WINDOW, '--stride', WINDOW, cwd=road)
    first, second = process.stdout.splitlines()
    time, *cells = first.split()
    assert time == str((WINDOW - 1) / 10) and cells[0] == 'class' and [cell[-1] for cell in cells[2::3]] == ['%', '%']
    assert second.split() == [str(2 * WINDOW), 'nobody', 'nobody']


def test_less_than_a_window_is_judged_at_the_end(road):
    live = LivePredictor(Predictor(road / 'c.yaml'), WINDOW, STRIDE)
    assert live.finish() is None
    results = [live.push({'persons': np.random.default_rng(t).random((1, 25, 3))}) for t in range(WINDOW + STRIDE)]
    assert [t for t, result in enumerate(results) if result] == [WINDOW - 1, WINDOW + STRIDE - 1]
    assert live.finish() is None
    live.push({'persons': []})
    result = live.finish()
    assert (result['from'], result['to'], len(result['top'])) == (STRIDE + 1, WINDOW + STRIDE + 1, 4)


@pytest.fixture(scope='module')
def in_2d(tmp_path_factory):
    """A Predictor for the joints of Kinetics-Skeleton."""
    folder = tmp_path_factory.mktemp('kinetics')
    return Predictor(write_road(folder, points=18, graph='graph.kinetics.Graph'))


def test_pixels_of_a_known_image_and_other_joints_by_their_names(in_2d):
    rng = np.random.default_rng(0)
    joints = rng.random((WINDOW, 2, 26, 3)) * (512, 256, 1)
    names = skeleton('halpe26').joint_names
    recording = Recording(joints.swapaxes(0, 1), tuple(names), 2, PIXELS, (512, 256))
    clip, _ = published()['graph.kinetics.Graph'].clip(recording)
    expected = in_2d.model.scores([in_2d.model.prepare([clip], 'clip')])[0]
    by_header, by_argument = LivePredictor(in_2d, WINDOW), LivePredictor(
        in_2d, WINDOW, joint_names=names, image_size=(512, 256))
    assert by_header.push({'joint_names': names, 'image_size': [512, 256]}) is None
    for live in (by_header, by_argument):
        for frame in joints:
            result = live.push({'persons': frame})
        assert result['top'][0]['score'] == pytest.approx(expected.max(), abs=1e-5)


def test_persons_are_followed_by_their_ids(tmp_path):
    """In data whose persons are followed, whoever leaves and whatever the order in a frame."""
    write_clips(tmp_path, people=2)
    run_script('data_gen/custom_gendata.py', *flags(tmp_path, tmp_path / 'data'), cwd=tmp_path)
    predictor = Predictor(write_road(tmp_path, points=5, num_class=3,
                                     data_path=str(tmp_path / 'data/val_data_joint.npy')))
    window = 10
    joints = np.random.default_rng(0).random((window, 2, 5, 3))
    in_order, shuffled = LivePredictor(predictor, window), LivePredictor(predictor, window)
    for t, frame in enumerate(joints):
        ids = [7, 4] if t < window // 2 else [4]  # the first one leaves
        expected = in_order.push({'persons': [*frame[:len(ids) - 1], frame[1]], 'ids': ids})
        order = [1, 0][:len(ids)] if t % 2 and len(ids) > 1 else range(len(ids))
        persons = [*frame[:len(ids) - 1], frame[1]]
        found = shuffled.push({'persons': [persons[m] for m in order], 'ids': [ids[m] for m in order]})
    assert found['top'][0]['score'] == pytest.approx(expected['top'][0]['score'], abs=1e-6)


def test_frames_without_persons_leave_the_others_as_they_are(tmp_path):
    """A frame in which nobody is need not say that it has no ids."""
    write_clips(tmp_path, people=2)
    run_script('data_gen/custom_gendata.py', *flags(tmp_path, tmp_path / 'data'), cwd=tmp_path)
    predictor = Predictor(write_road(tmp_path, points=5, num_class=3,
                                     data_path=str(tmp_path / 'data/val_data_joint.npy')))
    joints = np.random.default_rng(0).random((3, 2, 5, 3))
    with_ids, without = LivePredictor(predictor, 5, fps=30), LivePredictor(predictor, 5, fps=30)
    for frame in ([], joints[0], [], joints[1], joints[2]):
        expected = with_ids.push({'persons': frame, 'ids': [3, 8][:len(frame)]})
        found = without.push({'persons': frame, **({'ids': [3, 8]} if len(frame) else {})})
    assert found == expected and found['top']
    for frame, words in (({'persons': joints[0]}, 'it has none'), ({'persons': joints[0], 'ids': [3, 3]}, 'one id')):
        with pytest.raises(UserError, match=words):
            without.push(frame)


@pytest.mark.parametrize('frame', [None, 5, 'x', [1], {}, {'persons': 5}, {'persons': [[1, 2]]}, {'people': [{}]},
                                   {'persons': [[[1e9, 0, 0]] * 18]}, {'persons': [[[10 ** 400, 0, 0]] * 18]},
                                   {'persons': [[[320, 240, 1]] * 18]}, {'people': [{'pose_keypoints_2d': [1]}]},
                                   {'fps': -1}, {'image_size': [1]}, {'joint_names': 3}, {'joint_names': ['a']},
                                   {'persons': [[[.5, .5, 1]] * 18], 'ids': [1, 2]},
                                   {'persons': [[[.5, .5, 1]] * 18], 'ids': ['a']},
                                   [{'x': 1}], {'persons': [[[float('nan'), 0, 1]] * 18]}])
def test_what_is_no_frame_is_named_and_passed_over(in_2d, frame):
    live = LivePredictor(in_2d, 1)
    with pytest.raises(UserError):
        live.push(frame)
    assert live.push({'persons': [[[.5, .5, 1]] * 18]})['to'] == 1


def test_pixels_are_no_shares(in_2d):
    with pytest.raises(UserError, match='coordinates from 0 to 320 are no fractions of an image'):
        LivePredictor(in_2d, 1).push({'persons': [[[320, 240, 1]] * 18]})


def test_frames_of_ones_own_skeleton(tmp_path):
    for folder, dimensions in ((tmp_path / '3d', 3), (tmp_path / '2d', 2)):
        write_clips(folder, people=2, dimensions=dimensions)
        run_script('data_gen/custom_gendata.py', *flags(folder, folder / 'data'), '--dimensions', dimensions,
                   cwd=folder)
        predictor = Predictor(write_road(folder, points=5, num_class=3,
                                         data_path=str(folder / 'data/val_data_joint.npy')))
        path = folder / 'clips/p1_sit.npy'
        windows = predictor.windows(path, 5, 2)
        joints = read_own(path, JOINTS, dimensions).joints
        live = LivePredictor(predictor, 5, 2)
        results = [live.push({'persons': frame}) for frame in joints.swapaxes(0, 1)] + [live.finish()]
        results = [result for result in results if result]
        assert len(results) == len(windows) > 2
        for result, window in zip(results, windows):
            assert result['top'][0]['score'] == pytest.approx(window.scores.max(), abs=1e-5)


def test_actions_of_the_demo_are_found_in_a_long_recording(tmp_path, long_mode):
    """By the weights that the demo trains, of people they have never seen, whose clips follow one another."""
    if not long_mode:
        pytest.skip('trains the demo: --long')
    run_script('demo.py', '--folder', tmp_path, cwd=tmp_path, timeout=3600)
    check_long_recording(tmp_path, window=48, stride=8)


def check_long_recording(folder, window, stride):
    """Assert that frames half a window away from where one clip follows another have the right class, --live alike."""
    labels = write_demo_recording(folder)
    weights = max((folder / 'runs').glob('demo_agcn_joint-[0-9]*.pt'))
    arguments = ['--config', ROOT / 'config/demo/test_joint.yaml', '--weights', weights, '--window', window,
                 '--stride', stride, '--json', '--top-k', len(ACTIONS)]
    prediction, = json.loads(run_script('predict.py', 'long.skeleton', *arguments, cwd=folder).stdout)['predictions']
    found = np.full(len(labels), -1)
    for segment in prediction['timeline']:
        found[segment['from']:segment['to']] = segment['label']
    borders = 1 + np.flatnonzero(np.diff(labels))
    away = np.abs(np.arange(len(labels))[:, None] + .5 - borders).min(1) >= window / 2
    assert away.sum() > 300 and (found == labels)[away].mean() > .9

    joints = read_recording(folder / 'long.skeleton').joints
    joints[~joints.any((2, 3))] = np.nan
    process = run_live(lines_of(joints), *arguments, cwd=folder)
    live = scores_by_window(map(json.loads, process.stdout.splitlines()))
    expected = scores_by_window(prediction['windows'])
    assert list(live) == list(expected)
    np.testing.assert_allclose(list(live.values()), list(expected.values()), atol=1e-4)


def write_demo_recording(folder):
    """Write long.skeleton, the test clips of one camera, one after the other; return (T,) labels."""
    names = pickle.loads((folder / 'data/demo/xsub/val_label.pkl').read_bytes())[0]
    paths = [folder / 'data/demo_raw/nturgb+d_skeletons' / name for name in sorted(names) if 'C001' in name]
    clips = [read_recording(path).joints for path in paths]
    labels = np.repeat([int(path.stem[-3:]) - 1 for path in paths], [clip.shape[1] for clip in clips])
    bodies = np.full((2, len(labels), 25, 3), np.nan)
    start = 0
    for clip in clips:
        bodies[:len(clip), start:start + clip.shape[1]] = np.where(clip.any((2, 3), keepdims=True), clip, np.nan)
        start += clip.shape[1]
    write_skeleton(folder / 'long.skeleton', bodies)
    return labels
