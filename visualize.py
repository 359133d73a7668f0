#!/usr/bin/env python3
"""Draw what the model sees and does: `python visualize.py {graph,clip,report} --help`."""
import argparse
import importlib
import pathlib
import sys

import numpy as np

from data_gen.class_names import NAMES_HELP, class_names, names_beside
from data_gen.custom_clips import preparation_beside
from ensemble import check_labels, fuse, read_scores, stack_streams
from feeders.labels import read_labels
from figures.report_numbers import confusion_counts, report
from runtime.arguments import Parser, count
from runtime.errors import UserError, run_command

PICTURES = '.png', '.svg', '.gif'
LONGEST_FILM = 150  # frames; of longer clips every second, third, … is shown


def get_parser():
    parser = Parser(description='Draw what the model sees and does. The end of --out says the kind of picture: '
                                '.png, .svg or .gif.')
    commands = parser.add_subparsers(dest='command', required=True, parser_class=Parser)

    add = commands.add_parser('graph', description='The graphs A, B, C and their sum of one sample.').add_argument
    add_source(add, weights_help='weights, instead of those that the config names')
    add('--layer', type=count, nargs='+', default=[5], help='units 1 to 10; matrices show the first of them')
    add('--joint', help='draw on the body how strongly the joints act on this one, such as "left hand"')
    add('--matrix', choices=('A', 'B', 'C', 'sum'), default='sum', help='what is drawn on the body')
    add('--out', type=picture, default='graph.png', help='the picture')

    add = commands.add_parser('clip', description='People in motion: a film (.gif) or a strip of frames.').add_argument
    add_source(add, weights_help='weights; with them the five best predictions are shown')
    add('--frames', type=count, default=8, help='frames of a strip')
    add('--frame-rate', type=count, default=30, help='frames a second, as recorded')
    add('--names', help=NAMES_HELP)
    add('--out', type=picture, default='clip.gif', help='the picture')

    add = commands.add_parser('report', description='Accuracies, confusions, and what fusion repaired, as text; with '
                                                    '--out the confusion matrix as a picture.').add_argument
    add('--scores', nargs='+', required=True, help='score files of main.py; several are fused')
    add('--labels', required=True, help='label file')
    add('--weights', nargs='+', type=float, help='a weight for every score file, 1 if not given')
    add('--names', help=NAMES_HELP)
    add('--out', type=picture, help='the picture')
    return parser


def add_source(add, weights_help):
    add('--config', required=True, help='config of the stream')
    add('--weights', help=weights_help)
    add('--sample', help="a sample of the config's test data, by name (default: the first)")
    add('--file', help='a file that predict.py takes instead')


def picture(path):
    """Take the path of a picture."""
    if pathlib.Path(path).suffix not in PICTURES:
        raise argparse.ArgumentTypeError(f"'{path}' is no picture: its name should end in {', '.join(PICTURES)}")
    return path


def figures(name):
    """Return the module of `figures` with that name; UserError if matplotlib is not there."""
    try:
        return importlib.import_module(f'figures.{name}')
    except ModuleNotFoundError as error:
        if error.name.partition('.')[0] not in ('matplotlib', 'PIL'):
            raise
        raise UserError('pictures need matplotlib: pip install -r requirements-extra.txt') from None


def find_sample(arg, name):
    """Return (index, name, label) of the test sample with that name, its suffix aside, or of the first."""
    if not {'data_path', 'label_path'} <= arg.test_feeder_args.keys():
        raise UserError(f'{arg.config}: test_feeder_args name no data_path and label_path to take a sample from: '
                        'give a --file')
    names, labels = read_labels(arg.test_feeder_args['label_path'])
    if name is None:
        return 0, names[0], labels[0]
    for index, (known, label) in enumerate(zip(names, labels)):
        if name in (known, pathlib.Path(known).stem):
            return index, known, label
    raise UserError(f'--sample {name}: there is none in {arg.test_feeder_args["label_path"]}, which begins with '
                    f'{", ".join(names[:3])}')


def draw_graph(arg):
    """Draw the graphs that a trained model used for one sample."""
    figure_of, style = figures('graph'), figures('style')
    import torch

    from model.capture import SUM, captured_graphs
    from prediction.streams import Stream
    stream = Stream(arg.config, arg.weights, 'cpu')
    name, clip = prepared_sample(stream, arg)
    try:
        graphs = captured_graphs(stream.network, torch.from_numpy(clip[None]), arg.layer)
    except ValueError as error:
        raise UserError(f'--layer: {error}') from None
    first_body = {layer: {letter: stack[0] for letter, stack in of_layer.items()} for layer, of_layer in graphs.items()}
    if arg.joint is None:
        layer = arg.layer[0]
        title = f'Graphs of layer {layer}, sample {pathlib.Path(name).stem}'
        figure = figure_of.matrices(first_body[layer], stream.graph.joint_names, title)
    else:
        letter = SUM if arg.matrix == 'sum' else arg.matrix
        if letter not in first_body[arg.layer[0]]:
            raise UserError(f'--matrix {arg.matrix}: this model has {", ".join(first_body[arg.layer[0]])}')
        chosen = {layer: of_layer[letter] for layer, of_layer in first_body.items()}
        joint = joint_number(stream.graph, arg.joint)
        figure = figure_of.on_the_body(chosen, stream.graph, joint, letter, pathlib.Path(name).stem)
    style.save_figure(figure, arg.out)


def prepared_sample(stream, arg):
    """Return (name, clip (C, T, V, M) as the model takes it) of what --sample or --file names."""
    from data_gen.recording import read_clips
    if arg.file:
        clips = read_clips(arg.file, preparation_beside(stream.data_path))
        clip = stream.prepare(np.asarray(clips[0]), arg.file)
        name = pathlib.Path(arg.file).name
    else:
        index, name, _ = find_sample(stream.arg, arg.sample)
        clip = stream.feeder.prepare(clip_in(stream.arg.test_feeder_args['data_path'], index, name))
    return name, clip if clip.ndim == 4 else clip[0]  # the first of several draws


def clip_in(path, index, name):
    """Return clip number `index`, that of the sample `name`, (C, T, V, M), of the data at `path`."""
    from feeders.clip_file import read_data
    data = read_data(path)
    if index >= len(data):
        raise UserError(f'{path}: it has {len(data)} samples, and {name} is number {index + 1} of the label file: take '
                        'both from the same run of the data preparation')
    return np.asarray(data[index])


def joint_number(graph, name):
    if name not in graph.joint_names:
        raise UserError(f'--joint {name}: the joints are {", ".join(graph.joint_names)}')
    return graph.joint_names.index(name)


def draw_clip(arg):
    """Draw the people of one clip, and what the model takes it for if there are weights."""
    figure_of, style = figures('clip'), figures('style')
    from feeders.augment import true_length
    from runtime.run_flags import get_parser as get_run_parser
    from runtime.trained import build_graph
    run = get_run_parser().parse_with_config(['--config', arg.config])
    joints, path, title = joints_of(arg, run)
    graph = build_graph(run)
    if joints.shape[0] != 3 or joints.shape[2] != graph.num_node:
        raise UserError(f'{path}: its shape is {joints.shape}, and clips (3, T, {graph.num_node}, M) are drawn')
    if not joints.any():
        raise UserError(f'{path}: there is nobody in it')
    predictions = predict_best(arg, joints, path) if arg.weights else ()
    first = int(joints.any(axis=(0, 2, 3)).argmax())
    length = true_length(joints)
    shown = arg.frame_rate, title, predictions, kind_of_clips(run.test_feeder_args)
    if arg.out.endswith('.gif'):
        step = -(-(length - first) // LONGEST_FILM)
        frames = range(first, length, step)
        images = figure_of.film(joints, graph.inward, frames, *shown)
        style.save_frames(images, arg.out, arg.frame_rate / step)
    else:
        frames = np.linspace(first, length - 1, min(arg.frames, length - first)).round().astype(int)
        style.save_figure(figure_of.strip(joints, graph.inward, frames, *shown), arg.out)


def kind_of_clips(feeder_args):
    """Return what figures.body.front_view should take the config's clips for, None if nothing says it."""
    from figures.body import AS_RECORDED, FLAT, UPRIGHT
    preparation = preparation_beside(feeder_args.get('data_path'))
    if preparation is None:
        return {2: FLAT, 3: UPRIGHT}.get(feeder_args.get('dimensions'))
    if preparation.dimensions == 2:
        return FLAT
    return UPRIGHT if preparation.up else AS_RECORDED


def joints_of(arg, run):
    """Return (joints (C, T, V, M), their path, a title) of what --sample or --file names, `run` being the config's."""
    from data_gen.recording import read_clips
    from feeders.streams import stream_of_file
    from runtime.trained import check_label, class_count
    if arg.file:
        clips = read_clips(arg.file, preparation_beside(run.test_feeder_args.get('data_path')))
        return np.asarray(clips[0]), arg.file, pathlib.Path(arg.file).name
    index, name, label = find_sample(run, arg.sample)
    path = run.test_feeder_args['data_path'].replace(f'_data_{stream_of_file(run.test_feeder_args["data_path"])}.npy',
                                                     '_data_joint.npy')
    names = class_names(class_count(run), arg.names or names_beside(path))
    check_label(label, len(names), name, run.test_feeder_args['label_path'])
    return clip_in(path, index, name), path, f'{pathlib.Path(name).stem}: {names[label]}'


def predict_best(arg, joints, path):
    """Return the five likeliest (name, probability) of a clip of joints from `path`."""
    from predict import Predictor, ranked
    predictor = Predictor(arg.config, arg.weights, names=arg.names, device='cpu')
    order, probabilities = ranked(predictor.scores([predictor.prepare(joints, path)])[0])
    return [(predictor.class_names[label], p) for label, p in zip(order[:5], probabilities)]


def write_report(arg):
    """Print the report on one score file, or on several that are fused, and draw it if --out is given."""
    drawing = arg.out and (figures('report'), figures('style'))
    weights = arg.weights or [1.0] * len(arg.scores)
    if len(weights) != len(arg.scores):
        raise UserError(f'--weights: {len(weights)} weights for {len(arg.scores)} score files: give one each')
    sample_names, labels = read_labels(arg.labels)
    labels = np.array(labels)
    stacked = stack_streams([read_scores(path) for path in arg.scores], sample_names, arg.scores)
    num_class = stacked.shape[2]
    check_labels(labels, num_class, arg.labels)
    names = class_names(num_class, arg.names or names_beside(arg.labels))
    print('\n'.join(report(stacked, weights, labels, names, sample_names, arg.scores)))
    if drawing:
        figure_of, style = drawing
        scores = fuse(stacked, weights)
        counts = confusion_counts(scores.argmax(1), labels, num_class)
        title = f'{len(labels)} samples, top-1 {counts.trace() / counts.sum():.1%}'
        style.save_figure(figure_of.confusion(counts, names, title), arg.out)


COMMANDS = {'graph': draw_graph, 'clip': draw_clip, 'report': write_report}


def main():
    arg = get_parser().parse_args(sys.argv[1:])
    COMMANDS[arg.command](arg)


if __name__ == '__main__':
    run_command(main)
