"""Cross-validation as a command: whole, after a killed run, compared with another, and with wrong input."""
import pickle
import re
import shutil

import numpy as np
import pytest
import tiny
import torch
from commands import Command
from conftest import ROOT, assert_one_line_error, run_script

from feeders.labels import read_labels
from prediction.crossval_results import mcnemar, wilson
from prediction.folds import groups_of, make_folds

PERSONS = 'P001', 'P002'
FATAL_MODEL = """
import os, sys
from model.agcn import Model as Agcn

class Model(Agcn):  # dies as by the kernel's hand, in the run that the environment names
    def __init__(self, **arguments):
        super().__init__(**arguments)
        if os.environ.get('FATAL', 'none') in ' '.join(sys.argv):
            os.kill(os.getpid(), 9)
"""


@pytest.fixture(scope='module')
def home(tmp_path_factory):
    """A folder with 16 clips of two persons, and the configs of two streams, one epoch each."""
    folder = tmp_path_factory.mktemp('crossval')
    tiny.write_dataset(folder / 'data', parts=(('train', 16),))
    labels = [i // 2 % tiny.NUM_CLASS for i in range(16)]
    names = [f'S001C001{PERSONS[i % 2]}R{i:03d}A{label + 1:03d}.skeleton' for i, label in enumerate(labels)]
    (folder / 'data/train_label.pkl').write_bytes(pickle.dumps((names, labels)))
    (folder / 'fatal.py').write_text(FATAL_MODEL)
    for stream in ('joint', 'bone'):
        config = tiny.config(folder / 'data', folder, model='fatal.Model', num_epoch=1)
        for part in ('train', 'test'):
            config[f'{part}_feeder_args'] |= {'stream': stream, 'graph': 'graph.ntu_rgb_d.Graph'}
        tiny.write_config(folder / f'train_{stream}.yaml', config)
    return folder


COMMAND = ('crossval.py', '--configs', 'train_joint.yaml', 'train_bone.yaml', '--by', 'person', '--out', 'out',
           '--device', 'cpu', '--jobs', '2')


@pytest.fixture(scope='module')
def done(home):
    """The finished processes of a command of which one run is killed, and of the same command again; and their folder.
    """
    def run(**env):  # main.py finds the model by PYTHONPATH
        return Command(ROOT / COMMAND[0], COMMAND[1:], home, {'PYTHONPATH': str(home), **env}).finish()

    first = run(FATAL='P002/bone')
    kept = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in home.glob('out/seed1/P*/*/epoch*.pkl')}
    return first, kept, run(), home / 'out'


def test_a_killed_run_costs_that_one_alone(done):
    first, kept, second, out = done
    assert (first.returncode, second.returncode) == (2, 0), second.stderr
    assert_one_line_error(first, '1 of 4 runs failed', 'P002/bone', 'SIGKILL')
    assert not first.stdout
    assert re.search(r'^\| 1 \| P001 \| 8 \| [\d.]+ \| [\d.]+ \| [\d.]+ \| [\d.]+ \|$', second.stdout, re.M)
    assert sorted(path.parent.relative_to(out).as_posix() for path in kept) == [
        'seed1/P001/bone', 'seed1/P001/joint', 'seed1/P002/joint']
    assert kept == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in kept}
    assert len(list(out.glob('seed1/P*/*/epoch1_test_score.pkl'))) == 4


def test_each_clip_is_tested_once_by_weights_of_other_persons(done):
    out = done[3]
    names, labels = read_labels(out.parent / 'data/train_label.pkl')
    for tested, trained in (PERSONS, PERSONS[::-1]):
        fold = out / 'seed1' / tested
        assert (fold / 'test.txt').read_text().splitlines() == [name for name in names if tested in name]
        assert (fold / 'train.txt').read_text().splitlines() == [name for name in names if trained in name]
        for stream in ('joint', 'bone'):
            scores = pickle.loads((fold / stream / 'epoch1_test_score.pkl').read_bytes())
            assert list(scores) == [name for name in names if tested in name]
            pooled = pickle.loads((out / f'seed1/{stream}_score.pkl').read_bytes())
            assert list(pooled) == names
            assert all((pooled[name] == score).all() for name, score in scores.items())


def test_the_printed_accuracies_are_those_of_the_score_files(done):
    _, _, second, out = done
    names, labels = read_labels(out / 'labels.pkl')
    scores = {stream: np.array(list(pickle.loads((out / f'seed1/{stream}_score.pkl').read_bytes()).values()))
              for stream in ('joint', 'bone', 'fused')}
    np.testing.assert_array_equal(scores['fused'], scores['joint'] + scores['bone'])
    right = {stream: (of.argmax(1) == labels) for stream, of in scores.items()}
    of_person = {person: np.array([person in name for name in names]) for person in PERSONS}
    of_class = [right['fused'][np.array(labels) == label].mean() for label in range(tiny.NUM_CLASS)]
    rows = {line.split('|')[2].strip(): line.split('|')[4:-1] for line in second.stdout.splitlines() if '|' in line}
    for person in PERSONS:
        assert [float(x) for x in rows[person][:3]] == [
            pytest.approx(100 * right[stream][of_person[person]].mean(), abs=.0501) for stream in scores]
        log = (out / f'seed1/{person}/joint/log.txt').read_text()
        assert f'Top1: {100 * right["joint"][of_person[person]].mean():.2f}%' in log
    assert [float(x) for x in rows['all clips']] == [
        pytest.approx(x, abs=.0501) for x in (*(100 * r.mean() for r in right.values()), 100 * np.mean(of_class))]
    fused = [100 * right['fused'][chosen].mean() for chosen in of_person.values()]
    assert rows['mean of 2 folds'][2].strip() == f'{np.mean(fused):.1f} ± {np.std(fused, ddof=1):.1f}'
    low, high = wilson(right['fused'].sum(), 16)
    assert f'from {100 * low:.1f}% to {100 * high:.1f}%' in second.stdout
    for stream in ('joint', 'bone'):
        loss = torch.nn.functional.cross_entropy(torch.tensor(scores[stream]), torch.tensor(labels)).item()
        assert f'{stream} {loss:.4f}' in second.stdout


def test_the_same_command_trains_nothing_again_and_another_one_is_refused(done):
    _, _, second, out = done
    again = run_script(*COMMAND, cwd=out.parent, env={'FATAL': 'seed1'})  # the model is not even there
    assert again.stdout == second.stdout
    for more in (('--', '--base-lr', '0.5'), ('--seeds', '1', '2', '--', '--num-epoch', '2')):
        assert_one_line_error(run_script(*COMMAND, *more, cwd=out.parent, status=2), 'run.yaml', '--out', '--overwrite')
    path = out.parent / 'data/train_data_joint.npy'
    before = path.read_bytes()
    np.save(path, np.load(path) * 2)
    try:
        process = run_script(*COMMAND, cwd=out.parent, status=2)
    finally:
        path.write_bytes(before)
    assert_one_line_error(process, 'data.yaml', 'other settings, clips or data', '--overwrite')


def test_compare_prints_mcnemars_test_seed_by_seed(done, tmp_path):
    out = done[3]
    names, labels = read_labels(out / 'labels.pkl')
    for name, wrong in (('a', {0: [0], 1: [0]}), ('b', {0: [0, 1, 2, 3, 4, 5, 6], 1: [0, 1]})):
        for seed, missed in wrong.items():
            scores = np.eye(tiny.NUM_CLASS, dtype=np.float32)[labels]
            scores[missed] = np.roll(scores[missed], 1, axis=1)
            folder = tmp_path / name / f'seed{seed}'
            folder.mkdir(parents=True)
            (folder / 'fused_score.pkl').write_bytes(pickle.dumps(dict(zip(names, scores))))
        shutil.copy(out / 'labels.pkl', tmp_path / name)
    text = run_script('crossval.py', '--compare', 'a', 'b', cwd=tmp_path).stdout
    assert '| seed0 | 93.8 | 56.2 | 6 | 0 | p = 0.0312 |' in text
    assert '| seed1 | 93.8 | 87.5 | 1 | 0 | p = 1 |' in text
    assert '| their sum | 93.8 |' in text
    (tmp_path / 'b/labels.pkl').write_bytes(pickle.dumps((names[1:], labels[1:])))
    for other, words in (('b', 'same clips'), ('none', 'none/labels.pkl')):
        assert_one_line_error(run_script('crossval.py', '--compare', 'a', other, cwd=tmp_path, status=2), words)


@pytest.mark.parametrize('arguments, words', [
    (('--by', 'person'), ('--configs',)),
    (('--configs', 'train_joint.yaml'), ('--by', '--folds')),
    (('--configs', 'train_joint.yaml', '--folds', '1'), ('folds',)),
    (('--configs', 'train_joint.yaml', '--folds', '17'), ('16 clips make 16 folds',)),
    (('--configs', 'train_joint.yaml', '--by', 'camera'), ('1 folds', '2 are needed')),
    (('--configs', 'train_joint.yaml', '--by', 'subject(\\d+)'), ('has no value for S001C001P001R000A001.skeleton',)),
    (('--configs', 'train_joint.yaml', '--by', '('), ('regular expression',)),
    (('--configs', 'train_joint.yaml', 'train_joint.yaml', '--folds', '2'), ('two of one name',)),
    (('--configs', 'train_joint.yaml', '--folds', '2', '--stream-weights', '1', '2'), ('2 factors for 1 streams',)),
    (('--configs', 'train_joint.yaml', '--folds', '2', '--', '--num-epochs', '3'), ('--num-epochs', 'main.py --help')),
    (('--configs', 'train_joint.yaml', '--folds', '2', '--', '--seed=3'), ('--seed=3', 'crossval.py chooses it')),
    (('--configs', 'train_joint.yaml', 'few.yaml', '--folds', '2'), ('few.yaml', 'other clips')),
])
def test_wrong_input_gets_one_line_before_anything_is_trained(home, arguments, words):
    few = tiny.config(home / 'few', home)
    tiny.write_dataset(home / 'few', parts=(('train', 4),))
    tiny.write_config(home / 'few.yaml', few)
    assert_one_line_error(run_script('crossval.py', *arguments, '--out', 'wrong', cwd=home, status=2), *words)
    assert not (home / 'wrong').exists()


def test_folds_are_stratified_and_drawn_by_the_seed():
    labels, names = np.repeat([0, 1, 2], [7, 11, 5]), [str(i) for i in range(23)]
    folds, same, other = (make_folds(names, labels, None, 5, seed) for seed in (1, 1, 2))
    assert sum(folds.values()).tolist() == [1] * 23
    assert sorted(tested.sum() for tested in folds.values()) == [4, 4, 5, 5, 5]
    for label in range(3):
        counts = [(labels[tested] == label).sum() for tested in folds.values()]
        assert max(counts) - min(counts) <= 1
    assert all((same[fold] == folds[fold]).all() for fold in folds)
    assert any((other[fold] != folds[fold]).any() for fold in folds)


@pytest.mark.parametrize('by, name, group', [
    ('person', 'S001C002P003R001A012.skeleton', 'P003'), ('camera', 'S001C002P003R001A012.skeleton', 'C002'),
    ('person', 'a01_s03_e00_v02', 's03'), ('camera', 'a01_s03_e00_v02', 'v02'), ('(p\\d+)_', 'p13_kick_1.npy', 'p13'),
    ('s(\\d+)_', 'walk_s04_1.csv', '04')])
def test_groups_are_found_in_names(by, name, group):
    assert groups_of(by, [name]) == [group]


@pytest.mark.parametrize('right, number, interval', [
    (81, 263, (0.2553, 0.3662)), (15, 148, (0.0624, 0.1605)), (0, 20, (0.0000, 0.1611)), (1, 29, (0.0061, 0.1718))])
def test_wilsons_interval_as_newcombe_1998_has_it(right, number, interval):
    assert wilson(right, number) == pytest.approx(interval, abs=5e-5)


@pytest.mark.parametrize('only_a, only_b, p', [(59, 121, 4.434449e-06), (121, 59, 4.434449e-06), (1, 7, 0.0703125),
                                               (5, 5, 1), (0, 0, 1), (0, 6, 0.03125)])
def test_mcnemars_exact_test(only_a, only_b, p):
    assert mcnemar(only_a, only_b) == pytest.approx(p, rel=1e-6)
    assert 0 < mcnemar(2000, 2300) < 1e-5  # many clips are no overflow


STOPPED = """
import pathlib, sys
sys.path.insert(0, {root!r})
from prediction import cross_validation
from runtime import errors
cross_validation.MAIN = pathlib.Path('stops_its_parent.py')
errors.run_command(lambda: cross_validation.run_side_by_side([pathlib.Path()], ['cpu']))
"""


def test_sigterm_ends_the_runs_with_the_command(run, tmp_path):
    (tmp_path / 'stops_its_parent.py').write_text('import os, signal\nos.kill(os.getppid(), 15)\nsignal.pause()\n')
    (tmp_path / 'command.py').write_text(STOPPED.format(root=str(ROOT)))
    process = run(tmp_path / 'command.py', status=130)  # its run would go on for ever
    assert_one_line_error(process, 'interrupted')
