"""The validation part: whole persons where they are known, a like fraction of each class, and the log."""
import pickle

import numpy as np
import pytest
from tiny import write_dataset

from feeders.feeder import Feeder
from feeders.interface import average_of
from feeders.parts import Part
from feeders.validation import validation_part
from runtime.errors import UserError

NAMES = [f'S001C00{camera}P{person:03d}R001A{label + 1:03d}' for person in range(1, 6) for label in range(4)
         for camera in (1, 2)]
LABELS = [label for _ in range(5) for label in range(4) for _ in (1, 2)]


def chosen_names(names=NAMES, labels=LABELS, persons=(), fraction=0.2, seed=1, folder='.'):
    chosen, words = validation_part(names, labels, persons, fraction, seed, folder)
    return [name for name, taken in zip(names, chosen) if taken], words


def test_named_persons_are_taken():
    taken, words = chosen_names(persons=['P002', 'P005'])
    assert {name[8:12] for name in taken} == {'P002', 'P005'} and len(taken) == 16 and words == 'those of P002, P005'


def test_p1_means_p1(tmp_path):
    names = [f'p{person}_{i}.npy' for person in (1, 10, 11) for i in range(2)]
    assert chosen_names(names, [0] * 6, persons=['p1'])[0] == ['p1_0.npy', 'p1_1.npy']
    rows = ['file,person', *(f'{name},{["Ann", "Ann-Lou", "Bo"][i // 2]}' for i, name in enumerate(names))]
    (tmp_path / 'labels.csv').write_text('\n'.join(rows))
    assert chosen_names(names, [0] * 6, persons=['Ann'], folder=tmp_path)[0] == ['p1_0.npy', 'p1_1.npy']
    for persons, folder in ((['p1'], tmp_path), (['npy1'], '.')):  # who they are of is known; no such word
        with pytest.raises(UserError, match='no training sample is of'):
            chosen_names(names, [0] * 6, persons=persons, folder=folder)


def test_a_frame_rate_is_no_person():
    names = [f'{who}_1080p{rate}_{what}' for who in ('anna', 'bo') for rate in (30, 60) for what in ('sit', 'wave')]
    assert 'persons are not known' in chosen_names(names, [0, 1] * 4, fraction=0.5)[1]
    assert chosen_names(names, [0, 1] * 4, persons=['anna'])[0] == names[:4]
    with pytest.raises(UserError, match="no training sample is of 'p30'"):
        chosen_names(names, [0, 1] * 4, persons=['p30'])


@pytest.mark.parametrize('fraction, number', [(0.2, 1), (0.4, 2), (0.01, 1)])
def test_a_fraction_is_of_whole_persons(fraction, number):
    drawn = set()
    for seed in range(20):
        taken, words = chosen_names(fraction=fraction, seed=seed)
        persons = {name[8:12] for name in taken}
        assert len(taken) == 8 * len(persons) and words == f'those of {number} of 5 persons'
        drawn.add(tuple(sorted(persons)))
    assert len(drawn) > 3
    assert chosen_names(fraction=fraction) == chosen_names(fraction=fraction)


def test_persons_are_chosen_for_a_like_fraction_of_each_class():
    names = [f'S001C001P{person:03d}R{i:03d}A001' for person in range(12) for i in range(6)]
    labels = [person % 3 for person in range(12) for _ in range(6)]  # everyone does one thing only
    for seed in range(20):
        taken, _ = chosen_names(names, labels, fraction=0.25, seed=seed)
        assert np.bincount([labels[names.index(name)] for name in taken]).tolist() == [6, 6, 6]


def test_a_table_beside_the_data_tells_persons(tmp_path):
    names = [f'clip{i}.npy' for i in range(12)]
    rows = ['person,file,class', *(f'{"abc"[i % 3]}, ./{name},walk' for i, name in enumerate(names))]
    (tmp_path / 'labels.csv').write_text('\ufeff' + '\n'.join(rows), encoding='utf-8')
    taken, words = chosen_names(names, [0] * 12, fraction=0.33, folder=tmp_path)
    assert words == 'those of 1 of 3 persons' and len({names.index(name) % 3 for name in taken}) == 1


def test_where_nothing_tells_clips_are_drawn_for_each_class():
    names = [f'clip{i}' for i in range(20)]
    labels = [i % 4 for i in range(20)]
    taken, words = chosen_names(names, labels, fraction=0.4)
    assert np.bincount([labels[names.index(name)] for name in taken]).tolist() == [2, 2, 2, 2]
    assert words.startswith('those of 8 of 20 clips') and 'clips of one person may be in both parts' in words
    assert taken != chosen_names(names, labels, fraction=0.4, seed=2)[0]


def test_a_part_is_a_feeder_of_its_samples(data):
    whole = Feeder(data / 'train_data_joint.npy', data / 'train_label.pkl')
    whole.average = 'probability'
    part = pickle.loads(pickle.dumps(Part(whole, [3, 7, 8])))
    assert average_of(part) == 'probability'
    assert len(part) == 3 and part.sample_name == [whole.sample_name[i] for i in (3, 7, 8)]
    clip, label, index = part[1]
    assert np.array_equal(clip, whole[7][0]) and label == whole.label[7] and index == 1


def test_a_run_keeps_persons_apart_and_logs_what_it_split_by(processor, data, capsys):
    write_dataset(data, [('train', 40)])
    (data / 'train_label.pkl').write_bytes(pickle.dumps((NAMES, LABELS)))
    run = processor(val_share=0.2)
    assert 'Validation: 8 of the 40 training samples, those of 1 of 5 persons' in capsys.readouterr().out
    persons = {part: {name[8:12] for name in run.feeder[part].sample_name} for part in ('train', 'val')}
    assert len(persons['val']) == 1 and len(persons['train']) == 4 and not persons['val'] & persons['train']
