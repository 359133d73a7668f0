"""Data files are told apart, also those too large to be read whole."""
import pytest

from feeders import fingerprint


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(fingerprint, 'BLOCK', 4)
    monkeypatch.setattr(fingerprint, 'MAX_BLOCKS', 8)


@pytest.mark.parametrize('size', [0, 1, 31, 32, 33, 1000])
def test_a_file_equals_its_copy_and_differs_from_others(tmp_path, size):
    contents = {'a': bytes(size), 'copy': bytes(size), 'longer': bytes(size + 1), 'other': b'\1' * size}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    found = fingerprint.fingerprints({**{name: str(tmp_path / name) for name in contents}, 'window_size': 8,
                                      'none': str(tmp_path / 'none')})
    assert list(found) == list(contents) and found['a'] == found['copy'] != found['longer']
    assert size == 0 or found['a'] != found['other']


def test_small_files_are_read_whole(tmp_path):
    found = set()
    for changed in range(32):
        (tmp_path / f'{changed}').write_bytes(bytes(changed) + b'\1' + bytes(31 - changed))
        found.add(fingerprint.fingerprint(str(tmp_path / f'{changed}')))
    assert len(found) == 32
