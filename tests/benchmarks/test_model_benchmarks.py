"""The benchmarks of the model and of training run from their command lines at tiny sizes and print every row."""
import pytest
import torch
from commands import Command

from benchmarks.model import Case, plain_gflop
from tests.conftest import ROOT


def run_benchmark(name, *flags, status=0):
    process = Command('-m', [f'benchmarks.{name}', *flags], ROOT).finish()
    assert process.returncode == status, process.stderr
    return process


def rows(process):
    """Return the cells of the rows of the table that was printed, without its head."""
    lines = [line.strip('| ').split(' | ') for line in process.stdout.splitlines() if line.startswith('| ')]
    assert all(len(line) == len(lines[0]) for line in lines)
    return lines[2:]


def test_every_side_of_the_model_has_a_row():
    process = run_benchmark('model', '--models', 'agcn', '--work', 'train', '--compile', 'no', '--frames', 4,
                            '--batch-size', 2, '--rounds', 1, '--threads', 1, '--precisions', 'fp32')
    assert 'matrix product in float32' in process.stdout and torch.__version__ in process.stdout
    table = rows(process)
    assert [row[:4] for row in table] == [['agcn', 'ntu', 'train', how] for how in ('plain fp32', 'fp32')]
    assert table[0][5:7] == ['1.00', '1.00'] and all(float(row[4]) > 0 for row in table)


@pytest.mark.parametrize('network', ['agcn', 'aagcn'])
def test_arithmetic_is_counted_as_published(network):
    gflop = plain_gflop(Case(network, 'ntu', 'test', 'cpu', 1, 300, 1))
    assert gflop == pytest.approx(38.8, abs=.1)


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a CUDA device')
def test_a_device_that_is_not_there_gets_one_line():
    for name in ('model', 'training'):
        assert run_benchmark(name, '--device', 'cuda', status=2).stderr.startswith('error: --device cuda: ')


def test_training_is_compared_with_the_model_alone():
    process = run_benchmark('training', '--device', 'auto', '--samples', 6, '--clips', 4, '--frames', 4,
                            '--batch-size', 2, '--steps', 1, '--log-intervals', 2, '--workers', 0)
    table = rows(process)
    assert [row[0] for row in table] == ['model alone', 'model alone, the loss read after every step', 'loader alone',
                                         'main.py, log_interval 2']
    assert all(float(row[1]) > 0 for row in table)
    if not torch.cuda.is_available():
        assert 'Synchronisations in a step of main.py: none (the CPU is the device)' in process.stdout
