#!/usr/bin/env python3
"""Write trained streams as one file for other programs: `python export.py --config C --weights W --out model.onnx`."""
import contextlib
import importlib
import io
import json
import logging
import pathlib
import tempfile
import warnings

import numpy as np
import torch
from tqdm import tqdm

from data_gen.class_names import NAMES_HELP
from feeders.clip_file import read_data
from feeders.feeder import Feeder
from prediction.exported import VERSION, VERSION_KEY, ExportedModel, onnx_model
from prediction.from_joints import JointsToScores
from prediction.streams import FusedStreams
from runtime.arguments import Parser, count
from runtime.atomic_file import write_whole
from runtime.errors import UserError, run_command
from runtime.trained import model_arguments

FRAMES = 300  # of NTU RGB+D and Kinetics-Skeleton
TOLERANCE = 1e-4  # of PyTorch's largest score
CLIPS, TEST_CLIPS = 16, 100  # that a model is checked on: made-up ones, and at most so many of the test data
BATCH_SIZES = 1, 5
FOLDED = 2 ** 26  # bytes: any constant of the graph is computed once, when it is exported


def get_parser():
    parser = Parser(description='Write one trained stream, or two that are fused, as one network from joints to '
                                'scores, with all that a program needs to use it. See docs/export.md.')
    add = parser.add_argument
    add('--config', required=True, help='config of the stream')
    add('--weights', help='weights of the stream, instead of those that the config names')
    add('--bone-config', help='config of a second stream')
    add('--bone-weights', help='weights of the second stream')
    add('--alpha', type=float, default=1.0, help='weight of the second stream, as in ensemble.py')
    add('--names', help=NAMES_HELP)
    add('--frames', type=count, help="frames of a clip, if the config does not choose them; the test data's if not "
                                     f'given, or {FRAMES} if there are no test data')
    add('--softmax', action='store_true', help='give probabilities instead of scores')
    smaller = parser.add_mutually_exclusive_group()
    smaller.add_argument('--half', action='store_true', help='store float16 weights (.onnx)')
    smaller.add_argument('--int8', action='store_true', help='compute with weights of 8 bits (.onnx)')
    add('--out', type=pathlib.Path, required=True, help='the file to write: .onnx, or .pt2 of torch.export')
    return parser


def describe(model, frames, softmax):
    """Return the description that goes into the file, see docs/export.md; UserError if no such file can be written.

    `frames` is how many a clip has where the config does not choose them, or None.
    """
    shapes = {(*joints_shape(stream, frames), stream.feeder.test_clips) for stream in model.streams}
    if len(shapes) > 1:
        raise UserError(f'{" and ".join(file["config"] for file in model.files)} take clips of different channels, '
                        'frames, joints, persons or draws: streams of one file must take the same')
    channels, num_frames, _, persons, draws = shapes.pop()
    first = model.streams[0]
    streams = [{**files, 'weight': weight, 'stream': stream.feeder.stream or stream.stream, 'model': stream.arg.model,
                'model_args': stream.arg.model_args, 'test_feeder_args': stream.arg.test_feeder_args}
               for files, weight, stream in zip(model.files, model.stream_weights, model.streams)]
    return {VERSION_KEY: VERSION, 'class_names': model.class_names, 'joints': list(first.graph.joint_names),
            'channels': channels, 'frames': num_frames, 'persons': persons,
            'uniform_sample': bool(first.feeder.uniform_sample), 'draws': draws,
            'output': 'probabilities' if softmax else 'scores',
            'preparation': model.preparation and model.preparation._asdict(), 'streams': streams}


def joints_shape(stream, frames):
    """Return (C, T, V, M), the shape of a clip of joints for this stream."""
    arg, feeder = stream.arg, stream.feeder
    if type(feeder) is not Feeder:
        raise UserError(f'{arg.config}: {arg.feeder}: only what feeders.feeder.Feeder does to a clip can be exported')
    if feeder.random_choose or feeder.random_shift or feeder.random_move or feeder.uniform_sample_random:
        raise UserError(f'{arg.config}: test_feeder_args move clips at random: a model that is exported cannot')
    if feeder.uniform_sample and stream.stream.endswith('motion'):
        raise UserError(f'{arg.config}: uniform_sample chooses frames of {stream.stream} there, and an exported model '
                        f'is given joints: take data_path …_data_joint.npy and stream: {stream.stream}')
    if feeder.uniform_sample and frames:
        raise UserError(f'--frames: uniform_sample of {arg.config} chooses {feeder.uniform_sample} frames')
    said = model_arguments(arg)
    for key in ('in_channels', 'num_point', 'num_person'):
        if not isinstance(said.get(key), int):
            raise UserError(f'{arg.config}: model_args name no {key}')
    if not frames:
        there = stream.data_path and pathlib.Path(stream.data_path).exists()
        frames = feeder.uniform_sample or (read_data(stream.data_path).shape[2] if there else FRAMES)
    channels = said['in_channels'] // (2 if stream.stream == 'joint_bone' else 1)
    return channels, frames, said['num_point'], said['num_person']


def as_program(model, description):
    """Return the torch.export program of the streams, for joints of a free batch size."""
    joints = torch.zeros(2, *(description[key] for key in ('channels', 'frames')), len(description['joints']),
                         description['persons'])
    network = JointsToScores(model, description['output'] == 'probabilities').eval()
    try:
        return torch.export.export(network, (joints,), dynamic_shapes=({0: torch.export.Dim('batch')},))
    except Exception as error:  # whatever in a model of one's own cannot be traced
        raise UserError(f'{model.files[0]["config"]}: torch.export cannot trace the model: {error}') from error


def as_pt2(program, description):
    """Return (the bytes of a .pt2 of the program, the ExportedModel that they hold)."""
    buffer = io.BytesIO()
    torch.export.save(program, buffer, extra_files={'description.json': json.dumps(description, default=str)})
    loaded = torch.export.load(io.BytesIO(buffer.getvalue())).module()
    return buffer.getvalue(), ExportedModel(lambda joints: loaded(torch.from_numpy(joints)).numpy(), description)


def as_onnx(program):
    """Return the ONNX model of the program, every constant of its graph computed."""
    from onnxscript import optimizer
    exported = torch.onnx.export(program, dynamo=True, input_names=['joints'], output_names=['scores'],
                                 dynamic_shapes=({0: 'batch'},), optimize=False, verbose=False)
    optimizer.optimize(exported.model, input_size_limit=FOLDED, output_size_limit=FOLDED)
    proto = exported.model_proto
    for entry in (*proto.graph.node, *proto.graph.value_info):
        del entry.metadata_props[:]  # stack traces, with paths of this machine
    return proto


def halved(proto):
    """Return the ONNX model with its weights stored in float16; it computes in float32 as before."""
    from onnx import TensorProto, helper, numpy_helper
    casts = []
    for weight in proto.graph.initializer:
        if weight.data_type == TensorProto.FLOAT and len(weight.dims) > 1:
            name = weight.name
            weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight).astype(np.float16), f'{name}_half'))
            casts.append(helper.make_node('Cast', [weight.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *proto.graph.node]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    return proto


def quantised(proto):
    """Return the ONNX model with weights of 8 bits, each channel with a scale of its own, by onnxruntime's tool."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, 'model.onnx')
        quantize_dynamic(proto, path, per_channel=True, weight_type=QuantType.QUInt8)  # QInt8 takes three times as long
        return onnx.load(path)


def with_description(proto, description, path):
    """Return (the bytes of the ONNX model with its description, the ExportedModel that they hold)."""
    from onnx import helper
    helper.set_model_props(proto, {key: json.dumps(value, default=str) for key, value in description.items()})
    content = proto.SerializeToString()
    return content, onnx_model(content, path)


def made_up_clips(description):
    """Return CLIPS random clips of joints (C, T, V, M), with no person, one and two in turn, of different lengths."""
    C, T, V, M = (description[key] for key in ('channels', 'frames', 'joints', 'persons'))
    rng = np.random.default_rng(0)
    frames = 2 * T if description['uniform_sample'] else T
    clips = .3 * rng.standard_normal((CLIPS, C, 1, len(V), M)) + .02 * rng.standard_normal(
        (CLIPS, C, frames, len(V), M)).cumsum(2)
    for number, clip in enumerate(clips):
        clip[..., number % 3:] = 0
        clip[:, frames - number:] = 0
    return clips.astype(np.float32)


def test_clips(model):
    """Return (clips of joints of the config's test data, evenly spread; their path), or None if there are no data."""
    first = model.streams[0]
    path = pathlib.Path(first.data_path or '')
    path = path.with_name(path.name.replace(f'_data_{first.stream}.npy', '_data_joint.npy')) if path.name else path
    if not path.is_file():
        return None
    data = read_data(path)
    return data[np.linspace(0, len(data) - 1, min(len(data), TEST_CLIPS)).astype(int)], path


def agreement(model, exported, clips, path):
    """Return (the largest difference between the scores, as a share of PyTorch's largest, number of clips that have the
    same top-1), of `clips` of joints from `path`, over BATCH_SIZES."""
    expected = scores_of(model, clips, path, max(BATCH_SIZES))
    found = np.stack([scores_of(exported, clips, path, size) for size in BATCH_SIZES])
    if exported.description['output'] == 'probabilities':
        expected, found = (torch.from_numpy(scores).softmax(-1).numpy() for scores in (expected, found))
    same = (found.argmax(-1) == expected.argmax(-1)).all(0).sum()
    return float(np.abs(found - expected).max() / np.abs(expected).max()), int(same)


def scores_of(model, clips, path, batch_size):
    """Return the scores (N, num_class) of clips of joints, so many at a time."""
    parts = tqdm(range(0, len(clips), batch_size), unit='batch', disable=None, leave=False)
    return np.concatenate([model.scores([model.prepare(np.asarray(clip), path)
                                         for clip in clips[start:start + batch_size]]) for start in parts])


def check(model, exported, out):
    """Raise UserError if the exported model does not give PyTorch's scores."""
    difference, same = agreement(model, exported, made_up_clips(exported.description), 'a made-up clip')
    text = f'scores within {difference:.1e} of the largest of PyTorch, top-1 the same for {same} of {CLIPS} clips'
    if not (difference <= TOLERANCE and same == CLIPS):  # not a number is no agreement either
        raise UserError(f'{out}: not written: {text}, and {TOLERANCE:.0e} and all of them are needed')
    print(f'checked: {text}, in batches of {" and ".join(map(str, BATCH_SIZES))}')


@contextlib.contextmanager
def quiet():
    """Hold back what PyTorch and onnxruntime log of their own insides."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            yield
    finally:
        logging.disable(logging.NOTSET)


def check_arguments(arg):
    """Raise UserError if the file cannot be written in this way, or not on this machine."""
    if arg.out.suffix not in ('.onnx', '.pt2'):
        raise UserError(f'--out {arg.out}: its name should end in .onnx or .pt2')
    if arg.out.suffix == '.pt2':
        if arg.half or arg.int8:
            raise UserError('--half and --int8 are for .onnx: leave them out, or give --out another name')
        return
    for name in ('onnx', 'onnxscript', 'onnxruntime'):
        try:
            importlib.import_module(name)
        except ModuleNotFoundError:
            raise UserError(f'{arg.out} needs {name}: pip install -r requirements-extra.txt') from None


def main():
    arg = get_parser().parse_args()
    check_arguments(arg)
    model = FusedStreams(arg.config, arg.weights, arg.bone_config, arg.bone_weights, arg.alpha, arg.names,
                         device='cpu', precision='fp32')
    description = describe(model, arg.frames, arg.softmax)
    with quiet():
        program = as_program(model, description)
        if arg.out.suffix == '.pt2':
            content, exported = as_pt2(program, description)
        else:
            proto = as_onnx(program)
            content, exported = with_description(proto, description, arg.out)
    check(model, exported, arg.out)
    if arg.half or arg.int8:
        with quiet():
            content, exported = with_description((halved if arg.half else quantised)(proto), description, arg.out)
        clips, path = test_clips(model) or (made_up_clips(description), 'a made-up clip')
        difference, same = agreement(model, exported, clips, path)
        if not np.isfinite(difference):
            raise UserError(f'{arg.out}: not written: a weight is too large for float16: leave out --half')
        print(f'{"float16" if arg.half else "8 bits"}: scores within {difference:.1e} of the largest of PyTorch, top-1 '
              f'the same for {same} of {len(clips)} clips ({path})')
    with write_whole(arg.out) as file:
        file.write(content)
    print(f'{arg.out}: {len(content) / 1e6:.1f} MB, joints (N, {description["channels"]}, {description["frames"]}, '
          f'{len(description["joints"])}, {description["persons"]}) → {description["output"]} '
          f'(N, {len(description["class_names"])})')


if __name__ == '__main__':
    run_command(main)
