"""A full disk ends a run with one line, and leaves the previous files whole."""
import os
import subprocess

import pytest
from conftest import assert_one_line_error
from tiny import MODEL_ARGS, config, write_config, write_dataset, write_weights

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason='needs root, to mount a small disk')
MEGABYTE = 2 ** 20
LARGE = {**MODEL_ARGS, 'base_channels': 64}  # 14 MB of weights


@pytest.fixture
def disk(tmp_path):
    """A function: megabytes → the folder of a disk of that size."""
    mounted = []

    def mount(megabytes):
        folder = tmp_path / f'disk{len(mounted)}'
        folder.mkdir()
        command = ['mount', '-t', 'tmpfs', '-o', f'size={megabytes}m', 'none', str(folder)]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip('a small disk cannot be mounted here')
        mounted.append(folder)
        return folder
    yield mount
    for folder in mounted:
        subprocess.run(['umount', str(folder)], check=True)


def fill(folder):
    """Leave no room on the disk of `folder`."""
    with open(folder / 'filler', 'wb', buffering=0) as file:
        try:
            while file.write(bytes(MEGABYTE // 4)):
                pass
        except OSError:
            pass


def test_a_checkpoint_that_finds_no_room(run, disk, tmp_path):
    write_dataset(tmp_path / 'data')
    work = disk(100)
    content = config(tmp_path / 'data', tmp_path, work_dir=str(work / 'work_dir'), model_args=LARGE)
    path = write_config(tmp_path / 'c.yaml', content)
    run('main.py', '--config', path, '--num-epoch', '1')
    before = (work / 'work_dir/checkpoint.pt').read_bytes()
    (work / 'filler').write_bytes(bytes(100 * MEGABYTE - len(before) - 20 * MEGABYTE))
    process = run('main.py', '--config', path, '--resume', status=2)
    assert_one_line_error(process, 'checkpoint.pt', 'No space left')
    assert (work / 'work_dir/checkpoint.pt').read_bytes() == before
    assert not list(work.rglob('*.part'))


@pytest.mark.parametrize('what', ['log.txt', 'epoch1_test_score.pkl'])
def test_a_log_or_a_score_file_that_finds_no_room(run, disk, tmp_path, what):
    write_dataset(tmp_path / 'data')
    write_weights(tmp_path / 'w.pt')
    work = disk(2)
    content = config(tmp_path / 'data', tmp_path, phase='test', save_score=True, weights=str(tmp_path / 'w.pt'),
                     work_dir=str(work), print_log=what == 'log.txt')
    path = write_config(tmp_path / 'c.yaml', content)
    run('main.py', '--config', path)
    before = (work / 'epoch1_test_score.pkl').read_bytes()
    for name in ('config.yaml', 'agcn.py') if what == 'epoch1_test_score.pkl' else ():
        (work / name).unlink()
    fill(work)
    process = run('main.py', '--config', path, '--overwrite', status=2)
    assert_one_line_error(process, 'No space left')
    assert (work / 'epoch1_test_score.pkl').read_bytes() == before
    assert not list(work.rglob('*.part'))
