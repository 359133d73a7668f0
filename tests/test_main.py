"""main.py as its users run it: what a run writes, how it repeats, and what a mistake gets."""
import json
import pickle
import re

import numpy as np
import pytest
import torch
import yaml
from conftest import assert_one_line_error
from run_files import files_below, read_scalars, same_weights
from tiny import NUM_CLASS, config, write_config, write_dataset, write_weights

LOG_LINE = re.compile(r'\[ \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} \] .+')


def name_classes(data, labels):
    """Give the training samples in the folder `data` these labels."""
    names, _ = pickle.loads((data / 'train_label.pkl').read_bytes())
    (data / 'train_label.pkl').write_bytes(pickle.dumps((names, labels)))


def test_training_then_testing_writes_the_contracts_files(train, run, data, tmp_path):
    train('--save-interval', '1', '--log-interval', '2')
    work, runs = tmp_path / 'work_dir', tmp_path / 'runs'
    assert files_below(work) == {'config.yaml', 'log.txt', 'agcn.py', 'checkpoint.pt'}
    written = files_below(runs)
    events = {name for name in written if re.match(r'tiny/(train|val)/events\.', name)}
    assert written - events == {'tiny-0-4.pt', 'tiny-1-8.pt', 'tiny-best.pt', 'tiny-best.json'}
    assert {name.split('/')[1] for name in events} == {'train', 'val'}

    lines = (work / 'log.txt').read_text().splitlines()
    assert all(LOG_LINE.fullmatch(line) for line in lines)
    texts = [line.split(' ] ', 1)[1] for line in lines]
    for pattern in (r'Training epoch: 1', r'\tMean training loss: \d+\.\d{4}\.',
                    r'\tTime consumption: \[Data\]\d\d%, \[Network\]\d\d+%', r'Eval epoch: 2',
                    r'\tMean test loss of 2 batches: [\d.]+\.', r'\tTop1: \d+\.\d\d%', r'\tTop5: \d+\.\d\d%',
                    r'\tBatch 2 of 4: loss [\d.]+, lr 0\.010000'):
        assert any(re.fullmatch(pattern, text) for text in texts), pattern
    saved = yaml.safe_load((work / 'config.yaml').read_text())
    assert saved['base_lr'] == 0.01 and saved['log_interval'] == 2 and saved['weight_decay'] == 0.0005

    weights = torch.load(runs / 'tiny-1-8.pt', weights_only=True)
    assert all(not name.startswith('module.') and value.device.type == 'cpu' for name, value in weights.items())
    best = json.loads((runs / 'tiny-best.json').read_text())
    assert 0 <= best['top1'] <= 1 and best['epoch'] in (0, 1)

    test = config(data, tmp_path / 'test', phase='test', save_score=True)
    process = run('main.py', '--config', write_config(tmp_path / 'test.yaml', test), '--weights', runs / 'tiny-1-8.pt')
    assert files_below(tmp_path / 'test') == {
        'work_dir/config.yaml', 'work_dir/log.txt', 'work_dir/agcn.py', 'work_dir/epoch1_test_score.pkl',
        'runs/tiny_right.txt', 'runs/tiny_wrong.txt'}
    names, labels = pickle.loads((data / 'val_label.pkl').read_bytes())
    scores = pickle.loads((tmp_path / 'test/work_dir/epoch1_test_score.pkl').read_bytes())
    assert list(scores) == names
    assert all(score.dtype == np.float32 and score.shape == (NUM_CLASS,) for score in scores.values())
    predicted = [int(score.argmax()) for score in scores.values()]
    right = (tmp_path / 'test/runs/tiny_right.txt').read_text().splitlines()
    assert right == [f'{p},{t}' for p, t in zip(predicted, labels)]
    wrong = (tmp_path / 'test/runs/tiny_wrong.txt').read_text().splitlines()
    assert wrong == [f'{i},{p},{t}' for i, (p, t) in enumerate(zip(predicted, labels)) if p != t]
    accuracy = np.mean([p == t for p, t in zip(predicted, labels)])
    assert f'\tTop1: {100 * accuracy:.2f}%' in process.stdout


def test_a_seed_repeats_bit_for_bit_with_any_number_of_workers(train, data, tmp_path):
    feeder = {'data_path': str(data / 'train_data_joint.npy'), 'label_path': str(data / 'train_label.pkl'),
              'random_choose': True, 'random_move': True, 'window_size': 8}
    for folder, flags in (('zero', ['--num-worker', '0']), ('two', ['--num-worker', '2']),
                          ('other', ['--num-worker', '0', '--seed', '2'])):
        train(*flags, folder=folder, train_feeder_args=feeder, num_epoch=1)
    final = 'runs/tiny-0-4.pt'
    assert same_weights(tmp_path / 'zero' / final, tmp_path / 'two' / final)
    assert not same_weights(tmp_path / 'zero' / final, tmp_path / 'other' / final)


def test_the_learned_graph_is_frozen_and_then_trained(processor, tmp_path):
    run = processor(only_train_part=True, only_train_epoch=1, num_epoch=3, step=[], save_interval=1)
    initial = run.net.l2.gcn1.PA.detach().clone()
    run.start()
    first, second, third = (torch.load(tmp_path / f'runs/tiny-{name}.pt', weights_only=True)['l2.gcn1.PA']
                            for name in ('0-4', '1-8', '2-12'))
    assert torch.equal(first, initial) and torch.equal(second, initial) and not torch.equal(third, initial)


def test_the_mean_of_a_second_output_is_added_to_the_loss(processor, monkeypatch):
    run = processor()
    data, label, index = next(iter(run.loader['train']))
    state = {k: v.clone() for k, v in run.net.state_dict().items()}
    plain = run.step(data, label)[0, 0].item()
    run.net.load_state_dict(state)
    forward = type(run.net).forward
    monkeypatch.setattr(type(run.net), 'forward', lambda self, x: (forward(self, x), torch.tensor([1.0, 3.0])))
    (loss, l1, _), = run.step(data, label).tolist()
    assert l1 == 2 and loss == pytest.approx(plain + 2, rel=1e-5)


@pytest.mark.parametrize('changes', [{}, {'class_weights': 'balanced'}, {'class_weights': [9, 1, 2, 0]}])
def test_a_batch_in_parts_gives_the_gradient_of_the_whole(processor, data, changes):
    name_classes(data, [0] * 9 + [1] * 4 + [2, 2, 3])
    whole, parts = processor(**changes), processor(accumulate=2, **changes)
    data, label, index = next(iter(whole.loader['train']))
    for run in (whole, parts):
        run.model.eval()  # batch norm would see other batches
        run.step(data, label)
    for (name, a), b in zip(whole.net.named_parameters(), parts.net.parameters()):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6, msg=name)


def test_where_weights_are_looked_for_and_what_is_left_out(processor, data, tmp_path, monkeypatch, capsys):
    state = processor().net.state_dict()
    (data / 'pre_train').mkdir()
    torch.save({k: v for k, v in state.items() if k != 'l3.gcn1.PA'}, data / 'pre_train/w-3-77.pt')
    monkeypatch.chdir(tmp_path)
    run = processor(weights='pre_train/w-3-77.pt', seed=5, ignore_weights=['fc'])
    log = capsys.readouterr().out
    for line in ('data/pre_train/w-3-77.pt', 'Ignored: fc.weight, fc.bias', 'initial values: l3.gcn1.PA, fc.weight'):
        assert line in log
    assert run.global_step == 77 and not torch.equal(run.net.fc.weight, state['fc.weight'])
    assert torch.equal(run.net.l1.tcn1.conv.weight, state['l1.tcn1.conv.weight'])


def test_a_clip_with_nan_is_named_and_no_result(train, tmp_path, data):
    write_weights(tmp_path / 'w.pt')
    clips = np.load(data / 'val_data_joint.npy')
    clips[6, 0, 3, 2, 0] = np.nan
    np.save(data / 'val_data_joint.npy', clips)
    process = train('--phase', 'test', '--weights', tmp_path / 'w.pt', '--save-score', 'yes', status=2)
    assert_one_line_error(process, 'error: S001C001P007R001A003.skeleton: a value of its clip is not finite')
    assert 'Top1' not in process.stdout and not list(tmp_path.glob('work_dir/*score.pkl'))


def test_the_loss_beside_the_best_weights_is_the_mean_over_samples(processor, tmp_path):
    losses = []
    for test_batch_size in (3, 8):
        run = processor(num_epoch=1, test_batch_size=test_batch_size, overwrite=True)
        run.start()
        best = json.loads((tmp_path / 'runs/tiny-best.json').read_text())
        scores = np.concatenate([b[3] for b in run.score_samples('test')])
        expected = torch.nn.functional.cross_entropy(torch.tensor(scores), torch.tensor(run.feeder['test'].label))
        assert best['loss'] == pytest.approx(expected.item(), rel=1e-5)
        losses.append(best['loss'])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_which_epochs_are_evaluated_and_which_weights_kept(processor, tmp_path, capsys):
    processor(start_epoch=1, num_epoch=5, step=[], eval_interval=3, save_interval=1, keep=2).start()
    assert re.findall(r'Eval epoch: (\d)', capsys.readouterr().out) == ['3', '5']
    assert sorted(p.name for p in (tmp_path / 'runs').glob('tiny-[0-9]*.pt')) == ['tiny-3-16.pt', 'tiny-4-20.pt']


def test_a_loss_that_is_not_finite_leaves_the_files_of_before(train, tmp_path):
    train('--num-epoch', '1', '--step', '5')
    files = [tmp_path / 'work_dir/checkpoint.pt', *(tmp_path / 'runs').glob('tiny*.pt')]
    before = [path.read_bytes() for path in files]
    assert_one_line_error(train('--resume', '--num-epoch', '2', '--step', '5', '--base-lr', '1e30', status=2),
                          'the loss is', 'in epoch 2', 'S001C001', '--base-lr', 'the weights saved earlier are kept')
    assert [path.read_bytes() for path in files] == before and len(before) == 3


def test_scores_that_are_not_finite_are_no_result(train, processor, tmp_path):
    state = processor().net.state_dict()
    torch.save({**state, 'fc.weight': torch.full((4, 32), 3e38)}, tmp_path / 'huge.pt')
    process = train('--phase', 'test', '--weights', tmp_path / 'huge.pt', status=2)
    assert_one_line_error(process, 'huge.pt: the scores of S001C001P001R001A001.skeleton are not finite')
    assert 'Top1' not in process.stdout


def test_scalars_reach_tensorboard(processor, tmp_path):
    processor().start()
    scalars = read_scalars(tmp_path / 'runs/tiny/train')
    assert set(scalars) == {'acc', 'loss', 'loss_l1', 'lr', 'epoch'}
    assert [step for step, _ in scalars['loss']] == list(range(8))
    assert [value for _, value in scalars['epoch']] == [0] * 4 + [1] * 4
    np.testing.assert_allclose([value for _, value in scalars['lr']], [0.01] * 4 + [0.001] * 4, rtol=1e-6)
    scalars = read_scalars(tmp_path / 'runs/tiny/val')
    assert set(scalars) == {'acc', 'loss', 'loss_l1'}
    assert [step for step, _ in scalars['acc']] == [4, 8]


def test_overwrite_says_what_it_replaces_and_leaves_only_its_own(train, tmp_path):
    train('--num-epoch', '2', '--save-interval', '1', '--save-score', 'yes', step=[])
    start = tmp_path / 'runs/tiny-1-8.pt'
    process = train('--num-epoch', '1', '--batch-size', '8', '--overwrite', '--weights', start, '--save-score', 'yes')
    for name in ('checkpoint.pt', 'tiny-0-4.pt', 'epoch2_test_score.pkl', 'tiny-best.json'):
        assert re.search(f'Replaced .*{name}', process.stdout)
    assert 'Replaced ' in (tmp_path / 'work_dir/log.txt').read_text()
    assert {path.name for path in (tmp_path / 'runs').glob('tiny*.pt')} == {'tiny-0-10.pt', 'tiny-best.pt', start.name}
    assert [path.name for path in (tmp_path / 'work_dir').glob('*_score.pkl')] == ['epoch1_test_score.pkl']
    assert [step for step, _ in read_scalars(tmp_path / 'runs/tiny/train')['loss']] == [8, 9]


def test_works_from_any_folder_with_any_path(run, tmp_path):
    strange = tmp_path / 'Übung mit Leerzeichen 动作'
    write_dataset(strange / 'data')
    (strange / 'elsewhere').mkdir()
    changes = config(strange / 'data', strange, num_epoch=1, work_dir='../relative/work')
    run('main.py', '--config', write_config(strange / 'c.yaml', changes), cwd=strange / 'elsewhere')
    assert (strange / 'relative/work/log.txt').exists()


def test_validation_is_of_the_training_part_and_the_test_part_is_looked_at_once(processor, tmp_path, capsys):
    run = processor(val_share=0.25, num_epoch=3, step=[], save_score=True, batch_size=4)
    names = {part: set(feeder.sample_name) for part, feeder in run.feeder.items()}
    assert len(names['val']) == 4 and len(names['train']) == 12 and not names['val'] & names['train']
    run.start()
    log = capsys.readouterr().out
    assert log.count('(validation part)') == 3 and log.count('(test part)') == 1
    best = json.loads((tmp_path / 'runs/tiny-best.json').read_text())
    assert f'Best validation: epoch {best["epoch"] + 1}, {100 * best["top1"]:.2f}%; its test:' in log
    scores = {path.name for path in (tmp_path / 'work_dir').glob('*_score.pkl')}
    assert scores == {*(f'epoch{e}_val_score.pkl' for e in (1, 2, 3)), f'epoch{best["epoch"] + 1}_test_score.pkl'}
    test = processor(phase='test', weights=str(tmp_path / 'runs/tiny-best.pt'), work_dir=str(tmp_path / 'test'),
                     save_score=True)
    test.start()
    name = f'work_dir/epoch{best["epoch"] + 1}_test_score.pkl'
    assert (tmp_path / name).read_bytes() == (tmp_path / 'test/epoch1_test_score.pkl').read_bytes()


def test_the_average_of_the_weights_is_what_is_tested_and_kept(processor, tmp_path):
    run = processor(ema=0.5, num_epoch=1, step=[])
    seen, step = [], run.step

    def remember(*args):
        result = step(*args)
        seen.append(run.net.fc.weight.detach().clone())
        return result
    run.step = remember
    run.start()
    expected = seen[0]
    for value in seen[1:]:
        expected = 0.5 * expected + 0.5 * value
    kept = torch.load(tmp_path / 'runs/tiny-0-4.pt', weights_only=True)
    torch.testing.assert_close(kept['fc.weight'], expected)
    assert list(kept) == list(run.net.state_dict())


@pytest.mark.parametrize('changes, whole', [
    ({'class_weights': 'balanced'}, lambda scores, label: torch.nn.functional.cross_entropy(
        scores, label, reduction='none') @ torch.tensor([4 / 9, 1, 2, 4])[label] / len(label)),
    ({'label_smoothing': 0.2}, lambda scores, label: torch.nn.functional.cross_entropy(
        scores, label, label_smoothing=0.2))], ids=['class weights', 'smoothing'])
def test_what_changes_the_training_loss_changes_no_other(processor, data, changes, whole):
    name_classes(data, [0] * 9 + [1] * 4 + [2, 2, 3])
    plain, changed = processor(), processor(**changes)
    clips, label, _ = next(iter(plain.loader['train']))
    plain.model.train()
    (scores,), _ = plain.forward(plain.model, clips)
    assert changed.step(clips, label)[0, 0].item() == pytest.approx(whole(scores, label).item(), rel=1e-6)
    changed.net.load_state_dict(plain.net.state_dict())
    assert changed.score_samples('test')[0][0] == plain.score_samples('test')[0][0]


def test_wrong_class_weights_are_named(train):
    assert_one_line_error(train('--class-weights', 1, 2, status=2), 'class_weights: ', '2 values for 4 classes')
