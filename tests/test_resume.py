"""A run that was stopped, however, and resumed ends as if it had not been; a long one stays as small as it began."""
import os
import pathlib
import pickle
import random
import select
import signal
import time

import numpy as np
import pytest
from commands import Command
from conftest import ROOT, assert_one_line_error
from run_files import read_scalars, same_weights
from tiny import config, write_config, write_dataset

from main import Processor, get_parser
from runtime.errors import UserError

EPOCHS = 3
MAX_GROWTH = 40 << 10  # kilobytes; what an allocator may keep
PATIENCE = 60  # seconds until the last process must be gone: workers look for their parent every few seconds


def make_config(work, data, **changes):
    work.mkdir(exist_ok=True)
    feeder = {'data_path': str(data / 'train_data_joint.npy'), 'label_path': str(data / 'train_label.pkl'),
              'random_choose': True, 'random_move': True, 'window_size': 8}
    content = config(data, work, train_feeder_args=feeder, step=[1, 2], save_score=True, save_interval=1,
                     log_interval=1, **{'num_epoch': EPOCHS, **changes})
    return write_config(work / 'c.yaml', content)


def texts(log):
    """The log without times, and without what --overwrite replaced."""
    lines = [line.split(' ] ', 1)[1] for line in log.read_text().splitlines()]
    return [line for line in lines if not line.startswith(('\tTime consumption', 'Replaced '))]


def assert_undisturbed(work, reference, epochs=EPOCHS):
    final = f'runs/tiny-{epochs - 1}-{4 * epochs}.pt'
    assert same_weights(work / final, reference / final)
    assert texts(work / 'work_dir/log.txt') == texts(reference / 'work_dir/log.txt')
    for part in ('train', 'val'):
        assert read_scalars(work / f'runs/tiny/{part}') == read_scalars(reference / f'runs/tiny/{part}')
    for epoch in range(1, 1 + epochs):
        name = f'work_dir/epoch{epoch}_test_score.pkl'
        assert (work / name).read_bytes() == (reference / name).read_bytes()
    ours, theirs = (sorted(p.name for p in (w / 'runs').glob('tiny*') if p.is_file()) for w in (work, reference))
    assert ours == theirs


def test_killed_at_random_moments_and_resumed(run, data, tmp_path, long_mode):
    began = time.monotonic()
    run('main.py', '--config', make_config(tmp_path / 'whole', data))
    seconds = time.monotonic() - began
    draws = random.Random(0)
    for kill in range(40 if long_mode else 2):
        work = tmp_path / str(kill)
        path = make_config(work, data, num_worker=kill % 2 * 2)
        command = Command(ROOT / 'main.py', ['--config', path], work)
        if not command.ends_within(draws.uniform(0.1, 1) * seconds):
            os.kill(command.process.pid, signal.SIGKILL)
        command.finish()
        how = '--resume' if (work / 'work_dir/checkpoint.pt').exists() else '--overwrite'
        run('main.py', '--config', path, how)
        assert_undisturbed(work, tmp_path / 'whole')


@pytest.mark.skipif(not pathlib.Path('/proc/self/fd').is_dir(), reason='needs /proc')
@pytest.mark.parametrize('sent, status', [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_a_signal_ends_the_run_with_its_workers_and_says_how_to_go_on(data, tmp_path, sent, status):
    path = make_config(tmp_path / 'work', data, num_epoch=500, num_worker=2)
    command = Command(ROOT / 'main.py', ['--config', path], tmp_path, watched=True)
    for line in command.lines:
        if 'Batch 2 of 4' in line:
            os.kill(command.process.pid, sent)
            break
    command.process.join()
    assert everybody_is_gone(command), 'a process is left behind'
    ended = command.finish()
    assert ended.returncode == status
    if sent != signal.SIGKILL:
        assert_one_line_error(ended, signal.Signals(sent).name, '--resume')


def everybody_is_gone(command):
    """Return whether all processes that have the run's standard output, its workers too, end within PATIENCE."""
    while select.select([command.lines], [], [], PATIENCE)[0]:
        if not os.read(command.lines.fileno(), 1 << 16):
            return True
    return False


@pytest.mark.skipif(not pathlib.Path('/proc/self/fd').is_dir(), reason='needs /proc')
def test_memory_files_and_processes_stay_flat(tmp_path, long_mode):
    epochs = 200 if long_mode else 16
    write_dataset(tmp_path / 'data', [('train', 4), ('val', 4)], frames=6)
    content = config(tmp_path / 'data', tmp_path, num_epoch=epochs, step=[], num_worker=2, base_lr=0.0001,
                     save_score=True, keep=1)
    command = Command(ROOT / 'main.py', ['--config', write_config(tmp_path / 'c.yaml', content)], tmp_path,
                      watched=True)
    seen = {int(line.split()[-1]): usage(command.process.pid) for line in command.lines if 'Training epoch: ' in line}
    assert command.finish().returncode == 0
    # A batch that is on its way from a worker as one looks has three files open: what leaks is there in every epoch.
    early, late = ([min(values) for values in zip(*(seen[epoch] for epoch in range(last - 3, last + 1)))]
                   for last in (epochs // 4 + 3, epochs))
    assert late[0] - early[0] < MAX_GROWTH and late[1:] == early[1:], seen


def usage(pid):
    """Return (resident kilobytes, open files, children) of a process."""
    status = pathlib.Path(f'/proc/{pid}/status').read_text()
    children = pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text().split()
    return int(status.split('VmRSS:')[1].split()[0]), len(os.listdir(f'/proc/{pid}/fd')), len(children)


@pytest.mark.parametrize('changes', [
    {}, {'optimizer': 'AdamW', 'schedule': 'one-cycle', 'ema': 0.5, 'label_smoothing': 0.1},
    {'precision': 'bf16', 'schedule': 'cosine', 'warm_up_epoch': 1}], ids=['published', 'modern', 'cosine in bf16'])
def test_stopped_in_each_epoch(data, tmp_path, changes):
    """In one process: stopped by SIGTERM in the training and in the evaluation of each of two epochs."""
    stops = ('step', 1), ('score_samples', 1), ('step', 6), ('score_samples', 1), None
    for folder in ('whole', 'pieces'):
        path = make_config(tmp_path / folder, data, num_epoch=2, **changes)
        for attempt, when in enumerate(stops if folder == 'pieces' else [None]):
            flags = ['--resume'] * (attempt > 0)
            run = Processor(get_parser().parse_with_config(['--config', str(path), *flags]))
            if when:
                stop_after(run, *when)
                with pytest.raises(UserError, match='SIGTERM: .* --resume') as error:
                    run.start()
                assert error.value.status == 143
            else:
                run.start()
    assert_undisturbed(tmp_path / 'pieces', tmp_path / 'whole', epochs=2)


def stop_after(run, method, calls):
    """Let SIGTERM arrive in the `calls`-th call of the method."""
    plain = getattr(run, method)

    def counted(*arguments):
        nonlocal calls
        calls -= 1
        if not calls:
            run.stop.received = signal.SIGTERM
        return plain(*arguments)
    setattr(run, method, counted)


def test_a_finished_run_is_left_as_it_is_or_goes_on_with_named_changes(train, data, tmp_path):
    changes = {'val_share': 0.25, 'num_epoch': 1}
    train(**changes)
    before = {p: p.read_bytes() for p in tmp_path.rglob('*.p*') if p.is_file() and p.name != 'checkpoint.pt'}
    assert 'nothing is left to train' in train('--resume', **changes).stdout
    assert all(path.read_bytes() == content for path, content in before.items())
    assert_one_line_error(train('--resume', '--model', 'model.aagcn.Model', status=2, **changes), 'model was')
    assert_one_line_error(train('--resume', '--seed', 2, status=2, **changes), 'seed was 1')  # it drew the parts
    log = tmp_path / 'work_dir/log.txt'
    log.write_bytes(log.read_bytes()[:-100])  # as after a power cut
    process = train('--resume', '--weight-decay', '0', **{**changes, 'num_epoch': 2})
    assert 'num_epoch was 1 and is 2 now' in process.stdout and b'\0' not in log.read_bytes()
    assert 'Resumed with a changed setting: weight_decay was 0.0005 and is 0.0 now' in log.read_text()
    assert (tmp_path / 'runs/tiny-1-6.pt').exists()


def test_a_schedule_over_all_steps_is_not_resumed_with_others(train):
    changes = {'schedule': 'one-cycle', 'optimizer': 'AdamW', 'num_epoch': 1}
    train(**changes)
    for flag, value, key in (('--batch-size', '2', 'batch_size'), ('--base-lr', '0.5', 'base_lr')):
        assert_one_line_error(train('--resume', flag, value, status=2, **changes), f'{key} was')


@pytest.mark.parametrize('name', ['train_data_joint.npy', 'val_label.pkl'])
def test_other_data_are_not_resumed_with(train, data, name):
    train(num_epoch=1)
    if name.endswith('npy'):
        np.save(data / name, np.load(data / name) + 1)
    else:
        names, labels = pickle.loads((data / name).read_bytes())
        (data / name).write_bytes(pickle.dumps((names, labels[::-1])))
    process = train('--resume', num_epoch=2, status=2)
    assert_one_line_error(process, 'checkpoint.pt', f'{data / name}, has changed since', '--overwrite')
    train('--overwrite', num_epoch=1)


def test_nothing_of_an_earlier_run_is_resumed_after_overwrite(train, data, tmp_path):
    train(num_epoch=1)
    flags = ['--config', tmp_path / 'train.yaml', '--overwrite', '--num-epoch', 50]
    command = Command(ROOT / 'main.py', flags, tmp_path, watched=True)
    for line in command.lines:
        if 'Training epoch: 1' in line:
            os.kill(command.process.pid, signal.SIGKILL)
            break
    command.finish()
    assert 'Training epoch: 1' in train('--resume', num_epoch=1).stdout
