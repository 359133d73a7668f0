"""gen_bone_data.py, gen_motion_data.py and merge_joint_bone_data.py as commands."""
import numpy as np
import pytest

from graph import kinetics, ntu_rgb_d
from graph.streams import bones, motion
from tests.conftest import assert_one_line_error
from tests.data_gen.raw_ntu import names_of, write_tree

KINETICS, NTU = kinetics.Graph().bone_partners, ntu_rgb_d.Graph().bone_partners
BONES, MOTION, MERGE = (f'data_gen/{name}.py' for name in ('gen_bone_data', 'gen_motion_data', 'merge_joint_bone_data'))


def write_joints(folder, part, joints, samples=3, seed=0):
    folder.mkdir(parents=True, exist_ok=True)
    data = np.random.default_rng(seed).normal(size=(samples, 3, 7, joints, 2)).astype(np.float32)
    np.save(folder / f'{part}_data_joint.npy', data)
    return data


@pytest.fixture
def data(tmp_path):
    """Joints of three data sets under ./data, where the scripts look by default: dataset, part → (data, partners)."""
    root = tmp_path / 'data'
    return {
        ('ntu/xsub', 'train'): (write_joints(root / 'ntu/xsub', 'train', 25), NTU),
        ('ntu/xsub', 'val'): (write_joints(root / 'ntu/xsub', 'val', 25, seed=1), NTU),
        ('kinetics', 'val'): (write_joints(root / 'kinetics', 'val', 18, seed=2), KINETICS),
        ('ntu120/xset', 'train'): (write_joints(root / 'ntu120/xset', 'train', 25, seed=3), NTU),
    }


def test_all_streams_of_all_data_sets_that_are_there(tmp_path, data, run):
    process = run(BONES)
    assert 'kinetics/train_data_joint.npy is missing' in process.stdout
    run(MOTION)
    run(MERGE)
    for (name, part), (joints, partners) in data.items():
        bone = bones(joints, partners)
        expected = {'joint': joints, 'bone': bone, 'joint_motion': motion(joints), 'bone_motion': motion(bone),
                    'joint_bone': np.concatenate((joints, bone), 1)}
        for stream, values in expected.items():
            written = np.load(tmp_path / f'data/{name}/{part}_data_{stream}.npy')
            assert written.dtype == np.float32 and np.array_equal(written, values)
    assert not list(tmp_path.rglob('*.part'))


def test_motion_without_bones_says_so(tmp_path, data, run):
    process = run(MOTION, '--datasets', 'ntu/xsub', '--parts', 'val')
    assert 'val_data_bone.npy is missing: bone_motion of val is not written' in process.stdout
    assert {path.name for path in (tmp_path / 'data/ntu/xsub').iterdir()} == {
        'train_data_joint.npy', 'val_data_joint.npy', 'val_data_joint_motion.npy'}


def test_many_blocks_are_as_one(tmp_path, run):
    joints = np.random.default_rng(0).normal(size=(13, 3, 5000, 25, 2)).astype(np.float32)  # 3 MB a sample
    (tmp_path / 'mine').mkdir()
    np.save(tmp_path / 'mine/val_data_joint.npy', joints)
    run(BONES, '--data_root', tmp_path, '--datasets', 'mine', '--parts', 'val')
    assert np.array_equal(np.load(tmp_path / 'mine/val_data_bone.npy'), bones(joints, NTU))


def test_wrong_files_are_named(tmp_path, data, run):
    path = tmp_path / 'data/ntu/xsub/train_data_joint.npy'
    path.write_bytes(path.read_bytes()[:-100])
    assert_one_line_error(run(BONES, status=2), 'data/ntu/xsub/train_data_joint.npy', 'prepare the data again')
    np.save(path, np.zeros((3, 4)))
    assert_one_line_error(run(BONES, status=2), 'train_data_joint.npy', '5 axes are needed')
    write_joints(path.parent, 'train', 21)
    assert_one_line_error(run(BONES, status=2), 'train_data_joint.npy', '21 joints')
    assert not list(tmp_path.rglob('*bone*')) and not list(tmp_path.rglob('*.part'))


def test_derived_data_of_joints_that_are_replaced_are_removed(tmp_path, run):
    write_tree(tmp_path / 'raw', names_of(6))
    command = 'data_gen/ntu_gendata.py', '--data_path', 'raw', '--out_folder', 'data/ntu', '--benchmark', 'xview'
    run(*command)
    run(BONES, '--datasets', 'ntu/xview')
    run(MOTION, '--datasets', 'ntu/xview')
    assert 'keeping the existing files' in run(*command).stdout
    assert len(list(tmp_path.glob('data/ntu/xview/*_data_*.npy'))) == 8
    process = run(*command, '--overwrite')
    assert 'train_data_bone.npy: removed' in process.stdout
    assert {path.name for path in tmp_path.glob('data/ntu/xview/*_data_*.npy')} == {
        'train_data_joint.npy', 'val_data_joint.npy'}
