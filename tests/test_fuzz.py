"""Whatever is in a file, a reader returns its data or raises the user's one-line error."""
import io
import json
import pathlib
import pickle
import resource
import struct

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_gen.formats import ctrgcn_arrays, kinetics_json, ntu_skeleton, nwucla_json, own_clips, pyskl_annotations
from feeders.labels import read_labels
from main import get_parser
from prediction.scores import read_scores
from runtime.data_file import read_data
from runtime.errors import UserError
from runtime.weights import load_weights
from tests.data_gen.raw_kinetics import random_content
from tests.data_gen.raw_ntu import random_bodies, skeleton_text

EXAMPLES, LONG_EXAMPLES = 20, 500  # cases of each reader
MEMORY = 1 << 30  # bytes that a reader may take: a damaged length can claim any number of them
MAX_LINE = 500
JOINTS = ['head', 'hand']


def npy_bytes():
    file = io.BytesIO()
    np.save(file, np.ones((2, 3, 4, 5, 2), np.float32))
    return file.getvalue()


def torch_bytes(legacy):
    file = io.BytesIO()
    torch.save({'fc.weight': torch.ones(3, 2), 'fc.bias': torch.zeros(3)}, file,
               _use_new_zipfile_serialization=not legacy)
    return file.getvalue()


def annotation_bytes():
    annotations = [{'frame_dir': name, 'label': 0, 'total_frames': 4, 'keypoint': np.ones((1, 4, 25, 3))}
                   for name in 'ab']
    return pickle.dumps({'split': {'xsub_train': ['a'], 'xsub_val': ['b']}, 'annotations': annotations})


def npz_bytes():
    file = io.BytesIO()
    np.savez(file, **{f'{letter}_{part}': array for part in ('train', 'test') for letter, array in (
        ('x', np.ones((2, 4, 150), np.float32)), ('y', np.eye(2)))})
    return file.getvalue()


def read_prepared_annotations(path):
    samples, _, layout = pyskl_annotations.list_recordings(path)
    return [pyskl_annotations.read_recording(sample.source, layout, JOINTS) for sample in samples
            if not sample.problem]


def read_arrays(path):
    samples, _ = ctrgcn_arrays.list_recordings(path)
    return [ctrgcn_arrays.read_recording(sample.source) for sample in samples if not sample.problem]


def read_config(path):
    return get_parser().parse_with_config(['--config', str(path)])


RNG = np.random.default_rng(0)
NAMES = [f'S001C001P{p:03d}R001A001.skeleton' for p in range(4)]
READERS = {
    'skeleton': (ntu_skeleton.read_recording, 'a.skeleton', [skeleton_text(random_bodies(RNG, 2, 2)).encode()]),
    'kinetics': (kinetics_json.read_recording, 'a.json', [json.dumps(random_content(RNG, 2)).encode()]),
    'nw-ucla': (nwucla_json.read_recording, 'a.json', [json.dumps({'skeletons': [[[0.5] * 3] * 20] * 2}).encode()]),
    'own csv': (lambda path: own_clips.read_recording(path, JOINTS, 2), 'a.csv',
                [b'frame,person,head_x,head_y,hand_x,hand_y\n1,a,1.5,2,3,4\n1,b,1,2,3,4\n2,a,1,2,,\n']),
    'annotations': (read_prepared_annotations, 'a.pkl', [annotation_bytes()]),
    'npz': (read_arrays, 'a.npz', [npz_bytes()]),
    'labels': (read_labels, 'a.pkl', [pickle.dumps((NAMES, [0, 1, 2, 3]), p) for p in (0, 2, 4)]),
    'scores': (read_scores, 'a.pkl', [pickle.dumps({n: np.ones(3, np.float32) for n in NAMES}, p) for p in (2, 4, 5)]),
    'npy': (read_data, 'a.npy', [npy_bytes()]),
    'pt': (load_weights, 'a.pt', [torch_bytes(False), torch_bytes(True)]),
    'pkl weights': (load_weights, 'a.pkl', [pickle.dumps({'fc.weight': torch.ones(3, 2)})]),
    'yaml': (read_config, 'a.yaml', [b'base_lr: 0.1\nstep: [1, 2]\nmodel_args: {num_class: 3}\nnesterov: yes\n']),
}


def damaged(valid):
    """Return a strategy of bytes: noise, and each of `valid` cut off, rearranged, with bytes changed or put in."""
    whole, where = st.sampled_from(valid), st.floats(0, 1)

    def cut(content, end, more):
        return content[:int(end * len(content))] + more

    def edit(content, edits):
        for position, put, removed in edits:
            at = int(position * len(content))
            content = content[:at] + put + content[at + removed:]
        return content

    def rearrange(content, separator, order, number):
        """Let lines, fields or numbers change places, leave some out, double some, and let numbers grow."""
        pieces = content.split(separator)
        moved = [pieces[int(position * len(pieces)) % len(pieces)] for position in order]
        return separator.join(moved + pieces[len(moved):]).replace(b'0', number, 3)

    huge_length = st.builds(lambda n: struct.pack('<Q', n), st.integers(0, 2 ** 64 - 1))
    return st.one_of(
        st.binary(max_size=400), st.builds(cut, whole, where, st.just(b'') | huge_length),
        st.builds(edit, whole, st.lists(st.tuples(where, st.binary(max_size=9), st.integers(0, 9)), max_size=4)),
        st.builds(rearrange, whole, st.sampled_from([b'\n', b',', b' ', b'{', b'"']), st.lists(where, max_size=40),
                  st.sampled_from([b'0', b'9' * 30, b'1e400', b'-1', b'NaN'])))


@pytest.fixture
def limited_memory():
    _, most = before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(pathlib.Path('/proc/self/statm').read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, most))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.usefixtures('limited_memory')
@pytest.mark.parametrize('name', READERS)
def test_any_bytes_are_data_or_a_line(name, tmp_path, long_mode):
    read, file_name, valid = READERS[name]
    path = tmp_path / file_name
    for content in valid:
        path.write_bytes(content)
        read(path)

    @settings(max_examples=LONG_EXAMPLES if long_mode else EXAMPLES, deadline=None, derandomize=not long_mode,
              database=None, suppress_health_check=list(HealthCheck))
    @given(damaged(valid))
    def check(content):
        path.write_bytes(content)
        try:
            read(path)
        except UserError as error:
            line = str(error)
            assert file_name in line and '\n' not in line and len(line) < MAX_LINE, error

    check()
