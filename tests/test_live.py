"""predict.py --live as its users run it, and prediction.live.LivePredictor: the same numbers as --window."""
import json

import numpy as np
import pytest
from commands import Command
from conftest import ROOT, run_script

from data_gen.preparation import published
from data_gen.recording import PIXELS, Recording
from graph.skeleton import skeleton
from predict import Predictor
from prediction.live import LivePredictor
from runtime.errors import UserError
from tests.data_gen.raw_custom import flags, write_clips
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
    live = LivePredictor(in_2d, WINDOW)
    assert live.push({'joint_names': names, 'image_size': [512, 256]}) is None
    for frame in joints:
        result = live.push({'persons': frame})
    assert result['top'][0]['score'] == pytest.approx(expected.max(), abs=1e-5)


def test_persons_are_followed_by_their_ids(tmp_path):
    """In data whose persons are followed, whoever leaves, whatever the order in a frame, and if nobody is there."""
    write_clips(tmp_path, people=2)
    run_script('data_gen/custom_gendata.py', *flags(tmp_path, tmp_path / 'data'), cwd=tmp_path)
    predictor = Predictor(write_road(tmp_path, points=5, num_class=3,
                                     data_path=str(tmp_path / 'data/val_data_joint.npy')))
    joints = np.random.default_rng(0).random((10, 2, 5, 3))
    joints[3] = joints[6:, 0] = 0
    in_places, by_ids = LivePredictor(predictor, 10, fps=30), LivePredictor(predictor, 10, fps=30)
    for t, frame in enumerate(joints):
        present = np.flatnonzero(frame.any((1, 2)))[::-1 if t % 2 else 1]
        expected = in_places.push({'persons': frame})
        found = by_ids.push({'persons': frame[present], **({'ids': 2 ** 60 - present} if present.size else {})})
    assert found['top'][0]['score'] == pytest.approx(expected['top'][0]['score'], abs=1e-6)


PERSON = [[.5, .5, 1]] * 18


@pytest.mark.parametrize('frame, words', [
    (None, 'not a frame'), ({'people': [{}]}, 'not a frame'),
    ({'persons': [[1, 2]]}, r'shape \(1, 2\)'), ({'persons': [[[10 ** 400, 0, 0]] * 18]}, 'not lists of numbers'),
    ({'persons': [[[float('nan'), 0, 1]] * 18]}, 'a value of nan'),
    ({'persons': [[[320, 240, 1]] * 18]}, 'coordinates from 0 to 320 are no fractions of an image'),
    ({'persons': [PERSON], 'ids': ['a']}, 'no 1 integers'),
    ({'persons': [PERSON], 'ids': [1]}, 'in all frames with persons or in none'),
    ({'fps': -1}, 'fps is no'), ({'image_size': [1]}, 'image_size is no'), ({'joint_names': 3}, 'joint_names is no'),
    ({'joint_names': ['a']}, 'cannot be mapped')])
def test_what_is_no_frame_is_named_and_passed_over(in_2d, frame, words):
    live = LivePredictor(in_2d, 2)
    if 'none' in words:
        live.push({'persons': [PERSON]})
    with pytest.raises(UserError, match=words):
        live.push(frame)
    live.push({'persons': [PERSON]})
    assert live.push({'persons': [PERSON]}) or live.finish()
