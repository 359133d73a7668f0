"""Systems that start worker processes afresh, and systems without fcntl: the same files and weights."""
import os
import signal

import pytest
from commands import Command
from conftest import ROOT, assert_one_line_error
from run_files import same_weights
from tiny import config, write_config, write_dataset

from main import Processor, get_parser
from tests.data_gen import raw_ntu
from tests.data_gen.raw_custom import flags, write_clips
from tests.data_gen.raw_ntu import tree_bytes

SYSTEMS = {
    'spawn': 'import multiprocessing; multiprocessing.set_start_method("spawn", force=True)',
    'without fcntl': 'import sys; sys.modules["fcntl"] = None',
}


@pytest.fixture
def system(tmp_path):
    """A function: the name of a system → the environment in which Python is as it is there."""
    def make(name):
        (tmp_path / 'site').mkdir()
        (tmp_path / 'site/sitecustomize.py').write_text(SYSTEMS[name])
        return {'PYTHONPATH': str(tmp_path / 'site')}
    return make


def test_two_workers_and_a_resume_under_spawn(run, system, tmp_path):
    write_dataset(tmp_path / 'data')
    for folder in ('fork', 'spawn'):
        (tmp_path / folder).mkdir()
        write_config(tmp_path / folder / 'c.yaml', config(tmp_path / 'data', tmp_path / folder, save_interval=1))
    Processor(get_parser().parse_with_config(['--config', str(tmp_path / 'fork/c.yaml')])).start()
    env = system('spawn')
    for more in (['--num-worker', '2', '--num-epoch', '1'], ['--num-worker', '0', '--resume']):
        run('main.py', '--config', 'spawn/c.yaml', *more, env=env)
    for name in ('tiny-0-4.pt', 'tiny-1-8.pt'):
        assert same_weights(tmp_path / 'fork/runs' / name, tmp_path / 'spawn/runs' / name)


def test_two_runs_are_kept_apart_without_fcntl_too(run, system, tmp_path):
    write_dataset(tmp_path / 'data')
    content = config(tmp_path / 'data', tmp_path, num_epoch=100000)
    path, env = write_config(tmp_path / 'c.yaml', content), system('without fcntl')
    command = Command(ROOT / 'main.py', ['--config', path], tmp_path, env, watched=True)
    for line in command.lines:
        if 'Training epoch: 2' in line:
            os.kill(command.process.pid, signal.SIGSTOP)  # it holds the folder and takes no time
            break
    assert_one_line_error(run('main.py', '--config', path, '--resume', env=env, status=2), 'another run is using')
    os.kill(command.process.pid, signal.SIGKILL)
    command.finish()
    run('main.py', '--config', path, '--resume', '--num-epoch', '1', env=env)


def ntu(folder):
    raw_ntu.write_tree(folder / 'raw', raw_ntu.names_of(12))
    return 'data_gen/ntu_gendata.py', '--data_path', folder / 'raw', '--out_folder', folder / 'out'


def custom(folder):
    write_clips(folder)
    return 'data_gen/custom_gendata.py', *flags(folder, folder / 'out'), '--center', 'chest'


@pytest.mark.parametrize('name, source', [('spawn', ntu), ('spawn', custom), ('without fcntl', ntu)])
def test_prepared_files_are_the_same(tmp_path, run, system, name, source):
    command = source(tmp_path)
    run(*command, '--workers', 1)
    expected = tree_bytes(tmp_path / 'out')
    run(*command, '--workers', 2, '--overwrite', env=system(name))
    assert len(expected) >= 4 and tree_bytes(tmp_path / 'out') == expected
