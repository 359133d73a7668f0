"""ctrgcn_gendata.py as a command: the same numbers in the usual files, damaged and hostile archives, its memory."""
import os
import resource
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT

from tests.conftest import assert_one_line_error
from tests.data_gen.prepared import load
from tests.data_gen.raw_ntu import tree_bytes

SCRIPT = 'data_gen/ctrgcn_gendata.py'


def random_arrays(train=7, test=5, frames=12, classes=60):
    """Return what an archive holds: the last frames of each clip, and every other second person, are zeros."""
    rng = np.random.default_rng(0)
    arrays = {}
    for end, number in (('train', train), ('test', test)):
        x = rng.standard_normal((number, frames, 150)).astype(np.float32)
        x[:, -2:] = 0
        x[::2, :, 75:] = 0
        arrays |= {f'x_{end}': x, f'y_{end}': np.eye(classes)[rng.integers(classes, size=number)]}
    return arrays


@pytest.mark.parametrize('save, workers', [(np.savez, 1), (np.savez_compressed, 3)])
def test_the_joints_stay_as_they_are(tmp_path, run, save, workers):
    arrays = random_arrays(train=20)
    save(tmp_path / 'NTU60_CS.npz', **arrays)
    out = tmp_path / 'out'
    run(SCRIPT, '--arrays', 'NTU60_CS.npz', '--out_folder', out, '--workers', workers)
    for end, part in (('train', 'train'), ('test', 'val')):
        names, labels, data = load(out, part)
        x, y = arrays[f'x_{end}'], arrays[f'y_{end}']
        assert names == [f'{end}_{n}' for n in range(len(x))]
        assert labels == y.argmax(1).tolist()
        assert data.shape == (len(x), 3, 12, 25, 2) and data.dtype == np.float32
        for c, v, m in ((0, 0, 0), (2, 24, 0), (1, 7, 1)):
            np.testing.assert_array_equal(data[:, c, :, v, m], x[:, :, 75 * m + 3 * v + c])


def test_damaged_rows_are_left_out_named_and_counted(tmp_path, run):
    arrays = random_arrays()
    arrays['x_train'][3, 1, 4] = np.nan
    arrays['x_test'][0] = 0
    np.savez(tmp_path / 'a.npz', **arrays)
    process = run(SCRIPT, '--arrays', 'a.npz', '--out_folder', 'out', status=1)
    assert 'left out: a.npz: row 3 of x_train: a value of nan' in process.stderr
    assert 'kept as zeros: 1 (test_0)' in process.stdout
    assert load(tmp_path / 'out', 'train')[0] == [f'train_{n}' for n in (0, 1, 2, 4, 5, 6)]


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize('change', [
    {'x_test': None}, {'y_train': np.eye(60)[:3]}, {'x_train': np.zeros((7, 12, 75), np.float32)},
    {'y_test': np.arange(5)}, {'x_test': np.array(['left'] * 5)}, 'hostile', 'text', 'cut'])
def test_what_is_not_in_the_form_is_one_line(tmp_path, run, change):
    path = tmp_path / 'a.npz'
    arrays = random_arrays()
    if change == 'hostile':
        arrays['y_train'] = np.array([[Hostile(tmp_path / 'ran')] * 60] * 7)
    elif isinstance(change, dict):
        arrays = {name: array for name, array in {**arrays, **change}.items() if array is not None}
    np.savez(path, **arrays)
    if change == 'text':
        path.write_text('no archive')
    elif change == 'cut':
        path.write_bytes(path.read_bytes()[:-100])
    assert_one_line_error(run(SCRIPT, '--arrays', path, '--out_folder', tmp_path / 'out', status=2), path)
    assert not (tmp_path / 'ran').exists() and not (tmp_path / 'out').exists()


def test_memory_does_not_grow_with_the_archive(tmp_path):
    """The archive unpacks to 180 MB, more than the process may have."""
    zeros = np.zeros((1000, 300, 150), np.float32)
    np.savez_compressed(tmp_path / 'a.npz', x_train=zeros, y_train=np.eye(60)[[0] * 1000], x_test=zeros[:1],
                        y_test=np.eye(60)[:1])
    subprocess.run([sys.executable, ROOT / SCRIPT, '--arrays', 'a.npz', '--out_folder', 'out', '--workers', '1'],
                   cwd=tmp_path, check=True, env={**os.environ, 'OPENBLAS_NUM_THREADS': '1'},
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (170 << 20, 170 << 20)))
    assert tree_bytes(tmp_path / 'out')['train_data_joint.npy'][-1:] == b'\0'
