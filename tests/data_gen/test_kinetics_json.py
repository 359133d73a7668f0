"""One JSON file as a clip: against the plain transcription, however it is written, and every kind of damage."""
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_gen.formats import kinetics_json
from data_gen.formats.sample import BrokenSample
from tests.data_gen.plain_kinetics import plain_clip
from tests.data_gen.prepared import KINETICS, clip_of
from tests.data_gen.raw_kinetics import random_content


def prepare_clip(path):
    """Return the clip in the file at `path`."""
    return clip_of(path, KINETICS)


@pytest.fixture
def content():
    """What a file of 12 frames with up to 3 persons holds."""
    return random_content(np.random.default_rng(1), 12, 3)


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'clip.json'


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2 ** 32), frames=st.integers(1, 299), persons=st.integers(1, 8))
def test_clip_is_that_of_the_plain_transcription(tmp_path_factory, seed, frames, persons):
    path = tmp_path_factory.getbasetemp() / 'random.json'
    content = random_content(np.random.default_rng(seed), min(frames, 60), persons)
    content['data'].append({'frame_index': frames, 'skeleton': content['data'][0]['skeleton'] or
                            [{'pose': [0.25] * 36, 'score': [0.5] * 18}]})
    path.write_text(json.dumps(content))
    assert np.array_equal(prepare_clip(path), plain_clip(path))


def test_persons_whose_scores_differ_in_order_only(path):
    """Their sums are equal, or differ in the last bit, by how they are added up: the published order stands."""
    rng = np.random.default_rng(0)
    score = rng.random(18).round(3)
    path.write_text(json.dumps({'data': [
        {'frame_index': t, 'skeleton': [{'pose': [0.1 * m] * 36, 'score': rng.permutation(score).tolist()}
                                        for m in range(1, 6)]} for t in range(200)]}))
    assert np.array_equal(prepare_clip(path), plain_clip(path))


def test_frames_beyond_the_clip_are_cut_and_nothing_else_is(content, path):
    path.write_text(json.dumps(content))
    expected = prepare_clip(path)
    content['data'] += [{**content['data'][0], 'frame_index': index} for index in (300, 301)]
    path.write_text(json.dumps(content))
    assert np.array_equal(prepare_clip(path), expected)


def frame(index=0, **person):
    return {'frame_index': index, 'skeleton': [{'pose': [.5] * 36, 'score': [.5] * 18, **person}]}


DAMAGES = {
    'data no list': ({'data': {}}, 'data is {}'),
    'a frame that is null': ({'data': [frame(), None]}, 'frame 2'),
    'no frame_index': ({'data': [{'skeleton': []}]}, 'frame 1: no frame_index'),
    'a negative frame_index': ({'data': [frame(-1)]}, '-1'),
    'a huge frame_index': ({'data': [frame(10 ** 30)]}, '1000'),
    'no skeleton': ({'data': [{'frame_index': 0}]}, 'frame 1: no skeleton'),
    'no score': ({'data': [{'frame_index': 0, 'skeleton': [{'pose': [.5] * 36}]}]}, 'frame 1: no score'),
    'a short pose': ({'data': [frame(pose=[.5] * 34)]}, 'pose of 34'),
    'a word': ({'data': [frame(pose=['left', *[.5] * 35])]}, 'not lists of numbers'),
    'null': ({'data': [frame(score=[None, *[.5] * 17])]}, 'a value of nan'),
    'a huge number': ({'data': [frame(pose=[10 ** 400, *[.5] * 35])]}, 'not lists of numbers'),
    'a far number': ({'data': [frame(score=[2e6, *[.5] * 17])]}, '2000000.0'),
    'pixels': ({'data': [frame(pose=[640.5] * 36)]}, 'a coordinate of 640.5, far outside 0…1'),
}


@pytest.mark.parametrize('damage', DAMAGES)
def test_damage_is_named(path, damage):
    content, words = DAMAGES[damage]
    path.write_text(json.dumps(content))
    with pytest.raises(BrokenSample) as error:
        kinetics_json.read_recording(path)
    assert str(path) in str(error.value) and words in str(error.value)


def test_a_person_partly_outside_of_the_image_is_kept(content, path):
    content['data'][3] = frame(3, pose=[1.5] * 36)
    path.write_text(json.dumps(content))
    assert np.array_equal(prepare_clip(path), plain_clip(path))
