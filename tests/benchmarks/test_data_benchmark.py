"""The benchmark of data runs from its command line on small raw files, and prints every rate."""
import os
import subprocess
import sys

from tests.conftest import ROOT
from tests.data_gen import raw_kinetics, raw_ntu


def test_prints_all_rates(tmp_path):
    raw_ntu.write_tree(tmp_path / 'ntu', raw_ntu.names_of(12))
    raw_kinetics.write_tree(tmp_path / 'kinetics', {'train': 4, 'val': 2})
    (tmp_path / 'scratch').mkdir()
    process = subprocess.run(
        [sys.executable, '-m', 'benchmarks.data', '--ntu_tree', tmp_path / 'ntu', '--kinetics_tree',
         tmp_path / 'kinetics', '--items', '2'],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, 'TMPDIR': str(tmp_path / 'scratch')})
    assert process.returncode == 0, process.stderr
    for row in ('12 of ntu | 1', '12 of ntu | 2', '6 of kinetics | 1', 'gen_bone_data', 'gen_motion_data',
                'nturgbd-cross-subject/train_joint', 'kinetics-skeleton/train_bone_motion'):
        assert f'| {row} | ' in process.stdout, process.stdout
    assert not list((tmp_path / 'scratch').iterdir())
