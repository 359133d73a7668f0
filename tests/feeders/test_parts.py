"""Parts of a feeder are feeders as any other."""
import pickle

import numpy as np
import pytest
from tiny import write_dataset

from feeders.feeder import Feeder
from feeders.interface import average_of
from feeders.parts import NamedPart, Part
from runtime.errors import UserError


def test_a_part_is_a_feeder_of_its_samples(tmp_path):
    write_dataset(tmp_path)
    whole = Feeder(tmp_path / 'train_data_joint.npy', tmp_path / 'train_label.pkl')
    whole.average = 'probability'
    part = pickle.loads(pickle.dumps(Part(whole, [3, 7, 8])))
    assert average_of(part) == 'probability'
    assert len(part) == 3 and part.sample_name == [whole.sample_name[i] for i in (3, 7, 8)]
    clip, label, index = part[1]
    assert np.array_equal(clip, whole[7][0]) and label == whole.label[7] and index == 1


def test_a_named_part_has_the_samples_that_its_file_names(tmp_path):
    write_dataset(tmp_path, parts=(('train', 4),))
    files = {'data_path': tmp_path / 'train_data_joint.npy', 'label_path': tmp_path / 'train_label.pkl'}
    whole = Feeder(**files)
    (tmp_path / 'names.txt').write_text('\n'.join([whole.sample_name[3], whole.sample_name[1]]))
    part = NamedPart('feeders.feeder.Feeder', tmp_path / 'names.txt', **files)
    assert part.sample_name == [whole.sample_name[1], whole.sample_name[3]] and part.label == [1, 3]
    assert (part[1][0] == whole[3][0]).all() and part[1][1:] == (3, 1)
    (tmp_path / 'names.txt').write_text('S009C001P001R001A001.skeleton')
    with pytest.raises(UserError, match='names.txt: S009C001P001R001A001.skeleton is none of the 4 samples'):
        NamedPart('feeders.feeder.Feeder', tmp_path / 'names.txt', **files)
