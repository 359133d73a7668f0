"""Several processes on the CPU, started as by torchrun or by it: what one process does, they do together."""
import os
import pathlib
import pickle
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from commands import run_as_ranks
from conftest import ROOT
from run_files import files_below, read_scalars, same_weights
from tiny import config, write_config, write_dataset


@pytest.fixture
def data(tmp_path):
    write_dataset(tmp_path / 'data', [('train', 16), ('val', 10)])
    return tmp_path / 'data'


def two_ranks(script, *arguments, status=0):
    """Run a script of the project as two processes; return what they printed, on standard output and as errors."""
    ranks = run_as_ranks(2, ROOT / script, arguments, ROOT)
    output, errors = ''.join(rank.stdout for rank in ranks), ''.join(rank.stderr for rank in ranks)
    assert [rank.returncode for rank in ranks] == [status] * 2, f'{output}\n{errors}'
    return output, errors


@pytest.mark.parametrize('changes', [{}, {'class_weights': [9, 1, 2, 0]}])
def test_two_ranks_take_the_step_of_one(run, data, tmp_path, changes):
    path = write_config(tmp_path / 'c.yaml', config(data, tmp_path, batch_size=8, **changes))
    run('tests/one_step.py', path, tmp_path / 'one.pt', 'eval')
    two_ranks('tests/one_step.py', path, tmp_path / 'two.pt', 'eval')
    assert_same_weights(tmp_path / 'one.pt', tmp_path / 'two.pt')


def test_two_ranks_skip_empty_bodies_to_the_same_end(data, tmp_path):
    # In float64: in float32 now and then a ReLU switches on the last digit of an activation, for all the frames of an
    # empty body at once, and a gradient differs in the third digit, with or without skipping.
    for skip in (True, False):
        content = config(data, tmp_path, batch_size=8, skip_empty_bodies=skip)
        two_ranks('tests/one_step.py', write_config(tmp_path / 'c.yaml', content), tmp_path / f'{skip}.pt', 'train')
    assert_same_weights(tmp_path / 'True.pt', tmp_path / 'False.pt')


def assert_same_weights(*paths):
    one, two = (torch.load(path, weights_only=True) for path in paths)
    assert list(one) == list(two)
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=1e-6, atol=1e-8, msg=name)


def test_two_ranks_write_one_set_of_files(run, data, tmp_path):
    changes = {'num_epoch': 1, 'save_score': True, 'only_train_part': True, 'ema': 0.5, 'accumulate': 2}
    output, _ = two_ranks('main.py', '--config', write_config(tmp_path / 'c.yaml', config(data, tmp_path, **changes)))
    assert files_below(tmp_path / 'work_dir') == {
        'config.yaml', 'log.txt', 'agcn.py', 'checkpoint.pt', 'epoch1_test_score.pkl'}
    assert sum(1 for name in files_below(tmp_path / 'runs') if 'events' in name) == 2
    assert output.count('Training epoch: 1') == 1
    assert [step for step, _ in read_scalars(tmp_path / 'runs/tiny/train')['loss']] == [0, 1, 2, 3]

    test = config(data, tmp_path / 'test', phase='test', save_score=True, weights=str(tmp_path / 'runs/tiny-0-4.pt'))
    alone = run('main.py', '--config', write_config(tmp_path / 'test.yaml', test)).stdout
    theirs = pickle.loads((tmp_path / 'work_dir/epoch1_test_score.pkl').read_bytes())
    ours = pickle.loads((tmp_path / 'test/work_dir/epoch1_test_score.pkl').read_bytes())
    assert list(theirs) == list(ours) and len(ours) == 10
    for name in ours:
        np.testing.assert_allclose(theirs[name], ours[name], rtol=1e-5, atol=1e-5)
    for line in alone.splitlines():
        if 'Mean test loss' in line:
            assert line[:38] in output


@pytest.mark.parametrize('part', ['train', 'val'])
def test_an_error_is_one_line_and_ends_both_ranks(data, tmp_path, part):
    clips = np.load(data / f'{part}_data_joint.npy')
    clips[5, 0, 3, 2, 0] = np.nan
    np.save(data / f'{part}_data_joint.npy', clips)
    path = write_config(tmp_path / 'c.yaml', config(data, tmp_path, num_epoch=1))
    _, errors = two_ranks('main.py', '--config', path, status=2)
    assert errors.count('error: S001C001P006R001A002.skeleton: a value of its clip is not finite') == 1
    assert 'Traceback' not in errors


def test_a_killed_rank_ends_the_run_which_then_goes_on(data, tmp_path):
    finals = []
    for folder in ('whole', 'killed'):
        (tmp_path / folder).mkdir()
        content = config(data, tmp_path / folder, step=[5], log_interval=1)
        path = write_config(tmp_path / folder / 'c.yaml', content)
        if folder == 'killed':
            process = subprocess.Popen(
                [sys.executable, '-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=2',
                 str(ROOT / 'main.py'), '--config', str(path)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True, start_new_session=True)
            for line in process.stdout:
                if 'Batch 3 of 4' in line:
                    children = pathlib.Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text().split()
                    os.kill(int(children[-1]), signal.SIGKILL)
                    break
            process.stdout.read()
            assert process.wait(timeout=120) != 0
        two_ranks('main.py', '--config', path, *['--resume'] * (folder == 'killed'))
        finals.append(tmp_path / folder / 'runs/tiny-1-8.pt')
    assert same_weights(*finals)
