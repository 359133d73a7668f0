"""TensorBoard's events on a full disk: a line, and no process that waits for a dead thread."""
import collections

import pytest

from runtime import events
from runtime.events import EventFiles


def test_a_full_disk_is_met_before_anything_is_written(tmp_path, monkeypatch):
    usage = collections.namedtuple('usage', 'free')
    monkeypatch.setattr(events.shutil, 'disk_usage', lambda _: usage(1000))
    files = EventFiles(tmp_path / 'train')
    with pytest.raises(OSError, match='No space left.*train'):
        files.add_scalars({'loss': 1.}, 0)
    files.close()
    assert files.earlier() == []


def test_processes_that_only_compute_write_nothing(tmp_path):
    files = EventFiles(tmp_path / 'train', writes=False)
    files.add_scalars({'loss': 1.}, 0)
    files.add_text('config', 'a: 1')
    files.close()
    assert not (tmp_path / 'train').exists()
