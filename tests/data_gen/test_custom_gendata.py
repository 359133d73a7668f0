"""custom_gendata.py as a command: clips of any skeleton, in both kinds of file, prepared as those of NTU are."""
import numpy as np
import pytest
import yaml

from data_gen.formats import ntu_skeleton
from data_gen.formats.own_clips import read_recording, sorted_classes
from data_gen.preparation_file import read_preparation
from feeders.feeder import Feeder
from graph.skeleton import SKELETONS
from graph.streams import bones
from runtime.errors import UserError
from tests.conftest import ROOT, assert_one_line_error
from tests.data_gen.prepared import clip_of, load
from tests.data_gen.raw_custom import (
    JOINTS,
    SKELETON,
    flags,
    own_preparation,
    random_clip,
    write_clips,
    write_csv,
    write_table,
)
from tests.data_gen.raw_ntu import names_of, write_tree

SCRIPT = 'data_gen/custom_gendata.py'


def prepare(preparation, path):
    """Return the clip of the file at `path`."""
    return preparation.clip(read_recording(path, preparation.joints, preparation.dimensions))[0]


@pytest.fixture
def out(tmp_path):
    return tmp_path / 'data/mine'


@pytest.fixture
def mine(tmp_path):
    """A folder with clips, their table and their skeleton."""
    write_clips(tmp_path / 'mine')
    return tmp_path / 'mine'


def test_parts_classes_and_shape_follow_from_the_table_and_the_clips(tmp_path, out, run):
    clips = write_clips(tmp_path / 'mine')
    process = run(SCRIPT, *flags(tmp_path / 'mine', out))
    assert 'num_class 3, num_point 5, num_person 2; clips have 17 frames' in process.stdout
    assert (out / 'class_names.txt').read_text() == 'fall\nsit\nwave\n'
    assert (out / 'skeleton.yaml').read_text() == (tmp_path / 'mine/skeleton.yaml').read_text()
    for part, persons in (('train', '012'), ('val', '3')):
        names, labels, data = load(out, part)
        assert names == sorted(name for name in clips if name[1] in persons)
        assert [('fall', 'sit', 'wave')[label] for label in labels] == [name[3:-4] for name in names]
        assert data.shape == (len(names), 3, 17, 5, 2) and data.dtype == np.float32
        for name, clip in zip(names, data):  # without flags they are as recorded, one after the other again and again
            frames = clips[name].shape[1]
            bodies = {body.tobytes() for body in clip.transpose(3, 1, 2, 0)[:, :frames]}
            assert {body.astype(np.float32).tobytes() for body in clips[name]} <= bodies
            np.testing.assert_array_equal(clip[:, frames:], clip[:, :17 - frames])


def test_persons_choose_the_part_instead_of_the_table(mine, out, run):
    run(SCRIPT, *flags(mine, out), '--val_persons', 'p0', 'p2')
    assert {name[:2] for name in load(out, 'val')[0]} == {'p0', 'p2'}
    assert {name[:2] for name in load(out, 'train')[0]} == {'p1', 'p3'}
    process = run(SCRIPT, *flags(mine, out), '--overwrite', '--val_persons', 'p9', status=2)
    assert_one_line_error(process, "'p9' has no clip", 'p0, p1, p2, p3')


def test_ntu_prepared_so_is_what_ntu_gendata_makes(tmp_path, out, run):
    write_tree(tmp_path / 'raw', names_of(4), frames=20)
    (tmp_path / 'clips').mkdir()
    recordings = sorted((tmp_path / 'raw').iterdir())
    for recording in recordings:
        np.save(tmp_path / f'clips/{recording.stem}.npy', ntu_skeleton.read_recording(recording).joints)
    rows = [[f'{recording.stem}.npy', 'any', 'train'] for recording in recordings]
    write_table(tmp_path / 'labels.csv', ['file', 'class', 'part'], rows)
    (tmp_path / 'skeleton.yaml').write_text((SKELETONS / 'ntu25.yaml').read_text())
    run(SCRIPT, *flags(tmp_path, out), '--center', 'middle of spine', '--up', 'base of spine', 'middle of spine',
        '--right', 'left shoulder', 'right shoulder', '--max_frame', 300, '--max_body', 2)
    np.testing.assert_array_equal(load(out, 'train')[2], [clip_of(recording) for recording in recordings])


def test_flat_joints_are_fractions_of_the_image_and_zeros_fill_the_clip(tmp_path, out, run):
    clips = write_clips(tmp_path / 'mine', dimensions=2)
    run(SCRIPT, *flags(tmp_path / 'mine', out), '--dimensions', 2, '--image_size', 640, 480)
    names, _, data = load(out, 'train')
    for name, clip in zip(names, data):
        bodies = sorted(clips[name], key=lambda body: -body[..., 2].sum())
        for m, body in enumerate(bodies):
            x, y, score = body.transpose(2, 0, 1)
            np.testing.assert_allclose(clip[:, :len(body), :, m], (x / 640 - .5, .5 - y / 480, score), atol=1e-6)
        assert not clip[:, len(body):].any() and not clip[..., len(bodies):].any()


def test_flat_joints_without_a_score_are_seen_unless_missing(tmp_path):
    clip = 5 + random_clip(np.random.default_rng(0), dimensions=2)[0, ..., :2]
    clip[3, 1], clip[4, 2] = np.nan, 0
    np.save(tmp_path / 'clip.npy', clip)
    x, y, score = prepare(own_preparation(2), tmp_path / 'clip.npy')[..., 0]
    unseen = np.zeros((9, 5), bool)
    unseen[3, 1] = unseen[4, 2] = True
    np.testing.assert_array_equal(score, ~unseen)
    assert not x[unseen].any() and not y[unseen].any()
    np.testing.assert_array_equal(x[~unseen], clip[~unseen][:, 0].astype(np.float32))


def test_tables_hold_what_arrays_do(tmp_path):
    bodies = random_clip(np.random.default_rng(1), frames=6, persons=2)
    bodies[1, 2] = np.nan  # the second person is away
    write_csv(tmp_path / 'clip.csv', bodies, 'xyz', time='12:00')
    np.testing.assert_array_equal(read_recording(tmp_path / 'clip.csv', JOINTS, 3).joints, np.nan_to_num(bodies))

    write_csv(tmp_path / 'gap.csv', bodies, 'xyz', frames=[7, 8, 9, 11, 12, 13])
    with_gap = np.insert(bodies, 3, np.nan, axis=1)
    np.testing.assert_array_equal(read_recording(tmp_path / 'gap.csv', JOINTS, 3).joints, np.nan_to_num(with_gap))
    np.save(tmp_path / 'gap.npy', with_gap)
    preparation = own_preparation(persons=2, center='chest')
    np.testing.assert_array_equal(*(prepare(preparation, tmp_path / f'gap.{end}') for end in ('csv', 'npy')))

    lines = (tmp_path / 'clip.csv').read_text().splitlines()
    alone = [line.partition(',')[2] for line in lines if 'person 1' not in line]  # without the column frame
    (tmp_path / 'alone.csv').write_text('\ufeff' + '\r\n'.join(alone), encoding='utf-8')
    np.testing.assert_array_equal(read_recording(tmp_path / 'alone.csv', JOINTS, 3).joints, bodies[:1])


def test_longer_and_fuller_clips_are_cut_and_counted(mine, out, run):
    process = run(SCRIPT, *flags(mine, out), '--max_frame', 8, '--max_body', 1)
    assert 'warning: longer than 8 frames, cut: 9 (p1_fall.npy' in process.stdout
    assert 'warning: more than 1 persons, of whom 1 are kept: 4' in process.stdout
    assert load(out, 'train')[2].shape[1:] == (3, 8, 5, 1)


def test_numbers_are_classes_in_their_order():
    assert sorted_classes(['10', '9', '1', '9']) == ['1', '9', '10']
    assert sorted_classes(['10', '9', 'a']) == ['10', '9', 'a']


def test_clips_that_the_table_lacks_are_counted(mine, out, run):
    (mine / 'labels.csv').rename(mine / 'clips/labels.csv')
    np.save(mine / 'clips/more.npy', np.ones((3, 5, 3)))
    (mine / 'clips/link.npy').symlink_to('gone.npy')
    process = run(SCRIPT, *flags(mine, out), '--labels', mine / 'clips/labels.csv')
    assert 'ignoring 1 clips in ' in process.stdout and 'such as more.npy' in process.stdout


@pytest.mark.parametrize('change, word', [
    ({'dimensions': 4}, 'dimensions: 4'), ({'frames': 'many'}, "frames: 'many'"), ({'skeleton': {}}, 'joints'),
    ({'centre': 'chest'}, 'centre'), ({'up': ['chest', 'tail']}, "up: there is no joint 'tail'"),
    ({'image_size': [1, 0]}, 'image_size'), ({'up': 'chest'}, 'up')])
def test_a_preparation_that_was_spoilt_is_named(tmp_path, change, word):
    content = yaml.safe_load(own_preparation(center='chest').as_text())
    path = tmp_path / 'preparation.yaml'
    path.write_text(yaml.safe_dump(content))
    assert read_preparation(path) == own_preparation(center='chest')
    path.write_text(yaml.safe_dump({**content, **change}))
    with pytest.raises(UserError, match=f'preparation.yaml: .*{word}'):
        read_preparation(path)


def test_joints_at_the_origin_or_whose_values_cancel_out_are_there(tmp_path):
    rng = np.random.default_rng(3)
    clip = random_clip(rng)[0] * 8 // 1 / 8
    clip[:, JOINTS.index('hand')] = 0  # relative to it
    clip[2:5, 0, 0] -= clip[2:5].sum((1, 2))  # frames that sum to 0
    assert not clip[2:5].sum((1, 2)).any()
    np.save(tmp_path / 'clip.npy', clip)
    body = prepare(own_preparation(3, len(clip), center='chest'), tmp_path / 'clip.npy')[..., 0]
    np.testing.assert_allclose(body.transpose(1, 2, 0), clip - clip[:, JOINTS.index('chest')][:, None], atol=1e-6)


def csv_of(text, more=''):
    header = 'frame,' + ','.join(f'{joint}_{axis}' for joint in JOINTS for axis in 'xyz') + more
    return (header + '\n' + text).encode()


ROW = ',1' * 15
BROKEN = {
    'shape.npy': (np.ones((9, 4, 3)), 'its shape is (9, 4, 3)'),
    'text.npy': (np.array([['a']]), 'not an array of numbers'),
    'code.npy': (np.array([{}], dtype=object), 'not a whole .npy'),
    'infinite.npy': (np.full((9, 5, 3), np.inf), 'a value of inf'),
    'missing.npy': (np.insert(np.ones((9, 4, 3)), 1, [1, 1, np.nan], axis=1), "'elbow' is missing (nan)"),
    'word.csv': (csv_of('1' + ROW + '\n2,one' + ROW[2:]), "line 3: 'one' in column 'hand_x' is not a number"),
    'ragged.csv': (csv_of('1,2,3'), 'line 2 has 3 values, and the first line 16'),
    'twice.csv': (csv_of('1' + ROW + '\n1' + ROW), '2 lines with 1 pairs'),
    'halves.csv': (csv_of('1.5' + ROW + '\n2' + ROW), "column 'frame' should count"),
    'people.csv': (csv_of('\n'.join(f'{i}{ROW},{i}' for i in range(1000)), ',person'), 'of 1000 × 1000'),
    'empty.csv': (b'', 'an empty file'),
    'columns.csv': (b'hand_x,hand_y\n1,2\n', "no column 'hand_z'"),
    'binary.csv': (b'\xff\xfe\x00', 'not a text'),
    'picture.png': (b'\x89PNG', 'the end of its name is none of'),
    'gone.npy': (None, 'No such file'),
}


def test_broken_clips_are_left_out_named_and_counted(mine, out, run):
    for name, (content, _) in BROKEN.items():
        if isinstance(content, bytes):
            (mine / 'clips' / name).write_bytes(content)
        elif content is not None:
            np.save(mine / 'clips' / name, content, allow_pickle=True)
    np.save(mine / 'clips/nobody.npy', np.zeros((9, 5, 3)))
    with (mine / 'labels.csv').open('a') as table:
        table.writelines(f'{name},sit,p0,train\n' for name in (*BROKEN, 'nobody.npy'))
    process = run(SCRIPT, *flags(mine, out), status=1)
    for name, (_, reason) in BROKEN.items():
        line, = (line for line in process.stderr.splitlines() if f'/{name}: ' in line)
        assert line.startswith('left out: ') and reason in line
    assert f'left out: broken: {len(BROKEN)}' in process.stdout
    assert 'left out: without a skeleton in any frame: 1 (nobody.npy)' in process.stdout
    assert len(load(out, 'train')[0]) == 9


@pytest.mark.parametrize('text, words', [
    ('file,class,part\np0_wave.npy,wave,test\n', "line 2: 'p0_wave.npy', class 'wave', part 'test'"),
    ('file,class,part\np0_wave.npy,wave,train\np0_wave.npy,sit,train\n', 'line 3: '),
    ('file,class,part\np0_wave.npy,,train\n', "line 2: 'p0_wave.npy', class ''"),
    ('file,class,part\n', 'no line after the first'),
    ('file,class,class,part\na,b,c,train\n', "several columns 'class'")])
def test_a_wrong_table_gets_one_line(mine, out, run, text, words):
    (mine / 'labels.csv').write_text(text)
    assert_one_line_error(run(SCRIPT, *flags(mine, out), status=2), 'labels.csv', words)
    assert not out.exists()


@pytest.mark.parametrize('wrong, words', [
    (['--center', 'cheast'], ["--center: there is no joint 'cheast': did you mean 'chest'?"]),
    (['--dimensions', '2', '--right', 'left hip', 'right hip'], ['--right:', 'in 2 dimensions']),
    (['--image_size', '640', '480'], ['--image_size:', 'in 3 dimensions']),
    (['--clips', 'gone'], ['gone: no such folder'])])
def test_a_wrong_flag_gets_one_line(mine, out, run, wrong, words):
    assert_one_line_error(run(SCRIPT, *flags(mine, out), *wrong, status=2), *words)
    assert not out.exists()


def test_a_run_that_writes_nothing_leaves_nothing(mine, out, run):
    process = run(SCRIPT, *flags(mine, out), '--skeleton', SKELETONS / 'coco17.yaml', status=2)
    assert_one_line_error(process, 'nothing to write')
    assert not any(out.iterdir())
    run(SCRIPT, *flags(mine, out))
    assert len(load(out, 'train')[0]) == 9


def test_existing_data_and_configs_are_replaced_on_request_only(mine, out, run):
    run(SCRIPT, *flags(mine, out))
    config = yaml.safe_load((out / 'train_bone.yaml').read_text())
    assert config['model_args']['graph_args'] == {'file': str(out / 'skeleton.yaml')}
    (out / 'train_bone.yaml').write_text('num_epoch: 3\n')
    run(SCRIPT, *flags(mine, out))
    assert (out / 'train_bone.yaml').read_text() == 'num_epoch: 3\n'
    table = (mine / 'labels.csv').read_text()
    (mine / 'labels.csv').write_text(table.replace('wave.npy,wave', 'wave.npy,a wave'))
    assert_one_line_error(run(SCRIPT, *flags(mine, out), status=2), 'class_names.txt', '--overwrite')
    run(SCRIPT, *flags(mine, out), '--overwrite')
    assert (out / 'class_names.txt').read_text() == 'a wave\nfall\nsit\n'
    assert yaml.safe_load((out / 'train_bone.yaml').read_text()) == config


def test_bones_follow_the_skeleton_beside_the_data(mine, out, run):
    run(SCRIPT, *flags(mine, out))
    run('data_gen/gen_bone_data.py', '--datasets', 'mine')
    written = np.load(out / 'val_data_bone.npy')
    np.testing.assert_array_equal(written, bones(load(out, 'val')[2], [1, 2, 2, 2, 2]))
    feeder = Feeder(out / 'val_data_joint.npy', out / 'val_label.pkl', stream='bone', graph_args=SKELETON,
                    graph='graph.skeleton.Graph')
    np.testing.assert_allclose(feeder[0][0], written[0], atol=1e-6)


def test_the_example_is_ready_to_be_prepared(out, run):
    run('data_gen/custom_example.py', '--out_folder', 'raw', '--people', 2)
    run(SCRIPT, '--clips', 'raw/clips', '--labels', 'raw/labels.csv', '--skeleton', ROOT / 'config/small/skeleton.yaml',
        '--out_folder', out, '--val_persons', 'p02', '--center', 'pelvis', '--up', 'pelvis', 'neck')
    names, labels, _ = load(out, 'val')
    assert len(names) == 18 and np.bincount(labels).tolist() == [3] * 6
