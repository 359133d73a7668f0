"""Whatever is in a file, a reader returns its data or raises the user's one-line error: no crash, no code, no flood."""
import pickle
import resource
import struct
import time

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_gen.formats import kinetics_json, ntu_skeleton
from ensemble import read_scores
from feeders.clip_file import read_data
from feeders.labels import read_labels
from main import get_parser
from runtime.errors import UserError
from runtime.weights import load_weights

EXAMPLES, LONG_EXAMPLES = 35, 400  # cases a reader; six readers and the Kinetics one
MOST_MEMORY = 300 << 10  # kilobytes that all cases of one reader may add
MOST_SECONDS = 5  # for one case; a loaded machine needs some


def skeleton_text():
    joint = '0.1 -0.2 3.5 ' + '0 ' * 8 + '2\n'
    body = '72057594037931101 0 1 1 1 1 0 0.02 -0.1 2\n25\n' + joint * 25
    return f'2\n1\n{body}2\n{body}{body}'.encode()


def npy_bytes():
    import io
    file = io.BytesIO()
    np.save(file, np.ones((2, 3, 4, 5, 2), np.float32))
    return file.getvalue()


def torch_bytes(legacy):
    import io
    file = io.BytesIO()
    torch.save({'fc.weight': torch.ones(3, 2), 'fc.bias': torch.zeros(3)}, file,
               _use_new_zipfile_serialization=not legacy)
    return file.getvalue()


def json_bytes():
    import json
    person = {'pose': [0.25] * 36, 'score': [0.5] * 18}
    frames = [{'frame_index': t, 'skeleton': [person] * t} for t in (1, 2)]
    return json.dumps({'data': frames, 'label': 'a', 'label_index': 0}).encode()


def read_config(path):
    return get_parser().parse_with_config(['--config', str(path)])


NAMES = [f'S001C001P{p:03d}R001A001.skeleton' for p in range(4)]
READERS = {
    'skeleton': (ntu_skeleton.read_recording, 'a.skeleton', [skeleton_text()]),
    'kinetics': (kinetics_json.read_recording, 'a.json', [json_bytes()]),
    'labels': (read_labels, 'a.pkl', [pickle.dumps((NAMES, [0, 1, 2, 3]), p) for p in (0, 2, 4)]),
    'scores': (read_scores, 'a.pkl', [pickle.dumps({n: np.ones(3, np.float32) for n in NAMES}, p) for p in (2, 4, 5)]),
    'npy': (read_data, 'a.npy', [npy_bytes()]),
    'pt': (load_weights, 'a.pt', [torch_bytes(False), torch_bytes(True)]),
    'pkl weights': (load_weights, 'a.pkl', [pickle.dumps({'fc.weight': torch.ones(3, 2)})]),
    'yaml': (read_config, 'a.yaml', [b'base_lr: 0.1\nstep: [1, 2]\nmodel_args: {num_class: 3}\nnesterov: yes\n']),
}


def damaged(valid):
    """Return a strategy of bytes: noise, and each of `valid` cut off, with bytes changed, doubled or put in."""
    whole = st.sampled_from(valid)
    edit = st.tuples(st.floats(0, 1), st.binary(min_size=0, max_size=9), st.integers(0, 9))

    def apply(content, edits):
        for where, put, removed in edits:
            at = int(where * len(content))
            content = content[:at] + put + content[at + removed:]
        return content
    cut = st.builds(lambda content, where: content[:int(where * len(content))], whole, st.floats(0, 1))
    huge = st.builds(lambda content, where, n: content[:int(where * len(content))] + struct.pack('<Q', n), whole,
                     st.floats(0, 1), st.integers(0, 2 ** 64 - 1))
    edited = st.builds(apply, whole, st.lists(edit, min_size=1, max_size=4))
    return st.one_of(st.binary(max_size=400), cut, huge, edited)


@pytest.mark.parametrize('name', READERS)
def test_any_bytes_are_data_or_a_line(name, tmp_path, long_mode):
    read, file_name, valid = READERS[name]
    path = tmp_path / file_name
    for content in valid:
        path.write_bytes(content)
        read(path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    @settings(max_examples=LONG_EXAMPLES if long_mode else EXAMPLES, deadline=None, derandomize=not long_mode,
              database=None, suppress_health_check=list(HealthCheck))
    @given(damaged(valid))
    def check(content):
        path.write_bytes(content)
        began = time.monotonic()
        try:
            read(path)
        except UserError as error:
            assert file_name in str(error) and '\n' not in str(error).strip(), error
        assert time.monotonic() - began < MOST_SECONDS, 'a reader hangs'

    check()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_MEMORY
