"""Runs that are killed at any point: nothing half under a final name, nothing that stays, nobody left behind."""
import os
import select
import shutil
import signal
import subprocess
import sys
import types

import numpy as np
import pytest

from data_gen.formats.sample import BrokenSample, Sample
from data_gen.preparation import CTRGCN, MOST_ACTIVE, Preparation
from data_gen.recording import CENTRED, Recording
from data_gen.writing.data_set import write_data_set
from runtime.errors import UserError
from tests.conftest import ROOT
from tests.data_gen.raw_custom import JOINTS, SKELETON
from tests.data_gen.raw_ntu import names_of, tree_bytes, write_tree

SCRIPT = 'data_gen/ntu_gendata.py'
PATIENCE = 60  # seconds, for a machine that is busy


@pytest.mark.parametrize('workers', [1, 2])
def test_the_command_killed_in_mid_run_leaves_nothing_that_the_next_one_keeps(tmp_path, run, workers):
    tree, out = tmp_path / 'raw', tmp_path / 'out'
    write_tree(tree, names_of(20))
    arguments = ['--data_path', tree, '--workers', workers, '--out_folder']
    run(SCRIPT, *arguments, tmp_path / 'undisturbed')
    last = max(tree.iterdir())
    recording = last.read_bytes()
    last.unlink()
    os.mkfifo(last)  # whoever reads it waits
    command = subprocess.Popen([sys.executable, str(ROOT / SCRIPT), *map(str, arguments), str(out)],
                               stdout=subprocess.DEVNULL)
    pipe = os.open(last, os.O_WRONLY)  # waits until it is read
    command.kill()
    command.wait()
    assert {name.rpartition('.')[2] for name in tree_bytes(out)} <= {'part', 'lock'}
    assert workers > 1 or any(name.endswith('.part') for name in tree_bytes(out))
    gone = select.poll()
    gone.register(pipe, 0)
    assert gone.poll(1000 * PATIENCE), 'a worker is left behind'
    os.close(pipe)

    last.unlink()
    last.write_bytes(recording)
    run(SCRIPT, *arguments, out)
    assert tree_bytes(out) == tree_bytes(tmp_path / 'undisturbed')


SHAPE = (2, 4, 5, 3)
AS_IT_IS = Preparation(CTRGCN, MOST_ACTIVE, SKELETON, 3, CENTRED, 4, 2)
PARTS = 'a/train', 'a/val', 'b/val'
SAMPLES = [Sample(f'{i:03d}', i % 7, ('a/train',) if i % 3 else ('a/val', 'b/val'), i) for i in range(40)]


def read(i):
    if i in (3, 39):
        raise BrokenSample(f'{i}: broken')
    joints = np.random.default_rng(i).normal(size=SHAPE)
    return Recording(joints, tuple(JOINTS), 3, CENTRED)


def read_old(i):
    return Recording(np.zeros(SHAPE), tuple(JOINTS), 3, CENTRED)


def read_and_kill_at_20(i):
    if i == 20:
        os.kill(os.getpid(), signal.SIGKILL)
    return read(i)


def write(out, read=read, workers=2, overwrite=False):
    settings = types.SimpleNamespace(workers=workers, strict=False, overwrite=overwrite)
    return write_data_set(out, PARTS, SAMPLES, read, AS_IT_IS, settings)


def test_a_worker_that_is_killed_ends_the_run_in_one_line(tmp_path):
    with pytest.raises(UserError, match='a process was killed'):
        write(tmp_path / 'out', read_and_kill_at_20, workers=2)
    assert tree_bytes(tmp_path) == {}
    assert write(tmp_path / 'out', workers=2) == 1
    assert len(tree_bytes(tmp_path / 'out')) == 8


def test_a_disk_without_the_room_is_said_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: types.SimpleNamespace(free=100))
    with pytest.raises(UserError, match='make room'):
        write(tmp_path / 'out')
    assert tree_bytes(tmp_path) == {}


@pytest.mark.parametrize('n', range(6))
def test_new_data_never_stand_beside_old_labels(tmp_path, monkeypatch, n):
    class Killed(BaseException):
        pass

    def replace(*arguments, left=[n], plain=os.replace):  # noqa: B006 - one list for all calls
        plain(*arguments)
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    write(tmp_path / 'new', workers=1)
    write(tmp_path / 'out', read_old, workers=1)
    old, new = tree_bytes(tmp_path / 'out'), tree_bytes(tmp_path / 'new')
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(os, 'replace', replace)
        write(tmp_path / 'out', workers=1, overwrite=True)
    files = tree_bytes(tmp_path / 'out')
    for part in PARTS:
        data, labels = f'{part}_data_joint.npy', f'{part}_label.pkl'
        assert labels not in files or any(
            files[data] == version[data] and files[labels] == version[labels] for version in (old, new))
