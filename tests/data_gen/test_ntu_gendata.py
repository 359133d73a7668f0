"""ntu_gendata.py as a command: its files, its splits, its words, its status."""
import resource
import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import ROOT, assert_one_line_error, shared_path
from tests.data_gen.prepared import load
from tests.data_gen.raw_ntu import names_of, random_bodies, skeleton_text, tree_bytes, write_tree

SCRIPT = 'data_gen/ntu_gendata.py'
ALL_FILES = {f'{benchmark}/{part}_{file}' for benchmark in ('xsub', 'xview') for part in ('train', 'val')
             for file in ('data_joint.npy', 'label.pkl')} | {
    f'{benchmark}/preparation.yaml' for benchmark in ('xsub', 'xview')}


@pytest.fixture
def tree(tmp_path):
    """A folder of 30 recordings."""
    write_tree(tmp_path / 'raw', names_of(30))
    return tmp_path / 'raw'


@pytest.fixture
def out(tmp_path):
    return tmp_path / 'out'


def arguments(tree, out, *more):
    return ['--data_path', tree, '--out_folder', out, '--ignored_sample_path', tree.parent / 'missing.txt', *more]


def test_golden(tmp_path, out, run, golden):
    expected = golden('ntu_pipeline.npz')
    subprocess.run([sys.executable, shared_path('real_motion/make_ntu_tree.py'), tmp_path, '--limit', '14'], check=True)
    run(SCRIPT, '--data_path', tmp_path / 'nturgb+d_skeletons', '--out_folder', out / 'ntu/',
        '--ignored_sample_path', tmp_path / 'samples_with_missing_skeletons.txt')
    run('data_gen/gen_bone_data.py', '--data_root', out)
    run('data_gen/gen_motion_data.py', '--data_root', out)
    bones = dict(zip(expected['names'], expected['bone_of_first_3']))
    motions = dict(zip(expected['names'], expected['joint_motion_of_first_3']))
    for benchmark in ('xsub', 'xview'):
        for part in ('train', 'val'):
            names, labels, data = load(out / 'ntu' / benchmark, part)
            chosen = expected[f'part_ntu_{benchmark}'] == part
            assert names == expected['names'][chosen].tolist()
            assert labels == expected['labels'][chosen].tolist()
            assert data.dtype == np.float32
            np.testing.assert_allclose(data, expected['joint'][chosen], rtol=0, atol=1e-6)
            assert (data == expected['joint'][chosen]).mean() >= 0.999
            for stream, clips in (('bone', bones), ('joint_motion', motions)):
                derived = np.load(out / f'ntu/{benchmark}/{part}_data_{stream}.npy')
                for i in np.flatnonzero(np.isin(names, list(clips))):
                    np.testing.assert_allclose(derived[i], clips[names[i]], rtol=0, atol=1e-6)
                    assert (derived[i] == clips[names[i]]).mean() >= 0.999


def test_files_are_the_same_for_any_number_of_workers(tree, tmp_path, run):
    for workers in (1, 3):
        run(SCRIPT, *arguments(tree, tmp_path / f'out{workers}', '--workers', workers))
    one = tree_bytes(tmp_path / 'out1')
    assert set(one) == ALL_FILES and one == tree_bytes(tmp_path / 'out3')


def test_ntu_120(tmp_path, out, run):
    first, second = tmp_path / 'first', tmp_path / 'second'
    names = [f'S{s:03d}C001P{p:03d}R001A{a:03d}' for s, p, a in ((1, 1, 1), (2, 3, 2), (17, 103, 60), (20, 40, 61),
                                                                 (31, 45, 120), (32, 106, 99))]
    write_tree(first, names[:3])
    write_tree(second, names[3:])
    process = run(SCRIPT, '--data_path', first, second, '--out_folder', out, '--benchmark', 'xsub120', 'xset120')
    assert 'missing skeletons' in process.stdout  # the list is not there, and that is said
    parts = {part: {name[:20] for name in load(out, part)[0]}
             for part in ('xsub/train', 'xsub/val', 'xset/train', 'xset/val')}
    assert parts == {'xsub/train': {names[0], names[2], names[4]}, 'xsub/val': {names[1], names[3], names[5]},
                     'xset/train': {names[1], names[3], names[5]}, 'xset/val': {names[0], names[2], names[4]}}
    assert load(out, 'xsub/train')[1] == [0, 59, 119]
    process = run(SCRIPT, '--data_path', first, first, '--out_folder', out, status=2)
    assert_one_line_error(process, 'same name', names[0])
    assert_one_line_error(run(SCRIPT, '--data_path', first, '--benchmark', 'xsub', 'xsub120', status=2), 'same folder')


def test_what_is_left_out_is_counted(tree, out, run):
    recordings = sorted(path.name for path in tree.iterdir())
    listed = [f'\ufeff{recordings[0][:-9]}', 'Samples with missing skeletons', '', f'{recordings[1]} ',
              'S001C001P001R001A999']
    (tree.parent / 'missing.txt').write_text('\n'.join(listed), encoding='utf-8')
    (tree / recordings[2]).write_text('2\n0\n0\n')
    (tree / recordings[4]).write_text(skeleton_text(np.zeros((1, 3, 25, 3))))
    (tree / 'notes.txt').write_text('mine')
    (tree / 'S001C001P001R001A001 (copy).skeleton').write_text('mine')
    (tree / recordings[3]).write_text(skeleton_text(random_bodies(np.random.default_rng(0), 301)))
    process = run(SCRIPT, *arguments(tree, out, '--benchmark', 'xview'))
    kept = load(out, 'xview/train')[0] + load(out, 'xview/val')[0]
    assert sorted(kept) == [recordings[3], *recordings[5:]]
    for words in ('ignoring 2 files', 'left out: 2 files in the list',
                  f'left out: without a skeleton in any frame: 2 ({recordings[2]}, {recordings[4]})',
                  f'warning: longer than 300 frames, cut: 1 ({recordings[3]})'):
        assert words in process.stdout


def test_broken_files_are_left_out_named_and_counted(tree, out, tmp_path, run):
    recordings = sorted(path.name for path in tree.iterdir())
    broken = [recordings[i] for i in (0, 4, 9, 29)]
    for name in broken:
        (tree / name).write_text('3\n1\n')
    assert_one_line_error(run(SCRIPT, *arguments(tree, out, '--strict'), status=2), recordings[0])
    assert tree_bytes(out) == {}
    process = run(SCRIPT, *arguments(tree, out), status=1)
    assert all(f'/{name}: ' in line for name, line in zip(broken, process.stderr.splitlines(), strict=True))
    assert 'left out: broken: 4' in process.stdout

    for name in broken:
        (tree / name).unlink()
    run(SCRIPT, *arguments(tree, tmp_path / 'without'))
    assert tree_bytes(out) == tree_bytes(tmp_path / 'without')


def test_a_part_without_samples_is_not_written(tmp_path, out, run):
    write_tree(tmp_path / 'raw', ['S001C001P001R001A001', 'S001C002P001R001A001', 'S001C002P001R001A002'])
    (tmp_path / 'raw/S001C001P001R001A001.skeleton').write_text('broken')
    for _ in range(2):
        process = run(SCRIPT, *arguments(tmp_path / 'raw', out), status=1)
        assert 'xsub/val: not written, because it has no samples' in process.stdout
        assert set(tree_bytes(out)) == {file for file in ALL_FILES if '/val' not in file}
        out.joinpath('xsub/train_label.pkl').unlink()


def test_existing_files_are_kept_unless_overwrite(tree, out, run):
    run(SCRIPT, *arguments(tree, out))
    whole = tree_bytes(out)
    (out / 'xview/val_label.pkl').unlink()
    (out / 'xsub/val_label.pkl').write_bytes(b'mine')
    process = run(SCRIPT, *arguments(tree, out))
    assert process.stdout.count('keeping the existing files') == 3
    assert tree_bytes(out) == {**whole, 'xsub/val_label.pkl': b'mine'}
    run(SCRIPT, *arguments(tree, out, '--overwrite'))
    assert tree_bytes(out) == whole


def test_a_full_disk_is_one_line_and_leaves_nothing(tree, out):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    process = subprocess.run([sys.executable, str(ROOT / SCRIPT), *map(str, arguments(tree, out))], preexec_fn=limit,
                             capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert process.returncode == 2
    assert_one_line_error(process, '_data_joint.npy')
    assert tree_bytes(out) == {}
