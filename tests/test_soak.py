"""A long run stays as small as it began, and leaves nobody behind however it ends."""
import os
import pathlib
import select
import signal

import pytest
from commands import Command
from conftest import ROOT
from tiny import config, write_config, write_dataset

MOST_GROWTH = 40 << 10  # kilobytes; what an allocator may keep
PATIENCE = 60  # seconds until the last process must be gone: workers look for their parent every few seconds

pytestmark = pytest.mark.skipif(not pathlib.Path('/proc/self/fd').is_dir(), reason='needs /proc')


@pytest.fixture
def start(tmp_path):
    """A function that starts a training run of many epochs with two workers."""
    write_dataset(tmp_path / 'data', [('train', 4), ('val', 4)], frames=6)

    def start_run(epochs):
        content = config(tmp_path / 'data', tmp_path, num_epoch=epochs, step=[], num_worker=2, base_lr=0.0001,
                         save_score=True, keep=1)
        return Command(ROOT / 'main.py', ['--config', write_config(tmp_path / 'c.yaml', content)], tmp_path,
                       watched=True)
    return start_run


def everybody_is_gone(command):
    """Return whether all processes that have the run's standard output, its workers too, end within PATIENCE."""
    while select.select([command.lines], [], [], PATIENCE)[0]:
        if not os.read(command.lines.fileno(), 1 << 16):
            return True
    return False


def usage(pid):
    """Return (resident kilobytes, open files, children) of a process."""
    status = pathlib.Path(f'/proc/{pid}/status').read_text()
    resident = int(status.split('VmRSS:')[1].split()[0])
    children = pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split()
    return resident, len(os.listdir(f'/proc/{pid}/fd')), len(children)


def test_memory_files_and_processes_stay_flat(start, long_mode):
    epochs = 200 if long_mode else 16
    command, seen = start(epochs), {}
    for line in command.lines:
        if 'Training epoch: ' in line:
            seen[int(line.split()[-1])] = usage(command.process.pid)
        elif 'Eval epoch: ' in line and int(line.split()[-1]) == epochs:
            break
    command.process.join()
    assert command.process.exitcode == 0
    # A batch that is on its way from a worker as one looks has three files open: what leaks is there in every epoch.
    early, late = ([min(values) for values in zip(*(seen[epoch] for epoch in range(last - 3, last + 1)))]
                   for last in (epochs // 4 + 3, epochs))
    assert late[0] - early[0] < MOST_GROWTH, seen
    assert late[1:] == early[1:], seen
    assert everybody_is_gone(command), 'a process is left behind'


@pytest.mark.parametrize('sent', [signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
def test_all_children_are_gone_after_a_signal(start, sent):
    command = start(500)
    for line in command.lines:
        if 'Training epoch: 2' in line:
            os.kill(command.process.pid, sent)
            break
    command.process.join()
    assert everybody_is_gone(command), 'a process is left behind'
