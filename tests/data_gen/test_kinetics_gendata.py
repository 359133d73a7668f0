"""kinetics_gendata.py as a command: its files, its labels, its words, its status."""
import json
import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import assert_one_line_error, shared_path
from tests.data_gen.plain_kinetics import plain_clip
from tests.data_gen.prepared import load
from tests.data_gen.raw_kinetics import random_content, write_tree
from tests.data_gen.raw_ntu import tree_bytes

SCRIPT = 'data_gen/kinetics_gendata.py'


@pytest.fixture
def tree(tmp_path):
    """A folder of 16 clips to train on and 9 for validation, of which five have no skeleton."""
    write_tree(tmp_path / 'raw', {'train': 16, 'val': 9})
    return tmp_path / 'raw'


@pytest.fixture
def out(tmp_path):
    return tmp_path / 'out'


def arguments(tree, out, *more):
    return ['--data_path', tree, '--out_folder', out, *more]


def edit_labels(tree, part, edit):
    """Have `edit` change the dict of a label file."""
    path = tree / f'kinetics_{part}_label.json'
    labels = json.loads(path.read_text())
    edit(labels)
    path.write_text(json.dumps(labels))


def test_golden(tmp_path, run, golden):
    expected = golden('kinetics_pipeline.npz')
    out = tmp_path / 'data/kinetics'
    tree = tmp_path / 'data/kinetics-skeleton'
    maker = shared_path('real_motion/make_kinetics_tree.py')
    subprocess.run([sys.executable, maker, tree, '--limit', '14'], check=True)
    run(SCRIPT)  # all in the folders where it looks by default
    run('data_gen/gen_bone_data.py')
    run('data_gen/gen_motion_data.py')
    bones = dict(zip(expected['names'], expected['bone_of_first_3']))
    motions = dict(zip(expected['names'], expected['joint_motion_of_first_3']))
    for part in ('train', 'val'):
        names, labels, data = load(out, part)
        chosen = expected['part_kinetics'] == part
        assert names == expected['names'][chosen].tolist()
        assert labels == expected['labels'][chosen].tolist()
        assert data.dtype == np.float32
        np.testing.assert_array_equal(data, expected['joint'][chosen])
        for stream, clips in (('bone', bones), ('joint_motion', motions)):
            derived = np.load(out / f'{part}_data_{stream}.npy')
            for i in np.flatnonzero(np.isin(names, list(clips))):
                np.testing.assert_array_equal(derived[i], clips[names[i]])


def test_what_is_broken_is_left_out_named_and_counted_and_nothing_else_is_lost(tree, out, run):
    folder = tree / 'kinetics_train'
    (folder / 'train0001.json').write_text('[' * 100_000)
    for name in ('train0002', 'train0003'):
        content = json.loads((folder / f'{name}.json').read_text())
        content['data'][0]['frame_index'], content['label_index'] = 300, 2
        (folder / f'{name}.json').write_text(json.dumps(content))
    (folder / 'train0004.json').unlink()
    (folder / 'stranger.json').write_text(json.dumps(random_content(np.random.default_rng(0), 3)))
    (folder / 'notes.txt').write_text('mine')

    def edit(labels):
        labels['train0005']['label_index'] = '5'
        labels['train0006']['label_index'] = True
        labels['train0008'] = 3
        del labels['train0009']['has_skeleton']

    edit_labels(tree, 'train', edit)
    assert_one_line_error(run(SCRIPT, *arguments(tree, out, '--strict'), status=2), 'kinetics_train', '.json')
    process = run(SCRIPT, *arguments(tree, out), status=1)
    entry = 'its entry in the label file, '
    reasons = {'train0001': 'not valid JSON', 'train0004': 'missing, but in', 'stranger': 'not in the label file',
               'train0003': 'its label_index is 2, that in the label file 3', 'train0005': entry, 'train0006': entry,
               'train0008': f'{entry}3, is no', 'train0009': entry}
    lines = process.stderr.splitlines()
    assert len(lines) == len(reasons)
    for name, reason in reasons.items():
        assert sum(f'{name}.json: ' in line and reason in line for line in lines) == 1, (name, lines)
    for words in ('left out: broken: 8', 'cut: 1 (train0002.json)', 'clips without a skeleton'):
        assert words in process.stdout
    names, labels, data = load(out, 'train')
    assert names == [f'train{number:04d}.json' for number in (2, 10, 11, 12, 13, 15)]
    assert labels == [2, 10, 11, 12, 13, 15]
    assert np.array_equal(data[1:], [plain_clip(folder / name) for name in names[1:]])


def test_a_clip_without_a_skeleton_that_the_labels_do_not_tell_of_is_kept(tree, out, run):
    """As published: the samples, and so accuracies and score files, are those of the label file."""
    edit_labels(tree, 'val', lambda labels: labels['val0000'].update(has_skeleton=True))
    process = run(SCRIPT, *arguments(tree, out))
    assert 'warning: without a skeleton in any frame, kept as zeros: 1 (val0000.json)' in process.stdout
    names, labels, data = load(out, 'val')
    assert names[0] == 'val0000.json' and labels[0] == 0 and not data[0].any() and data[1].any()


def test_a_data_set_that_cannot_be_used_is_one_line(tree, out, run):
    label_path = tree / 'kinetics_val_label.json'
    for text, words in (('{"a": ', 'not valid JSON'), ('[]', 'not a label file'), ('{}', 'not a label file')):
        label_path.write_text(text)
        assert_one_line_error(run(SCRIPT, *arguments(tree, out), status=2), label_path, words)
    label_path.unlink()
    assert_one_line_error(run(SCRIPT, *arguments(tree, out), status=2), label_path, 'No such file')
    assert tree_bytes(out) == {}
    (tree / 'kinetics_val').rename(tree / 'elsewhere')
    process = run(SCRIPT, *arguments(tree, out))
    assert 'kinetics_val: neither the folder nor its label file exists' in process.stdout
    assert set(tree_bytes(out)) == {'train_data_joint.npy', 'train_label.pkl', 'preparation.yaml'}
