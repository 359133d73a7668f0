"""Files are read as data: what people have is read as it was written, and nothing in a file runs."""
import collections
import io
import os
import pickle

import numpy as np
import pytest
import torch

from runtime.data_file import load_pickle
from runtime.errors import UserError
from runtime.weights import load_weights


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize('value', [
    (['a.skeleton', 'b.skeleton'], [0, 59]), {'name': np.arange(6, dtype=np.float32)},
    np.asfortranarray(np.arange(6).reshape(2, 3)), np.arange(4).astype('>i4'), np.array([b'a', b'bc']),
    [np.arange(3)] * 2, np.float32(0.25), b'\xff\x00', {1, 2}, collections.OrderedDict(a=None)], ids=str)
def test_plain_data_is_read_as_written(tmp_path, value, protocol):
    content = pickle.dumps(value, protocol)
    (tmp_path / 'file.pkl').write_bytes(content)
    loaded, expected = load_pickle(tmp_path / 'file.pkl'), pickle.loads(content)
    assert type(loaded) is type(expected) and getattr(loaded, 'dtype', None) == getattr(expected, 'dtype', None)
    np.testing.assert_equal(loaded, expected)


def test_labels_of_python_2_and_numpy_1(tmp_path):
    # pickle.dump((['S001.skeleton'], numpy.array([7, 300])), file, 2) of Python 2.7 and NumPy 1.16.
    (tmp_path / 'file.pkl').write_bytes(
        b'\x80\x02]q\x01U\rS001.skeletonq\x02acnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04'
        b'K\x00\x85q\x05U\x01bq\x06\x87q\x07Rq\x08(K\x01K\x02\x85q\tcnumpy\ndtype\nq\nU\x02i8q\x0bK\x00K\x01'
        b'\x87q\x0cRq\r(K\x03U\x01<q\x0eNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x0fb\x89U\x10\x07\x00\x00'
        b'\x00\x00\x00\x00\x00\x2c\x01\x00\x00\x00\x00\x00\x00q\x10tq\x11b\x86q\x12.')
    names, labels = load_pickle(tmp_path / 'file.pkl')
    assert names == ['S001.skeleton'] and labels.tolist() == [7, 300]


class Runs:
    def __reduce__(self):
        return os.system, ('echo ran > hostile_marker',)


class RunsInStorage:
    """A pickle whose tensor bytes are themselves a torch file that runs something."""

    def __reduce__(self):
        hidden = io.BytesIO()
        torch.save(Runs(), hidden)
        return torch.storage._load_from_bytes, (hidden.getvalue(),)


@pytest.mark.parametrize('value', [
    Runs(), [Runs()], np.array([Runs()], dtype=object), Exception('x'), print, {'a': RunsInStorage()}],
    ids=['call', 'nested', 'object array', 'instance', 'function', 'storage'])
@pytest.mark.parametrize('load, save', [(load_pickle, pickle.dump), (load_weights, pickle.dump),
                                        (load_weights, torch.save)])
def test_nothing_in_a_file_runs(tmp_path, monkeypatch, load, save, value):
    monkeypatch.chdir(tmp_path)
    with open('file.pkl', 'wb') as file:
        save(value, file)
    with pytest.raises(UserError, match=r'file\.pkl'):
        load('file.pkl')
    assert not (tmp_path / 'hostile_marker').exists()
