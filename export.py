#!/usr/bin/env python3
"""Write trained streams as one file for other programs: `python export.py --config C --weights W --out model.onnx`."""
import contextlib
import dataclasses
import importlib
import logging
import pathlib
import warnings
from typing import NamedTuple

import numpy as np
import torch
from tqdm import tqdm

from data_gen.class_names import NAMES_HELP
from data_gen.preparation import FRAMES
from data_gen.preparation_file import PYSKL_FEEDER
from feeders.feeder import MOVES, Feeder
from model.from_config import model_arguments
from prediction.exported import VERSION, VERSION_KEY
from prediction.flags import add_streams, separate_files
from prediction.from_joints import ClipsToScores, JointsToScores
from prediction.streams import FusedStreams
from runtime.arguments import Parser, count
from runtime.atomic_file import write_whole
from runtime.data_file import read_data
from runtime.errors import UserError, run_command

RANDOM = 'random_choose', 'random_shift', 'random_move', 'uniform_sample_random', *MOVES
TOLERANCE = 1e-4  # of PyTorch's largest score
CLIPS, MAX_TEST_CLIPS = 16, 100  # random ones that a model is checked on, and those of the test data
BATCH_SIZES = 1, 5
RANDOM_CLIPS = 'random clips'
LONGER = 2  # times the frames of an input: the length of random clips, where frames are chosen from them


def get_parser():
    parser = Parser(description='Write trained streams, fused if they are several, as one network from joints to '
                                'scores, with all that a program needs to use it. See docs/export.md.')
    add = parser.add_argument
    add_streams(add, required=True)
    add('--names', help=NAMES_HELP)
    add('--frames', type=count, help='frames of a clip, if neither the config nor its test data determine them '
                                     f'(default: {FRAMES})')
    add('--softmax', action='store_true', help='give probabilities instead of scores')
    add('--half', action='store_true', help='store float16 weights')
    add('--out', type=pathlib.Path, required=True, help='the .onnx file to write')
    return parser


def describe(model, frames, softmax):
    """Return the description that goes into the file, see docs/export.md; UserError if no such file can be written.

    `frames` is how many a clip has where the config does not choose them, or None.
    """
    drawn = [stream.arg.feeder == PYSKL_FEEDER for stream in model.streams]
    if any(drawn) and not all(drawn):
        raise UserError(f"{model.files[drawn.index(True)]['config']} is of PYSKL's feeder, and "
                        f"{model.files[drawn.index(False)]['config']} is not: streams of one file must be of one kind")
    inputs = [input_of(stream, model, frames) for stream in model.streams]
    if not drawn[0]:
        if any(entry != inputs[0] for entry in inputs):
            raise UserError(f'{" and ".join(file["config"] for file in model.files)} take clips of different channels, '
                            'frames, joints, persons, draws or preparations: streams of one file must take the same')
        inputs = [{**inputs[0], 'name': 'joints'}]
    streams = [{**files, 'weight': weight, 'stream': stream.feeder.stream or stream.stream, 'model': stream.arg.model,
                'model_args': stream.arg.model_args, 'test_feeder_args': stream.arg.test_feeder_args}
               for files, weight, stream in zip(model.files, model.stream_weights, model.streams)]
    names = getattr(model.streams[0].graph, 'joint_names', [f'joint {i}' for i in range(inputs[0]['shape'][2])])
    return {VERSION_KEY: VERSION, 'class_names': model.class_names, 'joints': names, 'inputs': inputs,
            'output': 'probabilities' if softmax else 'scores',
            'preparations': [preparation and dataclasses.asdict(of_frames(preparation, inputs[0]))
                             for preparation in model.preparations],
            'streams': streams}


def of_frames(preparation, entry):
    """Return the Preparation with the frames that an input takes, if it takes all of a clip."""
    return dataclasses.replace(preparation, frames=entry['shape'][1]) if entry['frames_are'] == 'all' else preparation


def input_of(stream, model, frames):
    """Return what the network of a Stream takes, as an entry of the description's `inputs`."""
    arg, feeder = stream.arg, stream.feeder
    said = model_arguments(arg)
    for key in ('in_channels', 'num_point', 'num_person'):
        if not isinstance(said.get(key), int):
            raise UserError(f'{arg.config}: model_args has no {key}')
    channels = said['in_channels'] // (2 if stream.stream == 'joint_bone' else 1)
    preparation = model.preparations.index(stream.preparation)
    if arg.feeder == PYSKL_FEEDER:
        return {'name': f'{model.streams.index(stream)}_{feeder.stream}', 'preparation': preparation,
                'shape': [channels, feeder.clip_len, said['num_point'], said['num_person']], 'frames_are': 'drawn',
                'draws': feeder.num_clips, 'seed': feeder.seed, 'stream': feeder.stream,
                'bone_partners': feeder.partners, 'mean_score': feeder.mean_score}
    frames = frames_of(stream, frames)
    return {'preparation': preparation, 'shape': [channels, frames, said['num_point'], said['num_person']],
            'frames_are': 'uniform' if feeder.uniform_sample else 'all', 'draws': feeder.test_clips}


def frames_of(stream, frames):
    """Return the number of frames that a Stream's network takes; UserError if its feeder cannot be exported."""
    arg, feeder = stream.arg, stream.feeder
    if type(feeder) is not Feeder:
        raise UserError(f'{arg.config}: {arg.feeder}: only what feeders.feeder.Feeder and {PYSKL_FEEDER} do to a clip '
                        'can be exported')
    drawn = [name for name in RANDOM if getattr(feeder, name)]
    if drawn:
        raise UserError(f'{arg.config}: test_feeder_args: {", ".join(drawn)}: an exported model uses no '
                        'random numbers')
    if feeder.uniform_sample and stream.stream.endswith('motion'):
        raise UserError(f'{arg.config}: uniform_sample chooses frames of {stream.stream} there, and an exported model '
                        f'is given joints: take data_path …_data_joint.npy and stream: {stream.stream}')
    if feeder.uniform_sample and frames:
        raise UserError(f'--frames: uniform_sample of {arg.config} chooses {feeder.uniform_sample} frames')
    if frames or feeder.uniform_sample:
        return frames or feeder.uniform_sample
    there = stream.data_path and pathlib.Path(stream.data_path).exists()
    return read_data(stream.data_path).shape[2] if there else FRAMES


def free_batch(inputs, batch):
    """Return the dynamic shapes of a description's `inputs`: their first dimension, `batch`, is free."""
    free = tuple({0: batch} for _ in inputs)
    return (free,) if inputs[0]['frames_are'] == 'drawn' else free


def as_program(model, description):
    """Return the torch.export program of the streams, for inputs of a free batch size."""
    inputs, softmax = description['inputs'], description['output'] == 'probabilities'
    drawn = inputs[0]['frames_are'] == 'drawn'
    network = (ClipsToScores if drawn else JointsToScores)(model, softmax).eval().requires_grad_(False)
    clips = tuple(torch.zeros(2, *[entry['draws']] * drawn, *entry['shape']) for entry in inputs)
    free = free_batch(inputs, torch.export.Dim('batch'))
    try:
        return torch.export.export(network, clips, dynamic_shapes=free)
    except Exception as error:  # anything in a user's model that cannot be traced
        raise UserError(f'{model.files[0]["config"]}: torch.export cannot trace the model: {error}') from error


class Agreement(NamedTuple):
    """How well an exported model agrees with PyTorch on some clips.

    `difference` is the largest between two scores, as a share of PyTorch's largest; `same` clips have the same top-1.
    """

    difference: float
    same: int
    clips: int
    source: str

    def __str__(self):
        return (f'scores within {self.difference:.1e} of the largest of PyTorch, top-1 the same for {self.same} of '
                f'{self.clips} clips ({self.source}), in batches of {" and ".join(map(str, BATCH_SIZES))}')


def agreement(model, exported, clips, source):
    """Return the Agreement of two models on `clips` from `source`: lists of joints (C, T, V, M), one a preparation."""
    expected = scores_of(model, clips, source, max(BATCH_SIZES))
    found = np.stack([scores_of(exported, clips, source, size) for size in BATCH_SIZES])
    if exported.gives_probabilities:
        expected, found = (torch.from_numpy(scores).softmax(-1).numpy() for scores in (expected, found))
    same = (found.argmax(-1) == expected.argmax(-1)).all(0).sum()
    return Agreement(np.abs(found - expected).max() / np.abs(expected).max(), same, len(clips), source)


def scores_of(model, clips, source, batch_size):
    """Return the scores (N, num_class) of N clips of joints, so many at a time."""
    starts = tqdm(range(0, len(clips), batch_size), unit='batch', disable=None, leave=False)
    return np.concatenate([model.scores([model.prepare(clip, source) for clip in clips[start:start + batch_size]])
                           for start in starts])


def random_clips(description):
    """Return CLIPS random clips of joints, with no person, one and two in turn, of different lengths."""
    shapes = {entry['preparation']: entry for entry in description['inputs']}
    return [[random_clip(number, shapes[i]) for i in range(len(description['preparations']))]
            for number in range(CLIPS)]


def random_clip(number, entry):
    """Return a random clip (C, T, V, M) for an entry of the description's `inputs`."""
    C, T, V, M = entry['shape']
    frames = T if entry['frames_are'] == 'all' else LONGER * T
    rng = np.random.default_rng(number)
    clip = .3 * rng.standard_normal((C, 1, V, M)) + .02 * rng.standard_normal((C, frames, V, M)).cumsum(1)
    clip[..., number % 3:] = 0
    clip[:, frames - number:] = 0
    return clip.astype(np.float32)


def clips_to_compare(model, description):
    """Return clips of the config's test data, evenly spread, and their path; random ones if there are no data."""
    first, entry = model.streams[0], description['inputs'][0]
    name = pathlib.Path(first.data_path or '').name.replace(f'_data_{first.stream}.npy', '_data_joint.npy')
    path = name and pathlib.Path(first.data_path).with_name(name)
    if not path or not path.is_file() or len(model.preparations) > 1:
        return random_clips(description), RANDOM_CLIPS
    data = read_data(path)
    if entry['frames_are'] == 'all' and data.shape[2] != entry['shape'][1]:  # --frames
        return random_clips(description), RANDOM_CLIPS
    chosen = np.linspace(0, len(data) - 1, min(len(data), MAX_TEST_CLIPS)).astype(int)
    return [[np.array(data[i])] for i in chosen], str(path)


@contextlib.contextmanager
def quiet():
    """Suppress the warnings and logs of PyTorch and onnxruntime."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        logging.disable(logging.NOTSET)


def main():
    arg = get_parser().parse_args()
    separate_files(arg)
    if arg.files:
        raise UserError(f'{arg.files[0]}: more files than streams')
    if arg.out.suffix != '.onnx':
        raise UserError(f'--out {arg.out}: its name must end in .onnx')
    try:
        onnx_file = importlib.import_module('prediction.onnx_file')
    except ModuleNotFoundError as error:
        raise UserError(f'{arg.out} needs {error.name}: pip install -r requirements-extra.txt') from None
    model = FusedStreams(arg.config, arg.weights, arg.stream_weights, arg.names, device='cpu', precision='fp32')
    description = describe(model, arg.frames, arg.softmax)
    with quiet():
        inputs = description['inputs']
        proto = onnx_file.as_onnx(as_program(model, description), [entry['name'] for entry in inputs],
                                  free_batch(inputs, 'batch'))
        content, exported = onnx_file.with_description(proto, description, arg.out)
    found = agreement(model, exported, random_clips(description), RANDOM_CLIPS)
    if not (found.difference <= TOLERANCE and found.same == found.clips):  # NaN fails, too
        raise UserError(f'{arg.out}: not written: {found}: at most {TOLERANCE:.0e} is allowed, with the same top-1')
    print(f'checked: {found}')
    if arg.half:
        with quiet():
            content, exported = onnx_file.with_description(onnx_file.halved(proto), description, arg.out)
        found = agreement(model, exported, *clips_to_compare(model, description))
        print(f'float16: {found}')
    with write_whole(arg.out) as file:
        file.write(content)
    shapes = ', '.join(f'{entry["name"]} (N, {", ".join(map(str, entry["shape"]))})' for entry in inputs)
    print(f'{arg.out}: {len(content) / 1e6:.1f} MB, {shapes} → {description["output"]} (N, {len(model.class_names)})')


if __name__ == '__main__':
    run_command(main)
