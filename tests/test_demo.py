"""The demo's command and recipes; the road itself is too long for a test."""
import pathlib

import pytest
import yaml
from conftest import ROOT, assert_one_line_error

from data_gen.demo_actions import ACTIONS

CONFIGS = sorted((ROOT / 'config' / 'demo').glob('*.yaml'))


def test_a_failing_step_ends_the_demo_with_its_status(run, tmp_path):
    recordings = tmp_path / 'data' / 'demo_raw' / 'nturgb+d_skeletons'
    recordings.mkdir(parents=True)
    (recordings / 'S001C001P001R001A001.skeleton').touch()
    process = run('demo.py', '--folder', tmp_path, status=2)
    assert_one_line_error(process, 'S001C001P001R001A001.skeleton')
    assert process.stderr.splitlines()[-1] == 'the demo stopped: data_gen/demo_gendata.py ended with status 2'
    assert not (tmp_path / 'work_dir').exists()


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_every_recipe_is_for_the_made_up_actions_and_its_own_stream(path):
    recipe = yaml.safe_load(path.read_text())
    phase, stream = path.stem.split('_')
    assert recipe['phase'] == phase
    assert recipe['model_args']['num_class'] == len(ACTIONS)
    assert recipe['test_feeder_args']['data_path'] == f'./data/demo/xsub/val_data_{stream}.npy'
    assert pathlib.Path(recipe['work_dir']).name == f'agcn_{"test_" * (phase == "test")}{stream}'
    assert recipe.get('save_score', False) == (phase == 'test')


def test_there_are_four_recipes_and_the_streams_train_alike():
    assert [path.stem for path in CONFIGS] == ['test_bone', 'test_joint', 'train_bone', 'train_joint']
    for phase in ('train', 'test'):
        joint, bone = ((ROOT / 'config' / 'demo' / f'{phase}_{s}.yaml').read_text() for s in ('joint', 'bone'))
        assert joint.replace('joint', 'bone') == bone
