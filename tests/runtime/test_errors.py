"""What ends a command in one line: also what torch and the environment do."""
import pytest
import torch
from conftest import assert_one_line_error

from runtime.errors import run_command


def ended(command, capsys):
    with pytest.raises(SystemExit) as end:
        run_command(command)
    return end.value.code, capsys.readouterr().err


@pytest.mark.parametrize('error', [
    MemoryError(), torch.OutOfMemoryError('CUDA out of memory. Tried to allocate 2 GiB'),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")])
def test_memory_that_runs_out_gets_one_line(error, capsys):
    def command():
        raise error
    status, text = ended(command, capsys)
    assert status == 2 and text == 'error: out of memory: use smaller batches or fewer processes\n'


def test_a_defect_keeps_its_traceback():
    with pytest.raises(RuntimeError, match='size'):
        run_command(lambda: torch.ones(2) @ torch.ones(3))


def test_an_error_is_told_on_every_machine_and_without_torchrun(run):
    process = run('ensemble.py', '--datasets', 'none', env={'RANK': '3', 'LOCAL_RANK': '0'}, status=2)
    assert_one_line_error(process, 'none')
    assert not run('ensemble.py', '--datasets', 'none', env={'RANK': '1', 'LOCAL_RANK': '1'}, status=2).stderr
