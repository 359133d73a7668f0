#!/usr/bin/env python3
"""Write trained streams as one file for other programs: `python export.py --config C --weights W --out model.onnx`."""
import dataclasses
import logging
import pathlib
import warnings

import numpy as np
import torch

from data_gen.class_names import NAMES_HELP
from data_gen.preparation import FRAMES
from feeders.feeder import MOVES, Feeder
from feeders.pyskl import Feeder as PysklFeeder
from model.from_config import model_arguments
from prediction.exported import VERSION, VERSION_KEY, onnx_model
from prediction.exported_network import Fused
from prediction.flags import add_streams, separate_files
from prediction.ranking import probabilities
from prediction.streams import FusedStreams
from prediction.windows import score_clips
from runtime.arguments import Parser, count
from runtime.atomic_file import write_whole
from runtime.errors import UserError, run_command

RANDOM = 'random_choose', 'random_shift', 'random_move', 'uniform_sample_random', *MOVES
TOLERANCE, HALF_TOLERANCE = 1e-4, 1e-2  # of PyTorch's largest score
CLIPS = 16  # random ones that a model is checked on
BATCH_SIZES = 1, 5


def get_parser():
    parser = Parser(description='Write trained streams, fused if they are several, as one network from joints to '
                                'scores, with all that a program needs to use it. See docs/export.md.')
    add = parser.add_argument
    add_streams(add, required=True)
    add('--names', help=NAMES_HELP)
    add('--frames', type=count, help='frames of a clip (default: those of the preparation of the data, or '
                                     f'{FRAMES})')
    add('--softmax', action='store_true', help='give probabilities instead of scores')
    add('--half', action='store_true', help='store float16 weights')
    add('--out', type=pathlib.Path, required=True, help='the .onnx file to write')
    return parser


def describe(model, frames, softmax):
    """Return the description that goes into the file, see docs/export.md; UserError if no such file can be written.

    `frames` is how many a clip has where the config does not choose them, or None.
    """
    inputs = [input_of(number, stream, model, frames) for number, stream in enumerate(model.streams)]
    if not model.are_probabilities:  # streams of feeders.feeder.Feeder share one input
        if any(entry != inputs[0] for entry in inputs):
            raise UserError(f'{model.configs} take clips of different channels, frames, joints, persons, draws or '
                            'preparations: streams of one file must take the same')
        inputs = inputs[:1]
    streams = [{**files, 'weight': weight, 'stream': stream.feeder.stream or stream.stream, 'model': stream.arg.model,
                'model_args': stream.arg.model_args, 'test_feeder_args': stream.arg.test_feeder_args}
               for files, weight, stream in zip(model.files, model.stream_weights, model.streams)]
    preparations = [preparation and dataclasses.asdict(preparation) for preparation in model.preparations]
    if preparations[0] and inputs[0]['frames_are'] == 'all':
        preparations[0]['frames'] = inputs[0]['shape'][1]
    names = getattr(model.streams[0].graph, 'joint_names', [f'joint {i}' for i in range(inputs[0]['shape'][2])])
    return {VERSION_KEY: VERSION, 'class_names': model.class_names, 'joints': names, 'inputs': inputs,
            'output': 'probabilities' if softmax else 'scores', 'preparations': preparations, 'streams': streams}


def input_of(number, stream, model, frames):
    """Return what the network of a Stream takes, as an entry of the description's `inputs`."""
    arg, feeder = stream.arg, stream.feeder
    made_for = model_arguments(arg)
    channels, joints, persons = sizes = [made_for.get(key) for key in ('in_channels', 'num_point', 'num_person')]
    if not all(isinstance(size, int) for size in sizes):
        raise UserError(f'{arg.config}: model_args need in_channels, num_point and num_person')
    preparation = model.preparations.index(stream.preparation)
    if type(feeder) is PysklFeeder:
        return {'name': f'{number}_{feeder.stream}', 'preparation': preparation,
                'shape': [channels, feeder.clip_len, joints, persons], 'frames_are': 'drawn',
                'draws': feeder.num_clips, 'seed': feeder.seed, 'stream': feeder.stream,
                'bone_partners': feeder.partners, 'mean_score': feeder.mean_score}
    if (type(feeder) is not Feeder or any(getattr(feeder, name) for name in RANDOM)
            or feeder.uniform_sample and stream.stream.endswith('motion')):
        raise UserError(f'{arg.config}: an exported model does to a clip what feeders.pyskl.Feeder does, or '
                        'feeders.feeder.Feeder without random augmentation, and uniform_sample with motion only where '
                        'data_path holds joints')
    if feeder.uniform_sample and frames:
        raise UserError(f'--frames: uniform_sample of {arg.config} chooses {feeder.uniform_sample} frames')
    frames = frames or feeder.uniform_sample or stream.preparation and stream.preparation.frames or FRAMES
    return {'name': 'joints', 'preparation': preparation,
            'shape': [channels // (2 if stream.stream == 'joint_bone' else 1), frames, joints, persons],
            'frames_are': 'uniform' if feeder.uniform_sample else 'all', 'draws': feeder.test_clips}


def compare(model, exported, inputs):
    """Return (difference, same): how well two models agree on random clips, in batches of BATCH_SIZES.

    `difference` is the largest between two scores, as a fraction of the largest of `model`; `same` clips have the same
    top-1. `inputs` are the exported model's.
    """
    shapes = {entry['preparation']: entry for entry in inputs}
    clips = [[random_clip(number, shapes[i]) for i in sorted(shapes)] for number in range(CLIPS)]
    expected, *found = (np.stack(list(score_clips(of, clips, 'random clips', size)))
                        for of, size in ((model, CLIPS), *((exported, size) for size in BATCH_SIZES)))
    if exported.gives_probabilities:
        expected, *found = map(probabilities, (expected, *found))
    same = (np.argmax(found, -1) == expected.argmax(-1)).all(0).sum()
    return np.abs(found - expected).max() / np.abs(expected).max(), same


def random_clip(number, entry):
    """Return a random clip (C, T, V, M) for one of the inputs: with no person, one and two in turn, of any length."""
    C, T, V, M = entry['shape']
    frames = T if entry['frames_are'] == 'all' else 2 * T  # where frames are chosen, there are more of them
    rng = np.random.default_rng(number)
    clip = .3 * rng.standard_normal((C, 1, V, M)) + .02 * rng.standard_normal((C, frames, V, M)).cumsum(1)
    clip[..., number % 3:] = 0
    clip[:, frames - number:] = 0
    return clip.astype(np.float32)


def main():
    arg = get_parser().parse_args()
    separate_files(arg)
    if arg.out.suffix != '.onnx':
        raise UserError(f'--out {arg.out}: its name must end in .onnx')
    try:
        from prediction.onnx_writing import as_onnx, described, halve
    except ModuleNotFoundError as error:
        raise UserError(f'{arg.out} needs {error.name}: pip install -r requirements-extra.txt') from None
    logging.disable(logging.WARNING)  # PyTorch's own, which say nothing that users can change
    warnings.simplefilter('ignore')
    model = FusedStreams(arg.config, arg.weights, arg.stream_weights, arg.names, device='cpu', precision='fp32')
    description = describe(model, arg.frames, arg.softmax)
    inputs = description['inputs']
    network = Fused(model, arg.softmax).eval().requires_grad_(False)
    drawn = [[entry['draws']] * (entry['frames_are'] == 'drawn') for entry in inputs]
    clips = tuple(torch.zeros(2, *draws, *entry['shape']) for draws, entry in zip(drawn, inputs))
    proto = as_onnx(network, clips, [entry['name'] for entry in inputs], model.configs)
    if arg.half:
        halve(proto)
    content = described(proto, description)
    difference, same = compare(model, onnx_model(arg.out, content), inputs)
    line = (f'scores within {difference:.1e} of the largest of PyTorch, top-1 the same for {same} of {CLIPS} random '
            f'clips, in batches of {" and ".join(map(str, BATCH_SIZES))}')
    if not difference <= (HALF_TOLERANCE if arg.half else TOLERANCE):  # NaN fails, too
        raise UserError(f'{arg.out}: not written: {line}')
    print(f'checked: {line}')
    with write_whole(arg.out) as file:
        file.write(content)
    shapes = ', '.join(f'{entry["name"]} (N, {", ".join(map(str, entry["shape"]))})' for entry in inputs)
    print(f'{arg.out}: {len(content) / 1e6:.1f} MB, {shapes} → {description["output"]} (N, {len(model.class_names)})')


if __name__ == '__main__':
    run_command(main)
