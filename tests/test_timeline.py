"""predict.py --window and visualize.py timeline: all of a long recording is judged, window by window."""
import json

import numpy as np
import pytest
from conftest import run_script

from predict import Predictor, parse_arguments
from prediction.windows import Segment, Window, spans, timeline
from runtime.errors import UserError
from tests.long_recordings import ALL_CLASSES, STRIDE, WINDOW, people, scores_by_window, write_road, write_skeleton

FRAMES = 47
PLACES = [(0, 20), (8, 28), (16, 36), (24, 44), (27, 47)]


@pytest.fixture(scope='module')
def road(tmp_path_factory):
    """A folder with a config, its weights, and the recording long.skeleton, in which nobody is seen at the end."""
    folder = tmp_path_factory.mktemp('road')
    write_road(folder)
    bodies = people(FRAMES)
    bodies[:, 27:] = np.nan
    write_skeleton(folder / 'long.skeleton', bodies)
    return folder


@pytest.fixture(scope='module')
def predictor(road):
    return Predictor(road / 'c.yaml')


def test_every_window_is_judged_as_a_recording_of_its_frames(run, road, predictor, tmp_path):
    bodies = people(FRAMES)
    write_skeleton(tmp_path / 'all.skeleton', bodies)
    process = run('predict.py', '--config', road / 'c.yaml', 'all.skeleton', '--window', WINDOW, '--stride', STRIDE,
                  '--json', '--batch-size', 2, *ALL_CLASSES)
    prediction, = json.loads(process.stdout)['predictions']
    assert (prediction['frames'], prediction['used']) == (FRAMES, FRAMES) and 'only' not in process.stderr
    found = scores_by_window(prediction['windows'])
    assert list(found) == PLACES
    for first, end in PLACES:
        apart, = predictor.predict([write_skeleton(tmp_path / 'part.skeleton', bodies[:, first:end])])
        np.testing.assert_allclose(found[first, end], apart.scores, atol=1e-5)
    assert np.ptp(list(found.values()), 0).max() > 1e-3
    segments = prediction['timeline']
    assert (segments[0]['from'], segments[-1]['to']) == (0, FRAMES)
    assert [segment['to'] for segment in segments[:-1]] == [segment['from'] for segment in segments[1:]]


def test_windows_reach_from_the_first_frame_to_the_last():
    assert spans(FRAMES, WINDOW, STRIDE) == PLACES
    assert spans(44, WINDOW, STRIDE) == PLACES[:4]
    assert spans(9, WINDOW, STRIDE) == [(0, 9)] and spans(20, WINDOW, STRIDE) == [(0, 20)]


def test_a_frame_has_the_class_of_the_nearest_window_and_neighbours_are_joined():
    def window(first, end, label, probability=.8):
        scores = np.log(np.full(3, (1 - probability) / 2))
        scores[label] = np.log(probability)
        return Window(first, end, scores)

    windows = [window(0, 10, 1), window(5, 15, 1, .6), window(10, 20, 0), Window(15, 25, None), window(20, 30, 0)]
    segments = timeline(windows)
    assert [segment[:3] for segment in segments] == [(0, 12, 1), (12, 18, 0), (18, 22, None), (22, 30, 0)]
    assert [segment.probability for segment in segments] == [pytest.approx(.7), pytest.approx(.8), None,
                                                             pytest.approx(.8)]
    assert timeline([window(0, 7, 2)]) == [Segment(0, 7, 2, pytest.approx(.8))]


def test_timeline_is_printed_and_windows_of_nobody_have_no_class(run, road):
    printed = run('predict.py', '--config', road / 'c.yaml', road / 'long.skeleton', '--window', WINDOW, '--stride',
                  STRIDE).stdout.splitlines()
    assert printed[0] == str(road / 'long.skeleton')
    rows = [line.split() for line in printed[1:]]
    assert rows[0][0] == '0' and rows[-1][1:] == [str(FRAMES), 'nobody'] and rows[-2][-1].endswith('%')


def test_recordings_that_have_no_windows_are_named(predictor, tmp_path):
    nobody = write_skeleton(tmp_path / 'nobody.skeleton', np.full((1, 9, 25, 3), np.nan))
    with pytest.raises(UserError, match='nobody.skeleton: without a skeleton'):
        predictor.windows(nobody, WINDOW)
    with pytest.raises(UserError, match='--window 301: the clips of this model have 300 frames'):
        predictor.windows(write_skeleton(tmp_path / 'all.skeleton', people(301)), 301)


@pytest.mark.parametrize('flags', [['--window', '9', '--stride', '10'], ['--stride', '9'], ['--live', '0'],
                                   ['--live', '0', '--window', '8'],
                                   ['--window', '9', '--out', 's.pkl'], ['--onnx', 'm.onnx']])
def test_flags_that_do_not_go_together_are_named(flags):
    with pytest.raises(UserError, match='--'):
        parse_arguments(['--config', 'c.yaml', 'long.skeleton', *flags])


def test_exported_models_give_the_same_windows(road, predictor, tmp_path):
    for name in ('onnx', 'onnxruntime', 'onnxscript'):
        pytest.importorskip(name)
    run_script('export.py', '--config', road / 'c.yaml', '--out', tmp_path / 'm.onnx', cwd=tmp_path)
    expected, found = (model.windows(road / 'long.skeleton', WINDOW, STRIDE)
                       for model in (predictor, Predictor(onnx=tmp_path / 'm.onnx')))
    assert len(found) == len(expected) == 5
    for ours, theirs in zip(expected[:-1], found):
        np.testing.assert_allclose(theirs.scores, ours.scores, atol=1e-4)
    assert found[-1].scores is expected[-1].scores is None
    cut, = Predictor(onnx=tmp_path / 'm.onnx').predict([write_skeleton(tmp_path / 'all.skeleton', people(301))])
    assert (cut.frames, cut.used) == (301, 300)


def test_timeline_is_drawn(run, road):
    pytest.importorskip('matplotlib')
    run('visualize.py', 'timeline', '--config', road / 'c.yaml', '--file', road / 'long.skeleton', '--window', WINDOW,
        '--stride', STRIDE, '--out', road / 't.svg')
    text = (road / 't.svg').read_text()
    drawn = {segment.label for segment in timeline(Predictor(road / 'c.yaml').windows(road / 'long.skeleton', WINDOW,
                                                                                      STRIDE))}
    for label in drawn - {None}:
        assert f'>class {label}<' in text
    assert '>seconds<' in text and '>long.skeleton<' in text
