"""The benchmarks of the model and of training run from their command lines at tiny sizes and print every row."""
import json
import os
import subprocess
import sys

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
    """Return the cells of the rows of the tables that were printed, without heads."""
    tables = process.stdout.split(' --- |\n')[1:]
    return [line.strip('| ').split(' | ') for table in tables for line in table.partition('\n\n')[0].splitlines()]


def test_every_side_of_the_model_has_a_row(tmp_path):
    process = run_benchmark('model', '--models', 'agcn', '--work', 'train', '--compile', 'no', '--frames', 4,
                            '--batch-size', 2, '--rounds', 1, '--threads', 1, '--precisions', 'fp32',
                            '--json', tmp_path / 'j')
    assert 'matrix product in float32' in process.stdout and torch.__version__ in process.stdout
    table = rows(process)
    assert [row[:4] for row in table] == [['agcn', 'ntu', 'train', how] for how in ('plain fp32', 'fp32')]
    assert table[0][5:7] == ['1.00', '1.00'] and all(float(row[4]) > 0 for row in table)
    written = [json.loads(line) for line in (tmp_path / 'j').read_text().splitlines()]
    assert [list(row.values()) for row in written] == table


@pytest.mark.parametrize('network', ['agcn', 'aagcn'])
def test_arithmetic_is_counted_as_published(network):
    gflop = plain_gflop(Case(network, 'ntu', 'test', 'cpu', 1, 300, 1))
    assert gflop == pytest.approx(38.8, abs=.1)


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a CUDA device')
def test_a_device_that_is_not_there_gets_one_line():
    for name in ('model', 'training'):
        assert run_benchmark(name, '--device', 'cuda', status=2).stderr.startswith('error: --device cuda: ')


def test_training_is_compared_with_the_model_alone_and_waits_for_nothing():
    process = run_benchmark('training', '--device', 'auto', '--samples', 6, '--clips', 4, '--frames', 4,
                            '--batch-size', 2, '--steps', 1, '--log-intervals', 2, '--workers', 0)
    times, calls = rows(process)[:4], rows(process)[4:]
    assert [row[0] for row in times] == ['model alone', 'model alone, the loss read after every step', 'loader alone',
                                         'main.py, log_interval 2']
    assert all(float(row[1]) > 0 for row in times)
    assert 'aten::_local_scalar_dense' in dict(calls) and {times for _, times in calls} == {'0'}


def test_all_steps_of_a_gpu_are_tried_on_the_cpu(tmp_path, long_mode):
    if not long_mode:
        pytest.skip('it repeats other tests: --long')
    process = subprocess.run(['bash', ROOT / 'benchmarks/gpu.sh', tmp_path / 'all.json', 'cpu'], capture_output=True,
                             text=True, env={**os.environ, 'PYTHON': sys.executable})
    assert process.returncode == 0, process.stdout
    steps = json.loads((tmp_path / 'all.json').read_text())
    assert list(steps) == ['machine', 'model', 'tests', 'training']
    assert len(steps['model']['rows']) == 4 and len(steps['training']['rows']) == 9
    assert 'passed' in steps['tests']['last line'] and torch.__version__ in steps['machine']['last line']
