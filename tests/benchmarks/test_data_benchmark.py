"""The benchmark of data runs from its command line on what it makes itself, and prints every rate."""
import os
import subprocess
import sys

from tests.conftest import ROOT


def test_prints_all_rates(tmp_path):
    process = subprocess.run(
        [sys.executable, '-m', 'benchmarks.data', '--ntu_files', '12', '--kinetics_files', '5', '--plain_files', '1',
         '--items', '2'], cwd=ROOT, capture_output=True, text=True, env={**os.environ, 'TMPDIR': str(tmp_path)})
    assert process.returncode == 0, process.stderr
    for words in ('ntu: 12 raw files', 'kinetics: 5 raw files', '1 workers:', '2 workers:', 'x plain', 'gen_bone_data:',
                  'gen_motion_data:', 'nturgbd-cross-subject/train_joint:',
                  'kinetics-skeleton/train_bone_motion:'):
        assert words in process.stdout, process.stdout
    assert not list(tmp_path.iterdir())
