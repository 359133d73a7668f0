"""ensemble.py as its users run it, and its functions against the published fusion."""
import pickle

import numpy as np
import pytest
from conftest import assert_one_line_error, shared_path

from ensemble import SEARCH_SEED
from feeders.labels import top_k
from prediction.scores import fuse

NAMES = [f'S001C001P{p:03d}R001A{a:03d}.skeleton' for p in range(1, 6) for a in range(1, 9)]
LABELS = [a for _ in range(5) for a in range(8)]


@pytest.fixture
def scored(tmp_path):
    """A folder with the label file and the score files of two streams, each right about another half."""
    rng = np.random.default_rng(0)
    streams = {}
    for offset, stream in enumerate(('joint', 'bone')):
        scores = rng.standard_normal((len(NAMES), 8)).astype(np.float32)
        sure = np.arange(offset, len(NAMES), 2)
        scores[sure, np.array(LABELS)[sure]] += 10
        streams[stream] = dict(zip(NAMES, scores))
    write(tmp_path / 'data/ntu/xsub/val_label.pkl', (NAMES, LABELS))
    streams['bone'] = dict(reversed(streams['bone'].items()))  # samples are matched by name
    for stream, scores in streams.items():
        write(tmp_path / f'work_dir/ntu/xsub/agcn_test_{stream}/epoch1_test_score.pkl', scores)
    return streams


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(content))


def test_accuracies_are_the_published_ones(golden):
    table = golden('ensemble.npz')
    stacked = np.stack((table['joint'], table['bone']))
    for alpha, top1, top5 in zip(table['alpha'], table['top1'], table['top5']):
        fused = fuse(stacked, [1, float(alpha)])
        assert top_k(fused, table['labels'], 1) == pytest.approx(top1, abs=1e-12)
        assert top_k(fused, table['labels'], 5) == pytest.approx(top5, abs=1e-12)


def test_prints_top1_and_top5_with_any_alpha(run, scored):
    assert run('ensemble.py', '--datasets', 'ntu/xsub').stdout == '\tTop1: 100.0000%\n\tTop5: 100.0000%\n'
    printed = run('ensemble.py', '--datasets', 'ntu/xsub', '--alpha', '0').stdout
    joint = np.stack([scored['joint'][name] for name in NAMES])
    assert printed.splitlines()[0] == f'\tTop1: {100 * top_k(joint, np.array(LABELS), 1):.4f}%'
    assert '100.0000' not in printed.splitlines()[0]


def test_scores_by_numbers_that_others_left_are_fused(run):
    folder = shared_path('faults/16-scores-with-numbers-as-names')
    assert 'Top1: 100.0000%' in run('ensemble.py', '--scores', folder / 'joint.pkl', folder / 'bone.pkl', '--labels',
                                    folder / 'label.pkl').stdout


@pytest.mark.parametrize('content, words', [
    (lambda bone: b'', ['not a complete pickle']),
    (lambda bone: pickle.dumps([1, 2]), ['not a score file']),
    (lambda bone: pickle.dumps({NAMES[0]: 'text'}), [NAMES[0]]),
    (lambda bone: pickle.dumps({NAMES[0]: np.array([1, np.nan], np.float32)}), ['not finite']),
    (lambda bone: pickle.dumps({name: np.zeros(9, np.float32) for name in NAMES}), ['8 and 9 classes'])])
def test_a_wrong_score_file_gets_one_line(run, scored, tmp_path, content, words):
    path = tmp_path / 'work_dir/ntu/xsub/agcn_test_bone/epoch1_test_score.pkl'
    path.write_bytes(content(scored['bone']))
    assert_one_line_error(run('ensemble.py', '--datasets', 'ntu/xsub', status=2), 'agcn_test_bone', *words)


@pytest.mark.parametrize('flags, words', [
    (['--datasets', 'ntu/xview'], ['./data/ntu/xview/val_label.pkl']), ([], ['--datasets']),
    (['--datasets', 'ntu/xsub', '--alpha', 'nan'], ['--alpha', 'not a finite number']),
    (['--datasets', 'ntu/xsub', '--search', '0.01'], ['--search', 'both parts']),
    (['--datasets', 'ntu/xsub', '--weights', '1', 'inf'], ['--weights', "'inf'"])])
def test_flags_that_make_no_fusion_get_one_line(run, scored, flags, words):
    assert_one_line_error(run('ensemble.py', *flags, status=2), *words)


@pytest.mark.parametrize('flag', ['--stream-weights', '--weights'])
def test_any_number_of_streams_with_factors_and_an_output(run, scored, tmp_path, flag):
    files = [tmp_path / f'work_dir/ntu/xsub/agcn_test_{s}/epoch1_test_score.pkl' for s in ('joint', 'bone', 'joint')]
    run('ensemble.py', '--scores', *files, '--labels', tmp_path / 'data/ntu/xsub/val_label.pkl', flag, 2, 0.5, 1,
        '--out', tmp_path / 'fused.pkl')
    fused = pickle.loads((tmp_path / 'fused.pkl').read_bytes())
    for name in NAMES:
        expected = 3 * scored['joint'][name] + 0.5 * scored['bone'][name]
        np.testing.assert_allclose(fused[name], expected, rtol=1e-5, atol=1e-5)


def test_search_never_reports_on_the_samples_it_saw(run, scored, tmp_path):
    def printed():
        return run('ensemble.py', '--datasets', 'ntu/xsub', '--search', 0.5).stdout.splitlines()

    factors, top1, _ = printed()
    searched = set(np.random.default_rng(SEARCH_SEED).permutation(len(NAMES))[:20].tolist())
    labels = [LABELS[i] if i in searched else (LABELS[i] + 1) % 8 for i in range(len(NAMES))]
    write(tmp_path / 'data/ntu/xsub/val_label.pkl', (NAMES, labels))
    same_factors, other_top1, _ = printed()
    assert same_factors == factors and '20 samples; accuracy on the other 20' in factors
    assert float(top1.split()[1][:-1]) > 90 > 10 > float(other_top1.split()[1][:-1])
