"""The commands of docs/own-video.md on synthetic recordings, and predictions with what they have trained."""
import json
import re

import numpy as np
import pytest
import yaml
from conftest import ROOT, assert_one_line_error, run_script
from test_docs import commands

from tests.data_gen.formats.people import person, write_openpose, write_results, write_table

TINY = {'--num-epoch': '1', '--batch-size': '4', '--eval-interval': '1', '--save-interval': '1', '--device': 'cpu'}
MODEL = {'num_class': 2, 'num_point': 25, 'num_person': 2}


def training_commands():
    """Return the commands of the section about training, each a list of words, as the shell hands them over."""
    section = (ROOT / 'docs/own-video.md').read_text().split('\n## Training')[1].split('\n## ')[0]
    for command in commands(section):
        words = []
        for word in command:
            before, braces, after = re.fullmatch(r'([^{]*)(\{\w+,\w+\})?(.*)', word, re.S).groups()
            words += [before + one + after for one in braces[1:-1].split(',')] if braces else [word]
        yield words


@pytest.fixture(scope='module')
def road(tmp_path_factory):
    """A folder with OpenPose's folders of ten videos, and what the page's commands make of them."""
    folder = tmp_path_factory.mktemp('video')
    rows = []
    for number in range(10):
        action = ('jump', 'wave')[number % 2]
        people = person(25, 12, (900, 500), (0, 0), seed=number)[None]
        swing = 40 * np.sin(np.arange(12))[:, None]
        people[0, :, :, 1] += swing if action == 'jump' else 0
        people[0, :, 4:8, 0] += swing if action == 'wave' else 0
        people[0, 3:6, 4] = 0
        write_openpose(folder / f'videos/{action}{number:02d}', people)
        rows.append([f'{action}{number:02d}', action, 'train' if number < 8 else 'val'])
    write_table(folder / 'videos/labels.csv', ['file', 'class', 'part'], rows)
    printed = []
    for _, script, *words in training_commands():
        words = [word.replace('./config', f'{ROOT}/config') for word in words]
        tiny = [word for flag in TINY.items() for word in flag] if script == 'main.py' else []
        printed.append(run_script(script, *words, *tiny, cwd=folder).stdout)
    (folder / 'printed.txt').write_text('\n'.join(printed))
    for stream in ('joint', 'bone'):
        config = yaml.safe_load((ROOT / f'config/small/test_{stream}.yaml').read_text())
        config['model_args'] |= MODEL
        (folder / f'{stream}.yaml').write_text(yaml.safe_dump(config))
    return folder


def test_the_commands_of_the_page_train_and_fuse_a_model(road):
    printed = (road / 'printed.txt').read_text()
    data = np.load(road / 'data/mine/train_data_joint.npy')
    assert data.shape == (8, 3, 12, 25, 2) and np.abs(data[:, :2]).max() < .5
    assert data[:, :, 3:6, 4, 0].any((0, 1)).all()  # --fill 5
    assert re.search(r'Top1: \d+\.\d{4}%', printed) and 'Class 1 (wave)' in printed


def test_new_recordings_are_predicted_as_those_of_the_data_set(run, road):
    two = ['--config', 'joint.yaml', '--bone-config', 'bone.yaml']
    names = [sample.name for sample in sorted((road / 'videos').iterdir()) if sample.name in ('jump08', 'wave09')]
    process = run('predict.py', *two, '--fill', 5, '--json', *(f'videos/{name}' for name in names), cwd=road)
    assert process.stderr == ''
    found = [prediction['top'] for prediction in json.loads(process.stdout)['predictions']]
    process = run('predict.py', *two, '--json', 'data/mine/val_data_joint.npy', cwd=road)
    for top, prepared in zip(found, json.loads(process.stdout)['predictions'], strict=True):
        assert [row['name'] for row in top] == [row['name'] for row in prepared['top']]
        np.testing.assert_allclose([row['score'] for row in top], [row['score'] for row in prepared['top']], atol=1e-5)


def test_what_was_not_filled_and_other_joints_are_said(run, road):
    path = write_results(road / 'other.json', person(17, 5, (900, 500), (0, 0))[None])
    process = run('predict.py', '--config', 'joint.yaml', 'videos/jump08', path, cwd=road, status=1)
    assert "videos/jump08: 'right wrist' of person 1 is missing in frames 4 to 6: --fill 3" in process.stderr
    assert_one_line_error(process, 'other.json: its joints are those of coco17, and 25 others are needed: '
                                   '--as openpose25')


def test_recordings_are_drawn(run, road):
    pytest.importorskip('matplotlib')
    run('visualize.py', 'clip', '--config', 'joint.yaml', '--file', 'videos/wave09', '--out', 'clip.svg', cwd=road)
    assert 'wave09' in (road / 'clip.svg').read_text()
