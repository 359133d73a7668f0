"""A long run stays as small as it began, and leaves nobody behind however it ends."""
import os
import pathlib
import select
import signal
import subprocess
import sys

import pytest
from conftest import ROOT
from tiny import config, write_config, write_dataset

MOST_GROWTH = 40 << 10  # kilobytes; what an allocator may keep
PATIENCE = 60  # seconds until the last process must be gone: workers look for their parent every few seconds

pytestmark = pytest.mark.skipif(not pathlib.Path('/proc/self/fd').is_dir(), reason='needs /proc')


@pytest.fixture
def start(tmp_path):
    """A function that starts a training run of many epochs with two workers, with a pipe that closes when all end."""
    write_dataset(tmp_path / 'data', [('train', 4), ('val', 4)], frames=6)
    read_end, write_end = os.pipe()

    def start_run(epochs):
        content = config(tmp_path / 'data', tmp_path, num_epoch=epochs, step=[], num_worker=2, base_lr=0.0001,
                         save_score=True, keep=1)
        process = subprocess.Popen(
            [sys.executable, str(ROOT / 'main.py'), '--config', str(write_config(tmp_path / 'c.yaml', content))],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            pass_fds=[write_end])
        os.close(write_end)
        return process

    def everybody_is_gone():
        return bool(select.select([read_end], [], [], PATIENCE)[0])
    yield start_run, everybody_is_gone
    os.close(read_end)


def usage(pid):
    """Return (resident kilobytes, open files, children) of a process."""
    status = pathlib.Path(f'/proc/{pid}/status').read_text()
    resident = int(status.split('VmRSS:')[1].split()[0])
    children = pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split()
    return resident, len(os.listdir(f'/proc/{pid}/fd')), len(children)


def test_memory_files_and_processes_stay_flat(start, long_mode):
    epochs = 200 if long_mode else 16
    process, seen = start[0](epochs), {}
    for line in process.stdout:
        if 'Training epoch: ' in line:
            seen[int(line.split()[-1])] = usage(process.pid)
    assert process.wait() == 0
    # A batch that is on its way from a worker as one looks has three files open: what leaks is there in every epoch.
    early, late = ([min(values) for values in zip(*(seen[epoch] for epoch in range(last - 3, last + 1)))]
                   for last in (epochs // 4 + 3, epochs))
    assert late[0] - early[0] < MOST_GROWTH, seen
    assert late[1:] == early[1:], seen
    assert start[1](), 'a process is left behind'


@pytest.mark.parametrize('sent', [signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
def test_all_children_are_gone_after_a_signal(start, sent):
    process = start[0](500)
    for line in process.stdout:
        if 'Training epoch: 2' in line:
            process.send_signal(sent)
            break
    process.stdout.read()
    process.wait()
    assert start[1](), 'a process is left behind'
