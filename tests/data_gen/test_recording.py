"""Recordings of any kind, as clips."""
import json

import numpy as np
import pytest

from data_gen.formats import kinetics_json, ntu_skeleton, read_clips, recordings_in
from data_gen.formats.sample import BrokenSample
from data_gen.normalize import kinetics_clip, ntu_clip
from tests.data_gen.raw_ntu import random_bodies, skeleton_text, write_tree


@pytest.fixture
def folder(tmp_path):
    """A folder with a recording of each kind and a file that is none."""
    write_tree(tmp_path, ['S001C001P001R001A001'])
    person = {'pose': np.linspace(.1, .9, 36).tolist(), 'score': [.5] * 18}
    frames = [{'frame_index': t, 'skeleton': [person]} for t in (1, 2)]
    (tmp_path / 'clip.json').write_text(json.dumps({'data': frames, 'label': 'archery', 'label_index': 0}))
    np.save(tmp_path / 'one.npy', np.ones((3, 5, 25, 2), np.float32))
    np.save(tmp_path / 'two.npy', np.ones((2, 3, 5, 25, 2)))
    (tmp_path / 'notes.txt').write_text('no recording')
    return tmp_path


def test_each_kind_is_prepared_as_for_training(folder):
    raw, clip = folder / 'S001C001P001R001A001.skeleton', folder / 'clip.json'
    np.testing.assert_array_equal(read_clips(raw).clips[0], ntu_clip(ntu_skeleton.read_recording(raw))[0])
    np.testing.assert_array_equal(read_clips(clip).clips[0], kinetics_clip(kinetics_json.read_recording(clip))[0])
    assert read_clips(clip).clips.shape == (1, 3, 300, 18, 2) and read_clips(clip).clips.any()
    assert read_clips(folder / 'one.npy').clips.shape == (1, 3, 5, 25, 2)
    assert read_clips(folder / 'two.npy').clips.shape == (2, 3, 5, 25, 2)


def test_frames_and_those_that_are_used_are_told(folder):
    (tmp := folder / 'long.skeleton').write_text(skeleton_text(random_bodies(np.random.default_rng(0), 310)))
    assert read_clips(tmp)[1:] == (310, 300)
    assert read_clips(folder / 'clip.json')[1:] == (3, 3)
    assert read_clips(folder / 'one.npy')[1:] == (None, None)


def test_a_folder_stands_for_the_recordings_in_it(folder):
    names = ['S001C001P001R001A001.skeleton', 'clip.json', 'one.npy', 'two.npy']
    assert recordings_in([folder, folder / 'gone.json']) == [*(folder / name for name in names), folder / 'gone.json']


@pytest.mark.parametrize('name, content', [
    ('gone.npy', None), ('gone.json', None), ('cut.skeleton', b'3\n1\n'), ('cut.json', b'{"data": ['),
    ('empty.json', b'{"data": []}'), ('cut.npy', b'\x93NUMPY\x01'), ('picture.png', b'\x89PNG')])
def test_what_cannot_be_read_is_named_in_one_error(tmp_path, name, content):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(BrokenSample, match=name):
        read_clips(tmp_path / name)


def test_no_code_is_read_from_an_array(tmp_path):
    np.save(tmp_path / 'objects.npy', np.array([{}, None], dtype=object), allow_pickle=True)
    with pytest.raises(BrokenSample, match='objects.npy'):
        read_clips(tmp_path / 'objects.npy')
