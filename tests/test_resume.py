"""A run that was stopped, however, and resumed ends as if it had not been."""
import os
import pickle
import random
import signal
import time

import numpy as np
import pytest
import torch
from commands import Command
from conftest import ROOT, assert_one_line_error
from test_main import read_scalars, same_weights
from tiny import config, write_config, write_dataset

from main import Processor, get_parser
from runtime.errors import UserError

EPOCHS = 3


@pytest.fixture
def data(tmp_path):
    write_dataset(tmp_path / 'data')
    return tmp_path / 'data'


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


def assert_undisturbed(work, reference, epochs=EPOCHS, batches=4):
    final = f'runs/tiny-{epochs - 1}-{batches * epochs}.pt'
    assert same_weights(work / final, reference / final)
    assert texts(work / 'work_dir/log.txt') == texts(reference / 'work_dir/log.txt')
    for part in ('train', 'val'):
        assert read_scalars(work / f'runs/tiny/{part}') == read_scalars(reference / f'runs/tiny/{part}')
    for epoch in range(1, 1 + epochs):
        name = f'work_dir/epoch{epoch}_test_score.pkl'
        assert (work / name).read_bytes() == (reference / name).read_bytes()
    ours, theirs = (sorted(p.name for p in (w / 'runs').glob('tiny*') if p.is_file()) for w in (work, reference))
    assert ours == theirs


@pytest.fixture
def reference(run, data, tmp_path):
    """The folder of an undisturbed run, and how many seconds it took."""
    began = time.monotonic()
    run('main.py', '--config', make_config(tmp_path / 'reference', data))
    return tmp_path / 'reference', time.monotonic() - began


@pytest.mark.parametrize('sent', [signal.SIGKILL, signal.SIGTERM], ids=['SIGKILL', 'SIGTERM'])
def test_killed_at_random_moments_and_resumed(run, data, tmp_path, reference, long_mode, sent):
    undisturbed, seconds = reference
    draws = random.Random(sent)
    for kill in range(20 if long_mode else 1):
        work = tmp_path / f'{sent}_{kill}'
        path = make_config(work, data, num_worker=(kill + (sent == signal.SIGTERM)) % 2 * 2)
        command = Command(ROOT / 'main.py', ['--config', path], work)
        if not command.ends_within(draws.uniform(0.1, 1) * seconds):
            os.kill(command.process.pid, sent)
        ended = command.finish()
        if ended.returncode == 143 and 'error' in ended.stderr:
            assert_one_line_error(ended, 'SIGTERM')
        how = '--resume' if (work / 'work_dir/checkpoint.pt').exists() else '--overwrite'
        run('main.py', '--config', path, how)
        assert_undisturbed(work, undisturbed)


@pytest.mark.parametrize('sent, status', [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_run_and_says_how_to_go_on(data, tmp_path, sent, status):
    work = tmp_path / 'work'
    command = Command(ROOT / 'main.py', ['--config', make_config(work, data), '--num-epoch', 500], work, watched=True)
    for line in command.lines:
        if 'Batch 2 of 4' in line:
            os.kill(command.process.pid, sent)
            break
    ended = command.finish()
    assert ended.returncode == status
    assert_one_line_error(ended, signal.Signals(sent).name, '--resume')


def test_resuming_a_finished_run_changes_nothing(run, data, reference):
    undisturbed, _ = reference
    before = {p: p.read_bytes() for p in undisturbed.rglob('*.p*') if p.is_file()}
    process = run('main.py', '--config', undisturbed / 'c.yaml', '--resume')
    assert 'finished' in process.stdout
    assert all(path.read_bytes() == content for path, content in before.items() if path.name != 'checkpoint.pt')


def test_a_change_is_named_and_another_model_refused(run, data, reference):
    undisturbed, _ = reference
    process = run('main.py', '--config', undisturbed / 'c.yaml', '--resume', '--num-epoch', '4', '--weight-decay', '0')
    assert 'num_epoch was 3 and is 4 now' in process.stdout
    assert 'weight_decay was 0.0005 and is 0.0 now' in process.stdout
    assert 'Resumed with a changed setting: num_epoch' in (undisturbed / 'work_dir/log.txt').read_text()
    assert (undisturbed / 'runs/tiny-3-16.pt').exists()
    process = run('main.py', '--config', undisturbed / 'c.yaml', '--resume', '--model', 'model.aagcn.Model', status=2)
    assert_one_line_error(process, 'model was', 'model.aagcn.Model')
    checkpoint = undisturbed / 'work_dir/checkpoint.pt'
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    assert_one_line_error(run('main.py', '--config', undisturbed / 'c.yaml', '--resume', status=2), 'checkpoint.pt')


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
                with pytest.raises(UserError, match='SIGTERM: --resume continues') as error:
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


def test_a_schedule_over_all_steps_is_not_resumed_with_others(train_with, run):
    path = train_with(schedule='one-cycle', optimizer='AdamW', num_epoch=1)
    for flag, value, key in (('--batch-size', '2', 'batch_size'), ('--base-lr', '0.5', 'base_lr')):
        assert_one_line_error(run('main.py', '--config', path, '--resume', flag, value, status=2), f'{key} was')


@pytest.mark.parametrize('name', ['train_data_joint.npy', 'val_data_joint.npy', 'train_label.pkl'])
def test_other_data_are_not_resumed_with(train_with, run, data, name):
    path = train_with(num_epoch=1)
    if name.endswith('npy'):
        np.save(data / name, np.load(data / name) + 1)
    else:
        names, labels = pickle.loads((data / name).read_bytes())
        (data / name).write_bytes(pickle.dumps((names, labels[::-1])))
    process = run('main.py', '--config', path, '--resume', '--num-epoch', 2, status=2)
    assert_one_line_error(process, 'checkpoint.pt', f'{data / name}, has changed since', '--overwrite')
    run('main.py', '--config', path, '--overwrite')


def test_a_checkpoint_from_before_a_flag_is_resumed(train_with, run, tmp_path):
    path = train_with(num_epoch=1)
    file = tmp_path / 'work_dir/checkpoint.pt'
    state = torch.load(file, weights_only=True)
    for key in ('schedule', 'ema', 'val_persons', 'val_share', 'label_smoothing'):
        del state['arguments'][key]
    torch.save(state, file)
    process = run('main.py', '--config', path, '--resume', '--num-epoch', 2)
    assert 'num_epoch was 1 and is 2 now' in process.stdout and 'schedule' not in process.stdout


def test_a_validation_part_is_not_drawn_anew(train_with, run):
    path = train_with(num_epoch=1, val_share=0.25)
    process = run('main.py', '--config', path, '--resume', '--num-epoch', 2, '--seed', 2, status=2)
    assert_one_line_error(process, 'seed was 1')


def test_nothing_of_an_earlier_run_is_resumed_after_overwrite(train_with, run, tmp_path):
    path = train_with(num_epoch=1)
    flags = ['--config', path, '--overwrite', '--num-epoch', 50]
    command = Command(ROOT / 'main.py', flags, tmp_path, watched=True)
    for line in command.lines:
        if 'Training epoch: 1' in line:
            os.kill(command.process.pid, signal.SIGKILL)
            break
    command.finish()
    process = run('main.py', '--config', path, '--resume', '--num-epoch', 1)
    assert 'Training epoch: 1' in process.stdout


def test_a_log_that_lost_its_end_is_gone_on_with(train_with, run, tmp_path):
    path = train_with(num_epoch=1)
    log = tmp_path / 'work_dir/log.txt'
    log.write_bytes(log.read_bytes()[:-100])
    run('main.py', '--config', path, '--resume', '--num-epoch', 2)
    assert b'\0' not in log.read_bytes() and 'Training epoch: 2' in log.read_text()


@pytest.fixture
def train_with(run, data, tmp_path):
    """A function that trains by command, with changes of the config, and returns the path of the config."""
    def train(**changes):
        path = write_config(tmp_path / 'c.yaml', config(data, tmp_path, **changes))
        run('main.py', '--config', path)
        return path
    return train
