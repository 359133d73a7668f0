"""Pickles are read as data: what people have is read as it was written, and nothing in a file runs."""
import collections
import os
import pickle

import numpy as np
import pytest

from runtime.data_file import load_pickle
from runtime.errors import UserError


def read(tmp_path, content):
    path = tmp_path / 'file.pkl'
    path.write_bytes(content)
    return load_pickle(path)


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize('value', [
    (['a.skeleton', 'b.skeleton'], [0, 59]),
    {'name': np.arange(6, dtype=np.float32)},
    np.asfortranarray(np.arange(6).reshape(2, 3)),
    np.arange(4).astype('>i4'), np.array(['a', 'bc']), np.array([b'a', b'bc']), np.array(3.5), np.zeros((0, 3)),
    [np.arange(3)] * 2,
    np.float32(0.25), np.int64(-3), b'', b'\xff\x00', {1, 2}, collections.OrderedDict(a=None),
], ids=str)
def test_plain_data_is_read_as_written(tmp_path, value, protocol):
    content = pickle.dumps(value, protocol)
    loaded, expected = read(tmp_path, content), pickle.loads(content)
    assert type(loaded) is type(expected)
    assert getattr(loaded, 'dtype', None) == getattr(expected, 'dtype', None)
    np.testing.assert_equal(loaded, expected)


def test_labels_of_python_2_and_numpy_1(tmp_path):
    # pickle.dump((['S001.skeleton'], numpy.array([7, 300])), file, 2) of Python 2.7 and NumPy 1.16.
    content = (b'\x80\x02]q\x01U\rS001.skeletonq\x02acnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04'
               b'K\x00\x85q\x05U\x01bq\x06\x87q\x07Rq\x08(K\x01K\x02\x85q\tcnumpy\ndtype\nq\nU\x02i8q\x0bK\x00K\x01'
               b'\x87q\x0cRq\r(K\x03U\x01<q\x0eNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x0fb\x89U\x10\x07\x00\x00'
               b'\x00\x00\x00\x00\x00\x2c\x01\x00\x00\x00\x00\x00\x00q\x10tq\x11b\x86q\x12.')
    names, labels = read(tmp_path, content)
    assert names == ['S001.skeleton']
    np.testing.assert_array_equal(labels, [7, 300])


class Runs:
    def __reduce__(self):
        return os.system, ('echo ran > hostile_marker',)


@pytest.mark.parametrize('value', [Runs(), [Runs()], np.array([Runs()], dtype=object), Exception('x'), print, Runs],
                         ids=['call', 'nested', 'object array', 'instance', 'function', 'class'])
def test_nothing_in_a_pickle_runs(tmp_path, monkeypatch, value):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r'file\.pkl'):
        read(tmp_path, pickle.dumps(value))
    assert not (tmp_path / 'hostile_marker').exists()


@pytest.mark.parametrize('content', [
    b'', b'garbage', pickle.dumps({'a': np.arange(100)})[:-40],
], ids=['empty', 'garbage', 'cut off'])
def test_a_broken_pickle_is_named(tmp_path, content):
    with pytest.raises(UserError, match=r'file\.pkl'):
        read(tmp_path, content)


def test_a_missing_pickle_is_named(tmp_path):
    with pytest.raises(UserError, match=r'none\.pkl'):
        load_pickle(tmp_path / 'none.pkl')
