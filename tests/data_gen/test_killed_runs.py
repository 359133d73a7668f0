"""Runs that are killed at any point: nothing half under a final name, and the next run goes on to the same bytes."""
import errno
import itertools
import os
import signal
import time

import numpy as np
import pytest

from data_gen import data_set, part_file
from data_gen.samples import BrokenSample, EmptySample, Sample
from tests.data_gen.killed import kill_at_work
from tests.data_gen.raw_ntu import names_of, tree_bytes, write_tree

SCRIPT = 'data_gen/ntu_gendata.py'


def final(files):
    """Return those of the files that have a final name."""
    return {name: content for name, content in files.items() if name.endswith(('.npy', '.pkl'))}


def test_the_command_killed_in_mid_run_goes_on(tmp_path, run):
    tree, out = tmp_path / 'raw', tmp_path / 'out'
    write_tree(tree, names_of(120), frames=20)
    (tree / f'{names_of(1)[0]}.skeleton').write_bytes(b'')
    arguments = ['--data_path', tree, '--workers', 2]
    run(SCRIPT, *arguments, '--out_folder', tmp_path / 'undisturbed', status=1)

    kill_at_work(SCRIPT, [*arguments, '--out_folder', out], out)
    assert final(tree_bytes(out)) == {}

    process = run(SCRIPT, *arguments, '--out_folder', out, status=1)
    assert 'going on where the last run stopped' in process.stdout
    assert 'left out: broken: 1' in process.stdout
    assert tree_bytes(out) == tree_bytes(tmp_path / 'undisturbed')


SHAPE = (3, 4, 5, 2)


def samples(count=40):
    return [Sample(f'{i:03d}', i % 7, ('a/train',) if i % 3 else ('a/val', 'b/val'), i) for i in range(count)]


def make_clip(i):
    if i in (0, 9, 10):
        raise EmptySample('nothing in it')
    if i in (3, 39):
        raise BrokenSample(f'{i}: broken')
    return np.random.default_rng(i).normal(size=SHAPE).astype(np.float32), ['odd'] if i == 5 else []


def write(out, make=make_clip, **settings):
    return data_set.write_data_set(out, ['a/train', 'a/val', 'b/val'], samples(), make, SHAPE,
                                   data_set.Settings(**settings))


def killed(run):
    """Run `run()` in a process of its own that kills itself; return whether it did."""
    pid = os.fork()
    if pid == 0:
        status = 99
        try:
            run()
            status = 0
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status == -signal.SIGKILL


def kill_self(*_):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(scope='module')
def undisturbed(tmp_path_factory):
    out = tmp_path_factory.mktemp('undisturbed')
    assert write(out) == 1
    files = tree_bytes(out)
    assert len(files) == 6
    return files


@pytest.mark.parametrize('function', ['pwrite', 'ftruncate', 'replace', 'fsync'])
def test_killed_at_every_step_of_every_kind(tmp_path, monkeypatch, undisturbed, function):
    """At the n-th call of the system, for every n, until the run gets through; then once more, killed again."""
    plain = getattr(os, function)
    for n in range(1000):
        out = tmp_path / str(n)

        calls = itertools.count()

        def counted(*arguments, n=n, calls=calls):
            if next(calls) == n:
                kill_self()
            return plain(*arguments)

        def run(out=out, counted=counted):
            monkeypatch.setattr(os, function, counted)
            write(out, workers=1)

        if not killed(run):
            break
        done = final(tree_bytes(out))
        assert done.items() <= undisturbed.items()
        if n % 5 == 0:
            killed(run)
        assert write(out, workers=1) in (0, 1)
        assert tree_bytes(out) == undisturbed
    assert n > 2


@pytest.mark.parametrize('n', range(6))
def test_new_data_never_stand_beside_old_labels(tmp_path, monkeypatch, undisturbed, n):
    def old(i):
        return np.zeros(SHAPE, np.float32), []

    replaced = itertools.count()

    def replace(*arguments, plain=os.replace):
        plain(*arguments)
        if next(replaced) == n:
            kill_self()

    def overwrite():
        monkeypatch.setattr(os, 'replace', replace)
        write(tmp_path, workers=1, overwrite=True)

    write(tmp_path, old, workers=1)
    old_files = tree_bytes(tmp_path)
    assert killed(overwrite)
    files = tree_bytes(tmp_path)
    for part in ('a/train', 'a/val', 'b/val'):
        data, labels = f'{part}_data_joint.npy', f'{part}_label.pkl'
        assert labels not in files or any(
            files[data] == version[data] and files[labels] == version[labels] for version in (old_files, undisturbed))


def test_rows_that_are_done_are_not_made_again(tmp_path, undisturbed):
    def until_30(i):
        return kill_self() if i == 30 else make_clip(i)

    def from_24(i):
        assert i >= 24  # whole jobs of 8
        return make_clip(i)

    assert killed(lambda: write(tmp_path, until_30, workers=1))
    assert write(tmp_path, from_24, workers=1) == 1
    assert tree_bytes(tmp_path) == undisturbed


@pytest.mark.parametrize('change', ['stamp', 'recipe', 'torn journal', 'other machine start'])
def test_a_journal_of_other_work_is_not_believed(tmp_path, capsys, change):
    def run(stamp=None, recipe=''):
        changed = [sample._replace(stamp=stamp) for sample in samples()]
        return data_set.write_data_set(tmp_path, ['a/train', 'a/val', 'b/val'], changed, until_30, SHAPE,
                                       data_set.Settings(workers=1), recipe)

    def until_30(i, first=[True]):  # noqa: B006 - one list for all calls
        if i == 30 and first:
            first.clear()
            kill_self()
        return make_clip(i)

    assert killed(run)
    journal = tmp_path / 'gendata.journal'
    lines = journal.read_bytes().split(b'\n')
    if change == 'torn journal':
        journal.write_bytes(lines[0][:40])
    elif change == 'other machine start':
        journal.write_bytes(b'\n'.join([lines[0].replace(b'machine_start": "', b'machine_start": "x'), *lines[1:]]))
    until_30.__defaults__[0].clear()
    assert run(**{'stamp': {'stamp': 1}, 'recipe': {'recipe': 'other'}}.get(change, {})) == 1
    assert 'going on' not in capsys.readouterr().out
    assert len(tree_bytes(tmp_path)) == 6


def test_a_disk_that_fills_up_leaves_nothing(tmp_path, monkeypatch):
    calls = iter(range(100))

    def full(*arguments, pwrite=os.pwrite):
        if next(calls) == 25:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return pwrite(*arguments)

    monkeypatch.setattr(part_file.os, 'pwrite', full)
    with pytest.raises(OSError, match='No space left') as error:
        write(tmp_path, workers=1)
    assert error.value.filename.endswith('_data_joint.npy')
    assert tree_bytes(tmp_path) == {}


def test_a_worker_that_is_killed_ends_the_run_which_can_go_on(tmp_path, undisturbed):
    def deadly(i):
        return kill_self() if i == 20 else make_clip(i)

    with pytest.raises(data_set.StoppedHalfway, match='killed'):
        write(tmp_path, deadly, workers=2)
    assert final(tree_bytes(tmp_path)) == {}
    assert write(tmp_path, workers=2) == 1
    assert tree_bytes(tmp_path) == undisturbed


def test_workers_end_when_the_first_process_is_killed(tmp_path, undisturbed):
    parent = os.getpid()

    def kill_first_process(i):
        if i == 20 and os.getppid() != parent:
            os.kill(os.getppid(), signal.SIGKILL)
        return make_clip(i)

    assert killed(lambda: write(tmp_path, kill_first_process, workers=3))
    start = time.monotonic()
    assert write(tmp_path, workers=2) == 1  # would raise if the others held the folder for good
    assert time.monotonic() - start < 60
    assert tree_bytes(tmp_path) == undisturbed


def test_a_defect_of_ours_in_a_worker_keeps_its_traceback(tmp_path):
    def defective(i):
        return [][i]

    with pytest.raises(RuntimeError, match='in defective'):
        write(tmp_path, defective, workers=2)
