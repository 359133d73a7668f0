"""A disk that fills up ends a run with one line, and leaves the previous files whole."""
import resource
import subprocess
import sys

from conftest import ROOT, assert_one_line_error
from tiny import config, write_config, write_dataset


def test_a_run_that_finds_no_room(run, tmp_path):
    write_dataset(tmp_path / 'data')
    path = write_config(tmp_path / 'c.yaml', config(tmp_path / 'data', tmp_path))
    run('main.py', '--config', path, '--num-epoch', '1')
    checkpoint = tmp_path / 'work_dir/checkpoint.pt'
    before = checkpoint.read_bytes()
    room = len(before) // 2, len(before) // 2  # bytes of a file
    process = subprocess.run([sys.executable, ROOT / 'main.py', '--config', path, '--num-epoch', '2', '--resume'],
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, room), cwd=tmp_path,
                             capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert process.returncode == 2
    assert_one_line_error(process, '.pt', 'File too large')
    assert checkpoint.read_bytes() == before
    assert not list(tmp_path.rglob('*.part'))
