"""Runs side by side: on which devices, and how they are stopped. That they run and fail is tested with crossval.py."""
from conftest import ROOT, assert_one_line_error

from runtime.cores import cores
from runtime.side_by_side import places


def test_each_run_at_a_time_has_a_device():
    assert places(['0', '1']) == ['0', '1']
    assert places(['0', '1'], 3) == ['0', '1', '0']
    assert places(['cpu']) == ['cpu'] * cores()
    assert places(['cpu'], 2) == ['cpu', 'cpu']


STOPPED = """
import pathlib, sys
sys.path.insert(0, {root!r})
from runtime import errors, side_by_side
side_by_side.MAIN = pathlib.Path('stops_its_parent.py')
errors.run_command(lambda: side_by_side.run_side_by_side([pathlib.Path()], ['cpu']))
"""


def test_sigterm_ends_the_runs_with_the_command(run, tmp_path):
    (tmp_path / 'stops_its_parent.py').write_text('import os, signal\nos.kill(os.getppid(), 15)\nsignal.pause()\n')
    (tmp_path / 'command.py').write_text(STOPPED.format(root=str(ROOT)))
    process = run(tmp_path / 'command.py', status=143)  # its run would go on for ever
    assert_one_line_error(process, 'stopped by SIGTERM', 'the same command')
