"""With worker processes that start afresh, as on Windows and macOS, the files and weights are the same."""
import pytest
from run_files import same_weights
from tiny import config, write_config, write_dataset

from main import Processor, get_parser
from tests.data_gen import raw_ntu
from tests.data_gen.raw_custom import flags, write_clips
from tests.data_gen.raw_ntu import tree_bytes


@pytest.fixture
def spawn(tmp_path):
    """The environment in which Python spawns processes."""
    (tmp_path / 'site').mkdir()
    (tmp_path / 'site/sitecustomize.py').write_text(
        'import multiprocessing; multiprocessing.set_start_method("spawn", force=True)')
    return {'PYTHONPATH': str(tmp_path / 'site')}


def test_two_workers_and_a_resume(run, spawn, tmp_path):
    write_dataset(tmp_path / 'data')
    for folder in ('fork', 'spawn'):
        (tmp_path / folder).mkdir()
        write_config(tmp_path / folder / 'c.yaml', config(tmp_path / 'data', tmp_path / folder, save_interval=1))
    Processor(get_parser().parse_with_config(['--config', str(tmp_path / 'fork/c.yaml')])).start()
    for more in (['--num-worker', '2', '--num-epoch', '1'], ['--num-worker', '0', '--resume']):
        run('main.py', '--config', 'spawn/c.yaml', *more, env=spawn)
    for name in ('tiny-0-4.pt', 'tiny-1-8.pt'):
        assert same_weights(tmp_path / 'fork/runs' / name, tmp_path / 'spawn/runs' / name)


def ntu(folder):
    raw_ntu.write_tree(folder / 'raw', raw_ntu.names_of(12))
    return 'data_gen/ntu_gendata.py', '--data_path', folder / 'raw', '--out_folder', folder / 'out'


def custom(folder):
    write_clips(folder)
    return 'data_gen/custom_gendata.py', *flags(folder, folder / 'out'), '--center', 'chest'


@pytest.mark.parametrize('source', [ntu, custom])
def test_prepared_files(tmp_path, run, spawn, source):
    command = source(tmp_path)
    run(*command, '--workers', 1)
    expected = tree_bytes(tmp_path / 'out')
    run(*command, '--workers', 2, '--overwrite', env=spawn)
    assert len(expected) >= 4 and tree_bytes(tmp_path / 'out') == expected
