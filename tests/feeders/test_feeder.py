"""The Feeder: items, statistics, accuracy, and the one line that wrong files get."""
import pickle
import random

import numpy as np
import pytest

from feeders.feeder import MOVES, Feeder, mean_and_deviation
from feeders.labels import top_k
from runtime.dotted import build
from runtime.errors import UserError

N, C, T, V, M = 12, 3, 20, 5, 2


@pytest.fixture
def data():
    """(N, C, T, V, M), zero in the last frames, one more in each sample."""
    data = np.random.default_rng(1).standard_normal((N, C, T, V, M)).astype(np.float32)
    for i in range(N):
        data[i, :, T - i // 2:] = 0
    return data


@pytest.fixture
def files(tmp_path, data):
    """A function that writes arrays and the content of a label file, and returns the two paths."""
    def write(array=data, content=None, protocol=2):
        np.save(tmp_path / 'joint.npy', array)
        content = content or ([f'sample{i}' for i in range(N)], [i % 4 for i in range(N)])
        (tmp_path / 'label.pkl').write_bytes(pickle.dumps(content, protocol))
        return str(tmp_path / 'joint.npy'), str(tmp_path / 'label.pkl')
    return write


def seed(number):
    random.seed(number)
    np.random.seed(number)


@pytest.fixture(autouse=True)
def seeded():
    seed(0)


def test_published_items(golden, files):
    arrays = golden('feeder.npz')
    paths = files(arrays['feeder_data'], ([f's{i}' for i in range(6)], arrays['feeder_labels'].tolist()))
    feeder = Feeder(*paths, random_choose=True, random_move=True, window_size=30, normalization=True)
    seed(20)
    items = np.stack([feeder[i][0] for i in range(6)])
    np.testing.assert_allclose(items, arrays['feeder_items'], rtol=1e-5, atol=3e-6)
    fractions = [feeder.top_k(arrays['top_k_score'], k) for k in (1, 2, 3, 5)]
    np.testing.assert_array_equal(fractions, arrays['top_k'])


@pytest.mark.parametrize('use_mmap', (True, False))
def test_item_is_the_file(files, data, use_mmap):
    feeder = Feeder(*files(), use_mmap=use_mmap)
    assert isinstance(feeder.data, np.memmap) == use_mmap
    assert len(feeder) == N and feeder.sample_name[3] == 'sample3' and feeder.label == [i % 4 for i in range(N)]
    clip, label, index = feeder[7]
    assert type(clip) is np.ndarray and clip.dtype == np.float32 and (label, index) == (3, 7)
    np.testing.assert_array_equal(clip, data[7])
    clip[:] = 5  # an item is the caller's own
    np.testing.assert_array_equal(feeder[7][0], data[7])


def test_window_pads_and_never_cuts_unless_chosen(files, data):
    paths = files()
    np.testing.assert_array_equal(Feeder(*paths, window_size=8)[2][0], data[2])
    padded = Feeder(*paths, window_size=26)[2][0]
    np.testing.assert_array_equal(padded[:, :T], data[2])
    assert padded.shape == (C, 26, V, M) and not padded[:, T:].any()
    window = Feeder(*paths, window_size=8, random_choose=True)[2][0]
    assert any(np.array_equal(window, data[2, :, begin:begin + 8]) for begin in range(T - 7))
    assert Feeder(*paths, window_size=26, random_choose=True)[2][0].shape == (C, 26, V, M)
    with pytest.raises(UserError, match='window_size'):
        Feeder(*paths, random_choose=True)


def test_padding_comes_before_the_move(files):
    """As published: the frames of zeros that fill the window are moved with the others."""
    seed(2)
    clip = Feeder(*files(), window_size=30, random_move=True)[0][0]
    assert clip[:2, T:].any() and not clip[2, T:].any()


def test_normalization_streams_over_the_file(files, data, monkeypatch):
    monkeypatch.setattr('feeders.feeder.BLOCK_VALUES', 5 * C * T * V * M)  # blocks of 5, 5 and 2 samples
    data += 100  # far from zero, where sums of squares in float32 would lose the deviation
    data[:, 2, :, 4] = 7  # a joint that never changes
    feeder = Feeder(*files(data), normalization=True)
    exact = data.astype(np.float64)
    assert feeder.mean_map.shape == feeder.std_map.shape == (C, 1, V, 1)
    np.testing.assert_allclose(feeder.mean_map, exact.mean(axis=(0, 2, 4), keepdims=True)[0], rtol=1e-6)
    std = exact.std(axis=(0, 2, 4), keepdims=True)[0]
    std[2, 0, 4] = 1
    np.testing.assert_allclose(feeder.std_map, std, rtol=1e-5)
    np.testing.assert_allclose(feeder[4][0], (data[4] - feeder.mean_map) / feeder.std_map, rtol=1e-6)
    assert not feeder[4][0][2, :, 4].any()
    monkeypatch.undo()
    np.testing.assert_allclose(mean_and_deviation(feeder.data)[1], std, rtol=1e-5)


def test_no_class_is_among_the_best_of_scores_with_nan():
    assert top_k(np.full((4, 3), np.nan), [0, 1, 2, 2], 3) == 0
    assert top_k([[0, 1, np.nan], [0, 1, 2]], [2, 2], 1) == 0.5


def test_debug_keeps_the_first_hundred(feed):
    feeder = feed(np.zeros((120, 1, 2, 3, 1), np.float32), debug=True)
    assert len(feeder) == len(feeder.data) == len(feeder.sample_name) == len(feeder.label) == 100


def assert_refused(paths, *words, **arguments):
    with pytest.raises(UserError) as caught:
        Feeder(*paths, **arguments)
    assert '\n' not in str(caught.value)
    for word in words:
        assert str(word) in str(caught.value), str(caught.value)


@pytest.mark.parametrize('array', (
    np.zeros((N, 3)), np.zeros((0, C, T, V, M)), np.array([[[[['a']]]]] * N), np.array([[[[[{}]]]]] * N, object)))
def test_data_of_another_kind_are_named(files, array):
    paths = files(array)
    assert_refused(paths, paths[0])


@pytest.mark.parametrize('content, words', (
    ({'a': 1}, ['two lists']), ([1, 2], ['two lists']), ((['a', 'b'], [0]), ['one length']), (([], []), ['two lists']),
    ((['a', 'b'], [0, -1]), ['b', -1]), ((['a'], [1.5]), ['a', 1.5]), ((['a'], ['b']), ['a', 'b']),
    ((['a'], [True]), ['True']), (([0, 1], ['a', 'b']), ['a']),
    ((['a', 'b', b'a'], [0, 1, 2]), ['sample a', 'labels 0 and 2'])))
def test_wrong_labels_are_named(files, content, words):
    paths = files(content=content)
    assert_refused(paths, paths[1], *words)


def test_another_process_gets_the_path_not_the_content(files, data):
    sent = pickle.dumps(Feeder(*files()))
    assert len(sent) < data.nbytes / 4
    np.testing.assert_array_equal(pickle.loads(sent)[5][0], data[5])


@pytest.mark.parametrize('name', [*MOVES, 'random_span', 'window_size', 'uniform_sample', 'test_clips'])
def test_a_number_that_yaml_reads_as_text_is_named(files, name):
    data_path, label_path = files()
    arguments = {'data_path': data_path, 'label_path': label_path, 'dimensions': 3, name: '1e-2'}
    with pytest.raises(UserError, match=f"^train_feeder_args: .*{name}: '1e-2' is text"):
        build('feeders.feeder.Feeder', arguments, 'train_feeder_args')
