"""Data preparation on systems without fork, and without fcntl: the same files."""
import pickle

import numpy as np
import pytest

from tests.data_gen import raw_kinetics, raw_ntu
from tests.data_gen.raw_custom import flags, write_clips
from tests.data_gen.raw_ntu import tree_bytes

SYSTEMS = {
    'spawn': 'import multiprocessing; multiprocessing.set_start_method("spawn", force=True)',
    'without fcntl': 'import sys; sys.modules["fcntl"] = None',
}


def ntu(folder):
    raw_ntu.write_tree(folder / 'raw', raw_ntu.names_of(12))
    return 'data_gen/ntu_gendata.py', '--data_path', folder / 'raw', '--out_folder', folder / 'out'


def kinetics(folder):
    raw_kinetics.write_tree(folder / 'raw', {'train': 8, 'val': 6})
    return 'data_gen/kinetics_gendata.py', '--data_path', folder / 'raw', '--out_folder', folder / 'out'


def pyskl(folder):
    joints = raw_ntu.random_bodies(np.random.default_rng(0), 9, 2)
    annotations = [{'frame_dir': str(i), 'label': i, 'total_frames': 9, 'keypoint': joints + i} for i in range(9)]
    split = {'train': list('0123456'), 'val': ['7', '8']}
    (folder / 'a.pkl').write_bytes(pickle.dumps({'split': split, 'annotations': annotations}))
    return 'data_gen/pyskl_gendata.py', '--annotations', folder / 'a.pkl', '--out_folder', folder / 'out'


def custom(folder):
    write_clips(folder)
    return 'data_gen/custom_gendata.py', *flags(folder, folder / 'out'), '--center', 'chest'


@pytest.mark.parametrize('system, source', [('spawn', ntu), ('spawn', kinetics), ('spawn', pyskl), ('spawn', custom),
                                            ('without fcntl', ntu)])
def test_the_files_are_the_same(tmp_path, run, system, source):
    command = source(tmp_path)
    run(*command, '--workers', 1)
    expected = tree_bytes(tmp_path / 'out')
    (tmp_path / 'site').mkdir()
    (tmp_path / 'site/sitecustomize.py').write_text(SYSTEMS[system])
    run(*command, '--workers', 2, '--overwrite', env={'PYTHONPATH': str(tmp_path / 'site')})
    assert len(expected) >= 4 and tree_bytes(tmp_path / 'out') == expected
