"""Label files in which a name stands twice: scores could not be matched by name."""
import pickle

import numpy as np
import pytest
from conftest import assert_one_line_error
from tiny import config, write_config, write_dataset


@pytest.mark.parametrize('labels', [[0, 1, 2], [0, 1, 1]])
def test_every_command_refuses_a_sample_that_is_listed_twice(run, tmp_path, labels):
    write_dataset(tmp_path / 'data', [('train', 4), ('val', 3)])
    label_file = tmp_path / 'data/val_label.pkl'
    label_file.write_bytes(pickle.dumps((['one', 'twice', 'twice'], labels)))
    (tmp_path / 'scores.pkl').write_bytes(pickle.dumps({'one': np.eye(4)[0], 'twice': np.eye(4)[1]}))
    path = write_config(tmp_path / 'c.yaml', config(tmp_path / 'data', tmp_path))
    for command in (['main.py', '--config', path], ['ensemble.py', '--scores', 'scores.pkl', '--labels', label_file],
                    ['visualize.py', 'clip', '--config', path, '--sample', 'one', '--out', 'clip.svg']):
        assert_one_line_error(run(*command, status=2), label_file, 'sample twice', f'the labels 1 and {labels[2]}')
