"""What ends a command in one line: also what torch and the environment do."""

import pytest
import torch
from conftest import assert_one_line_error

from runtime.errors import UserError, run_command


def test_a_long_line_keeps_its_beginning_and_its_advice():
    line = str(UserError(f'c.yaml: {"x" * 1000}\n: give another value'))
    assert len(line) < 500 and line.startswith('c.yaml: xxx') and line.endswith(': give another value')


@pytest.mark.parametrize('error', [
    MemoryError(), torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2 GiB'),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")])
def test_memory_that_runs_out_gets_one_line(error, capsys):
    def command():
        raise error
    with pytest.raises(SystemExit, match='2'):
        run_command(command)
    assert capsys.readouterr().err == 'error: out of memory: use smaller batches or fewer processes\n'


def test_a_defect_keeps_its_traceback():
    with pytest.raises(RuntimeError, match='size'):
        run_command(lambda: torch.ones(2) @ torch.ones(3))


def test_of_the_processes_of_a_machine_one_prints_the_line(run):
    process = run('ensemble.py', '--datasets', 'none', env={'RANK': '3', 'LOCAL_RANK': '0'}, status=2)
    assert_one_line_error(process, 'none')
    assert not run('ensemble.py', '--datasets', 'none', env={'RANK': '1', 'LOCAL_RANK': '1'}, status=2).stderr
