"""The benchmarks run from their command lines at tiny sizes and print every row."""
import json
import os
import subprocess
import sys

import pytest
import torch
from commands import Command
from conftest import ROOT, shared_path

from tests.data_gen import raw_kinetics, raw_ntu


def run_benchmark(name, *flags, status=0):
    process = Command('-m', [f'benchmarks.{name}', *flags], ROOT).finish()
    assert process.returncode == status, process.stderr
    return process


def rows(process):
    """Return the cells of all rows that were printed, but for the heads of the tables."""
    return [line.strip('| ').split(' | ') for table in process.stdout.split(' --- |\n')[1:]
            for line in table.partition('\n\n')[0].splitlines()]


def test_the_model_is_compared_with_the_plain_one(tmp_path):
    process = run_benchmark('model', '--models', 'agcn', '--work', 'train', '--compile', 'no', '--frames', 4,
                            '--batch-size', 2, '--rounds', 1, '--precisions', 'fp32', '--json', tmp_path / 'j')
    table = rows(process)
    assert [row[:3] for row in table] == [['agcn', 'train', 'plain fp32'], ['agcn', 'train', 'fp32']]
    assert table[0][4] == '1.00' and all(float(row[3]) > 0 for row in table)
    assert [list(json.loads(line).values()) for line in (tmp_path / 'j').read_text().splitlines()] == table


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a CUDA device')
@pytest.mark.parametrize('name', ['model', 'training'])
def test_a_device_that_is_not_there_gets_one_line(name):
    assert run_benchmark(name, '--device', 'cuda', status=2).stderr.startswith('error: --device cuda: ')


def test_training_is_compared_with_the_model_alone():
    table = rows(run_benchmark('training', '--frames', 4, '--batch-size', 2, '--steps', 3))
    assert [row[0] for row in table] == ['model alone', 'main.py']
    assert all(float(row[1]) > 0 for row in table)


def test_data_are_compared_with_the_plain_way(tmp_path):
    raw_ntu.write_tree(tmp_path / 'ntu', raw_ntu.names_of(12))
    raw_kinetics.write_tree(tmp_path / 'kinetics', {'train': 4, 'val': 2})
    table = rows(run_benchmark('data', '--ntu_tree', tmp_path / 'ntu', '--kinetics_tree', tmp_path / 'kinetics',
                               '--items', 2))
    assert {('12 of ntu', '1'), ('12 of ntu', '2'), ('6 of kinetics', '1')} <= {tuple(row[:2]) for row in table}
    assert len(table) >= 8 and all(float(row[-1]) >= 0 for row in table)


def test_a_video_is_read_estimated_and_recognised():
    for library in ('av', 'mediapipe', 'norfair', 'matplotlib'):
        pytest.importorskip(library)
    table = rows(run_benchmark('video', '--pose-model', shared_path('pose/pose_landmarker_full.task'), '--frames', 80))
    assert [row[0] for row in table] == ['decoding', 'landmarks', 'recognition', 'all together']
    assert all(float(row[1]) > 0 for row in table)


def test_all_steps_for_a_gpu_run_on_the_cpu(tmp_path, long_mode):
    if not long_mode:
        pytest.skip('it repeats other tests: --long')
    subprocess.run(['bash', ROOT / 'benchmarks/gpu.sh', tmp_path / 'all.json', 'cpu'], check=True,
                   env={**os.environ, 'PYTHON': sys.executable})
    lines = [json.loads(line) for line in (tmp_path / 'all.json').read_text().splitlines()]
    statuses = [(line['step'], line['status']) for line in lines if 'status' in line]
    assert statuses == [('tests', 0), ('model', 0), ('training', 0)]
    assert {line['work'] for line in lines if 'work' in line} == {'train', 'test'}
