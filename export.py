#!/usr/bin/env python3
"""Write trained streams as one file for other programs: `python export.py --config C --weights W --out model.onnx`."""
import contextlib
import importlib
import io
import json
import logging
import pathlib
import warnings
from typing import NamedTuple

import numpy as np
import torch
from tqdm import tqdm

from data_gen.class_names import NAMES_HELP
from data_gen.normalize import FRAMES
from feeders.clip_file import read_data
from feeders.feeder import MOVES, Feeder
from prediction.exported import VERSION, VERSION_KEY, ExportedModel, shape_of_clip
from prediction.from_joints import JointsToScores
from prediction.streams import FusedStreams
from runtime.arguments import Parser, count
from runtime.atomic_file import write_whole
from runtime.errors import UserError, run_command
from runtime.trained import model_arguments

RANDOM = 'random_choose', 'random_shift', 'random_move', 'uniform_sample_random', *MOVES
TOLERANCE = 1e-4  # of PyTorch's largest score
CLIPS, TEST_CLIPS = 16, 100  # random ones that a model is checked on, and at most this many of the test data
BATCH_SIZES = 1, 5
RANDOM_CLIPS = 'random clips'


def get_parser():
    parser = Parser(description='Write one trained stream, or two that are fused, as one network from joints to '
                                'scores, with all that a program needs to use it. See docs/export.md.')
    add = parser.add_argument
    add('--config', required=True, help='config of the stream')
    add('--weights', help='weights of the stream (default: those in the config)')
    add('--bone-config', help='config of a second stream')
    add('--bone-weights', help='weights of the second stream')
    add('--alpha', type=float, default=1.0, help='weight of the second stream, as in ensemble.py')
    add('--names', help=NAMES_HELP)
    add('--frames', type=count, help='frames of a clip, if neither the config nor its test data determine them '
                                     f'(default: {FRAMES})')
    add('--softmax', action='store_true', help='give probabilities instead of scores')
    smaller = parser.add_mutually_exclusive_group()
    smaller.add_argument('--half', action='store_true', help='store float16 weights (.onnx)')
    smaller.add_argument('--int8', action='store_true', help='compute with 8-bit weights (.onnx)')
    add('--out', type=pathlib.Path, required=True, help='the file to write: .onnx, or .pt2 of torch.export')
    return parser


def describe(model, frames, softmax):
    """Return the description that goes into the file, see docs/export.md; UserError if no such file can be written.

    `frames` is how many a clip has where the config does not choose them, or None.
    """
    inputs = {(*shape_for(stream, frames), bool(stream.feeder.uniform_sample), stream.feeder.test_clips)
              for stream in model.streams}
    if len(inputs) > 1:
        raise UserError(f'{" and ".join(file["config"] for file in model.files)} take clips of different channels, '
                        'frames, joints, persons or draws: streams of one file must take the same')
    channels, num_frames, num_joints, persons, uniform_sample, draws = inputs.pop()
    names = getattr(model.streams[0].graph, 'joint_names', [f'joint {i}' for i in range(num_joints)])
    streams = [{**files, 'weight': weight, 'stream': stream.feeder.stream or stream.stream, 'model': stream.arg.model,
                'model_args': stream.arg.model_args, 'test_feeder_args': stream.arg.test_feeder_args}
               for files, weight, stream in zip(model.files, model.stream_weights, model.streams)]
    return {VERSION_KEY: VERSION, 'class_names': model.class_names, 'joints': names, 'channels': channels,
            'frames': num_frames, 'persons': persons, 'uniform_sample': uniform_sample, 'draws': draws,
            'output': 'probabilities' if softmax else 'scores',
            'preparation': model.preparation and model.preparation._asdict(), 'streams': streams}


def shape_for(stream, frames):
    """Return (C, T, V, M), the shape of a clip of joints for this stream."""
    arg, feeder = stream.arg, stream.feeder
    if type(feeder) is not Feeder:
        raise UserError(f'{arg.config}: {arg.feeder}: only what feeders.feeder.Feeder does to a clip can be exported')
    drawn = [name for name in RANDOM if getattr(feeder, name)]
    if drawn:
        raise UserError(f'{arg.config}: test_feeder_args: {", ".join(drawn)}: an exported model uses no '
                        'random numbers')
    if feeder.uniform_sample and stream.stream.endswith('motion'):
        raise UserError(f'{arg.config}: uniform_sample chooses frames of {stream.stream} there, and an exported model '
                        f'is given joints: take data_path …_data_joint.npy and stream: {stream.stream}')
    if feeder.uniform_sample and frames:
        raise UserError(f'--frames: uniform_sample of {arg.config} chooses {feeder.uniform_sample} frames')
    said = model_arguments(arg)
    for key in ('in_channels', 'num_point', 'num_person'):
        if not isinstance(said.get(key), int):
            raise UserError(f'{arg.config}: model_args has no {key}')
    if not frames:
        there = stream.data_path and pathlib.Path(stream.data_path).exists()
        frames = feeder.uniform_sample or (read_data(stream.data_path).shape[2] if there else FRAMES)
    channels = said['in_channels'] // (2 if stream.stream == 'joint_bone' else 1)
    return channels, frames, said['num_point'], said['num_person']


def as_program(model, description):
    """Return the torch.export program of the streams, for joints of a free batch size."""
    joints = torch.zeros(2, *shape_of_clip(description))
    network = JointsToScores(model, description['output'] == 'probabilities').eval().requires_grad_(False)
    try:
        return torch.export.export(network, (joints,), dynamic_shapes=({0: torch.export.Dim('batch')},))
    except Exception as error:  # anything in a user's model that cannot be traced
        raise UserError(f'{model.files[0]["config"]}: torch.export cannot trace the model: {error}') from error


def as_pt2(program, description):
    """Return (the bytes of a .pt2 of the program, the ExportedModel that they hold)."""
    buffer = io.BytesIO()
    torch.export.save(program, buffer, extra_files={'description.json': json.dumps(description, default=str)})
    loaded = torch.export.load(io.BytesIO(buffer.getvalue())).module()
    return buffer.getvalue(), ExportedModel(lambda joints: loaded(torch.from_numpy(joints)).numpy(), description)


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
    """Return the Agreement of two models on `clips` of joints, an array (N, C, T, V, M), from `source`."""
    expected = scores_of(model, clips, source, max(BATCH_SIZES))
    found = np.stack([scores_of(exported, clips, source, size) for size in BATCH_SIZES])
    if exported.gives_probabilities:
        expected, found = (torch.from_numpy(scores).softmax(-1).numpy() for scores in (expected, found))
    same = (found.argmax(-1) == expected.argmax(-1)).all(0).sum()
    return Agreement(np.abs(found - expected).max() / np.abs(expected).max(), same, len(clips), source)


def scores_of(model, clips, source, batch_size):
    """Return the scores (N, num_class) of clips of joints, so many at a time."""
    starts = tqdm(range(0, len(clips), batch_size), unit='batch', disable=None, leave=False)
    return np.concatenate([model.scores([model.prepare(clip, source) for clip in clips[start:start + batch_size]])
                           for start in starts])


def random_clips(description):
    """Return random clips (CLIPS, C, T, V, M) of joints, with no person, one and two in turn, of different lengths."""
    C, T, V, M = shape_of_clip(description)
    frames = 2 * T if description['uniform_sample'] else T
    rng = np.random.default_rng(0)
    pose, steps = rng.standard_normal((CLIPS, C, 1, V, M)), rng.standard_normal((CLIPS, C, frames, V, M))
    clips = (.3 * pose + .02 * steps.cumsum(2)).astype(np.float32)
    for number, clip in enumerate(clips):
        clip[..., number % 3:] = 0
        clip[:, frames - number:] = 0
    return clips


def clips_to_compare(model, description):
    """Return clips of the config's test data, evenly spread, and their path; random ones if there are no data."""
    first = model.streams[0]
    name = pathlib.Path(first.data_path or '').name.replace(f'_data_{first.stream}.npy', '_data_joint.npy')
    path = name and pathlib.Path(first.data_path).with_name(name)
    if not path or not path.is_file():
        return random_clips(description), RANDOM_CLIPS
    data = read_data(path)
    if not description['uniform_sample'] and data.shape[2] != description['frames']:  # --frames
        return random_clips(description), RANDOM_CLIPS
    return np.array(data[np.linspace(0, len(data) - 1, min(len(data), TEST_CLIPS)).astype(int)]), str(path)


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


def onnx_tools(arg):
    """Return the module prediction.onnx_file if a .onnx is asked for, None for a .pt2; UserError if it cannot be."""
    if arg.out.suffix not in ('.onnx', '.pt2'):
        raise UserError(f'--out {arg.out}: its name must end in .onnx or .pt2')
    if arg.out.suffix == '.pt2':
        if arg.half or arg.int8:
            raise UserError('--half and --int8 are for .onnx: leave them out, or give --out another name')
        return None
    try:
        return importlib.import_module('prediction.onnx_file')
    except ModuleNotFoundError as error:
        raise UserError(f'{arg.out} needs {error.name}: pip install -r requirements-extra.txt') from None


def main():
    arg = get_parser().parse_args()
    onnx_file = onnx_tools(arg)
    model = FusedStreams(arg.config, arg.weights, arg.bone_config, arg.bone_weights, arg.alpha, arg.names,
                         device='cpu', precision='fp32')
    description = describe(model, arg.frames, arg.softmax)
    with quiet():
        program = as_program(model, description)
        if onnx_file is None:
            content, exported = as_pt2(program, description)
        else:
            proto = onnx_file.as_onnx(program)
            content, exported = onnx_file.with_description(proto, description, arg.out)
    found = agreement(model, exported, random_clips(description), RANDOM_CLIPS)
    if not (found.difference <= TOLERANCE and found.same == found.clips):  # NaN fails, too
        raise UserError(f'{arg.out}: not written: {found}: at most {TOLERANCE:.0e} is allowed, with the same top-1')
    print(f'checked: {found}')
    if arg.half or arg.int8:
        with quiet():
            smaller = onnx_file.halved(proto) if arg.half else onnx_file.quantised(proto)
            content, exported = onnx_file.with_description(smaller, description, arg.out)
        found = agreement(model, exported, *clips_to_compare(model, description))
        print(f'{"float16" if arg.half else "8 bits"}: {found}')
    with write_whole(arg.out) as file:
        file.write(content)
    print(f'{arg.out}: {len(content) / 1e6:.1f} MB, joints (N, {", ".join(map(str, shape_of_clip(description)))}) → '
          f'{description["output"]} (N, {len(model.class_names)})')


if __name__ == '__main__':
    run_command(main)
