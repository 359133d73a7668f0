"""The demo's command and recipes; the road itself is too long for a test."""
import pathlib
import pickle

import numpy as np
import pytest
import yaml
from conftest import ROOT, assert_one_line_error

import demo
from data_gen.demo.actions import ACTIONS

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


def test_the_table_shows_each_stream_and_the_sum_of_both(tmp_path, capsys):
    labels = [0, 1, 2, 3]
    streams = {'joint': np.eye(8)[[0, 1, 7, 7]], 'bone': 3 * np.eye(8)[[0, 5, 2, 5]]}  # two right each, three together
    streams['joint'][1, 1] = 4
    names = [f'S100C001P003R001A00{label + 1}.skeleton' for label in labels]
    folders = [tmp_path / 'data/demo/xsub', *(tmp_path / f'work_dir/demo/xsub/agcn_test_{s}' for s in streams)]
    contents = [(names, labels), *(dict(zip(names, rows.astype(np.float32))) for rows in streams.values())]
    for folder, name, content in zip(folders, ('val_label.pkl', *2 * ['epoch1_test_score.pkl']), contents):
        folder.mkdir(parents=True)
        (folder / name).write_bytes(pickle.dumps(content))
    demo.print_table(tmp_path)
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line[:5] in ('joint', 'bone ', 'fused')]
    assert [row[:2] for row in rows] == [['joint', '50.00%'], ['bone', '50.00%'], ['fused', '75.00%']]
