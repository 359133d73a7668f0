"""pyskl_gendata.py as a command: the same clips as from raw recordings, 2D joints, hostile and damaged pickles."""
import os
import pickle

import numpy as np
import pytest
import yaml

from data_gen.formats.ntu_skeleton import read_recording
from data_gen.normalize import most_active
from tests.conftest import ROOT, assert_one_line_error
from tests.data_gen.prepared import clip_of, load
from tests.data_gen.raw_ntu import names_of, tree_bytes, write_tree

SCRIPT = 'data_gen/pyskl_gendata.py'
SKELETONS = ROOT / 'config/skeletons'


@pytest.fixture
def out(tmp_path):
    return tmp_path / 'out'


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'annotations.pkl'


def write(path, annotations, **split):
    path.write_bytes(pickle.dumps({'split': split, 'annotations': annotations}))


def from_raw(path):
    """Return the annotation that PYSKL would have of a raw recording: at most two bodies, in float32."""
    bodies = most_active(read_recording(path).joints, 2).astype(np.float32)
    return {'frame_dir': path.stem, 'label': int(path.stem[17:]) - 1, 'total_frames': bodies.shape[1],
            'keypoint': bodies}


def random_2d(rng, name, persons=2, frames=9, label=0, joints=17):
    """Return an annotation of random persons in 2D; some joints have no score."""
    score = rng.random((persons, frames, joints)).astype(np.float16)
    score[rng.random(score.shape) < 0.1] = 0
    keypoint = (rng.random((persons, frames, joints, 2)) * (1920, 1080)).astype(np.float16)
    return {'frame_dir': name, 'label': label, 'total_frames': frames, 'img_shape': (1080, 1920),
            'original_shape': (1080, 1920), 'keypoint': keypoint, 'keypoint_score': score}


def plain_2d(annotation):
    """Return the clip of a 2D annotation, joint by joint."""
    scores = annotation['keypoint_score'].astype(float)
    V = scores.shape[2]
    clip = np.zeros((3, 300, V, 2), np.float32)
    order = sorted(range(len(scores)), key=lambda m: -scores[m, :300].sum())
    height, width = annotation['img_shape']
    for place, m in enumerate(order[:2]):
        for t in range(min(annotation['total_frames'], 300)):
            for v in range(V):
                if scores[m, t, v]:
                    x, y = annotation['keypoint'][m, t, v].astype(float)
                    clip[:, t, v, place] = x / width - 0.5, -(y / height - 0.5), scores[m, t, v]
    return clip


def test_gives_the_bits_that_the_raw_recordings_give(tmp_path, path, out, run):
    write_tree(tmp_path / 'raw', names_of(6), frames=20)
    recordings = sorted((tmp_path / 'raw').iterdir())
    write(path, [from_raw(recording) for recording in recordings],
          xview_train=[r.stem for r in recordings[:4]], xview_val=[r.stem for r in recordings[4:]],
          xset_train=[r.stem for r in recordings[1:3]], xset_val=[r.stem for r in recordings])
    run(SCRIPT, '--annotations', path, '--out_folder', out)
    for part, chosen in (('xview/train', recordings[:4]), ('xset/train', recordings[1:3]), ('xset/val', recordings)):
        names, _, data = load(out, part)
        assert names == [recording.name for recording in chosen]
        assert np.array_equal(data, [clip_of(recording) for recording in chosen])


def test_2d(path, tmp_path, run):
    rng = np.random.default_rng(0)
    annotations = [random_2d(rng, f'v_{i}', persons=1 + i % 3, frames=(9, 320)[i == 4], label=i) for i in range(6)]
    names = [annotation['frame_dir'] for annotation in annotations]
    write(path, annotations, xsub_train=names[:4], xsub_val=names[4:], train=names, dev=names)
    out = tmp_path / 'data/ntu-hrnet'
    process = run(SCRIPT, '--annotations', path, '--out_folder', out)
    assert "ignoring the split 'dev'" in process.stdout
    assert 'cut: 1 (v_4)' in process.stdout
    for part, chosen in (('xsub/train', annotations[:4]), ('xsub/val', annotations[4:]), ('train', annotations)):
        sample_names, labels, data = load(out, part)
        assert sample_names == [annotation['frame_dir'] for annotation in chosen]
        assert labels == [annotation['label'] for annotation in chosen]
        np.testing.assert_array_equal(data, [plain_2d(annotation) for annotation in chosen])

    run('data_gen/gen_bone_data.py')  # finds ntu-hrnet/xsub, and its skeleton
    joints, bones = (np.load(out / f'xsub/val_data_{stream}.npy') for stream in ('joint', 'bone'))
    np.testing.assert_array_equal(bones[:, :, :, 9], joints[:, :, :, 9] - joints[:, :, :, 7])  # left wrist and elbow
    assert not bones[:, :, :, 0].any()


DAMAGES = {
    'nan': {'keypoint': np.full((2, 9, 17, 2), np.nan)}, 'short_score': {'keypoint_score': np.ones((2, 8, 17))},
    'no_size': {'img_shape': ()}, 'other_joints': {'keypoint': np.ones((2, 9, 25, 3))},
    'a_list': {'keypoint': [[[[1.0] * 2] * 17] * 9]}, 'words': {'keypoint': np.full((2, 9, 17, 2), 'left')},
    'label_fraction': {'label': 0.5}, 'too_many_frames': {'total_frames': 10}}


def test_damaged_annotations_are_left_out_named_and_counted(path, out, run):
    rng = np.random.default_rng(0)
    annotations = [{**random_2d(rng, name), **DAMAGES.get(name, {})}
                   for name in ('fine_1', *DAMAGES, 'fine_2', 'unwanted', 'twice', 'twice')]
    annotations.append({**random_2d(rng, 'empty'), 'keypoint_score': np.zeros((2, 9, 17))})
    annotations.append({'frame_dir': 'elsewhere', 'label': 0, 'raw_file': 'kpfiles/k400_1.pkl'})
    broken = *DAMAGES, 'elsewhere', 'absent', 'twice'
    write(path, annotations, train=[*broken, 'fine_1', 'empty'], val=['fine_2'])
    process = run(SCRIPT, '--annotations', path, '--out_folder', out, status=1)
    lines = process.stderr.splitlines()
    assert len(lines) == len(broken)
    for name in broken:
        assert sum(line.startswith(f'left out: {path}: {name}: ') for line in lines) == 1, (name, lines)
    for words in ('its keypoints are not in the pickle, but in kpfiles/k400_1.pkl', 'its label is 0.5',
                  'absent: in a split, but there is no such annotation'):
        assert words in process.stderr
    for words in (f'left out: broken: {len(lines)}', 'kept as zeros: 1 (empty)', 'ignoring 1 annotations'):
        assert words in process.stdout
    assert load(out, 'train')[0] == ['empty', 'fine_1'] and not load(out, 'train')[2][0].any()
    assert load(out, 'val')[0] == ['fine_2']


SPLITS = {
    'train, val': ({'train': 'ab', 'val': 'c'}, {'train': 'ab', 'val': 'c'}),
    'train, test': ({'test': 'c', 'train': 'ab'}, {'train': 'ab', 'val': 'c'}),
    'train, val, test': ({'test': 'c', 'train': 'a', 'val': 'b'}, {'train': 'a', 'val': 'b'}),
    'numbered': ({'train1': 'ab', 'test1': 'c', 'train2': 'bc', 'test2': 'a'},
                 {'1/train': 'ab', '1/val': 'c', '2/train': 'bc', '2/val': 'a'}),
    'named and numbered': ({'sub_train1': 'ab', 'sub_test1': 'c'}, {'sub_1/train': 'ab', 'sub_1/val': 'c'}),
}


@pytest.mark.parametrize('kind', SPLITS)
def test_splits_as_data_sets_name_them(path, out, run, kind):
    splits, parts = SPLITS[kind]
    rng = np.random.default_rng(0)
    write(path, [random_2d(rng, name) for name in 'abc'], **{name: list(members) for name, members in splits.items()})
    run(SCRIPT, '--annotations', path, '--out_folder', out)
    assert {part: ''.join(load(out, part)[0]) for part in parts} == parts
    assert len([name for name in tree_bytes(out) if not name.endswith('preparation.yaml')]) == 2 * len(parts)


def test_joints_of_another_skeleton_in_2d(tmp_path, path, run):
    annotations = [random_2d(np.random.default_rng(0), name, joints=18) for name in 'abc']
    write(path, annotations, train=['a', 'b'], test=['c'])
    process = run(SCRIPT, '--annotations', path, '--out_folder', 'data/jhmdb', status=2)
    assert_one_line_error(process, path, '(2, 9, 18, 2)', '25 joints of 3 coordinates', '--skeleton')
    run(SCRIPT, '--annotations', path, '--out_folder', 'data/jhmdb', '--skeleton', SKELETONS / 'openpose18.yaml')
    np.testing.assert_array_equal(load(tmp_path / 'data/jhmdb', 'train')[2], list(map(plain_2d, annotations[:2])))


def test_joints_of_another_skeleton_in_3d_are_centred_and_not_turned(tmp_path, path, out, run):
    names = yaml.safe_load((SKELETONS / 'azure32.yaml').read_text())['joints']
    keypoint = np.random.default_rng(0).normal(size=(1, 9, 32, 3)).astype(np.float32)
    write(path, [{'frame_dir': 'a', 'label': 3, 'total_frames': 9, 'keypoint': keypoint}], train=['a'])
    run(SCRIPT, '--annotations', path, '--out_folder', out, '--skeleton', SKELETONS / 'azure32.yaml')
    _, labels, data = load(out, 'train')
    center = names.index(yaml.safe_load((out / 'skeleton.yaml').read_text())['center'])
    centred = (keypoint - keypoint[:, :, center:center + 1])[0, np.arange(300) % 9].transpose(2, 0, 1)
    np.testing.assert_allclose(data[0, ..., 0], centred, atol=1e-6)
    assert labels == [3] and not data[..., 1].any()


class Hostile:
    def __reduce__(self):
        return os.mkdir, ('ran',)


@pytest.mark.parametrize('content', [
    pickle.PROTO, b'text', [], {'split': {}}, {'split': {'train': ['a']}, 'annotations': []},
    {'split': {'train': ['a']}, 'annotations': [{'frame_dir': 'a', 'keypoint': np.ones(3)}]},
    {'split': {'../../x_train': ['a']}, 'annotations': [random_2d(np.random.default_rng(0), 'a')]},
    {'split': {'train': ['a']}, 'annotations': [{'frame_dir': 'a', 'img_shape': Hostile()}]}], ids=range(8))
def test_what_is_not_in_the_form_is_one_line_and_nothing_in_it_runs(tmp_path, path, out, run, content):
    path.write_bytes(content if isinstance(content, bytes) else pickle.dumps(content))
    assert_one_line_error(run(SCRIPT, '--annotations', path, '--out_folder', out, status=2), path)
    assert not tree_bytes(out) and not (tmp_path / 'ran').exists()
