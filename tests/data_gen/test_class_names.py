"""Names of classes: NTU's own, Kinetics' from its label file, a user's from a text."""
import json

import pytest

from data_gen.class_names import class_names
from runtime.errors import UserError


def test_ntu_names_are_in_the_order_of_the_labels():
    of_60, of_120 = class_names(60), class_names(120)
    assert len(set(of_120)) == 120 and of_120[:60] == of_60
    # Spot checks by the numbers in file names: label = A - 1.
    assert {A: of_120[A - 1] for A in (1, 8, 23, 43, 60, 61, 80, 120)} == {
        1: 'drink water', 8: 'sit down', 23: 'hand waving', 43: 'falling down', 60: 'walking apart',
        61: 'put on headphone', 80: 'squat down', 120: 'rock-paper-scissors'}


def test_kinetics_names_come_from_its_label_file(tmp_path, monkeypatch):
    entries = {str(i): {'label': f'action {i}', 'label_index': i} for i in range(400)}
    folder = tmp_path / 'data/kinetics-skeleton'
    folder.mkdir(parents=True)
    path = folder / 'kinetics_val_label.json'
    path.write_text(json.dumps(entries))
    assert class_names(400, path)[7] == 'action 7'
    monkeypatch.chdir(tmp_path)
    assert class_names(400)[7] == 'action 7'
    path.write_text('{"a": 1}')
    with pytest.raises(UserError, match='kinetics_val_label.json'):
        class_names(3, path)


def test_a_file_must_name_every_class(tmp_path):
    (tmp_path / 'classes.txt').write_text('\ufeffsit\n\nstand\n', encoding='utf-8')  # as some editors write it
    assert class_names(2, tmp_path / 'classes.txt') == ['sit', 'stand']
    with pytest.raises(UserError, match='classes.txt: it names 2 classes, and there are 3'):
        class_names(3, tmp_path / 'classes.txt')
