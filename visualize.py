#!/usr/bin/env python3
"""Draw graphs, clips, timelines, videos and confusion matrices.

`python visualize.py {graph,clip,timeline,video,report} --help` lists the flags of each.
"""
import argparse
import pathlib

import numpy as np
import torch

from data_gen.class_names import NAMES_HELP, class_names, names_beside
from data_gen.formats.raw_file import reading
from data_gen.poses.landmarks import SKELETON, add_pose_model
from data_gen.poses.video import open_video
from data_gen.preparation_file import preparation_of
from data_gen.sources import is_video, read_video
from feeders.augment import true_length
from feeders.feeder import Feeder
from figures.body import front_view, kind_of_clips
from figures.report_numbers import confusion_counts, report
from graph.skeleton import skeleton
from graph.streams import stream_of_file
from model.capture import SUM, captured_graphs
from model.from_config import build_graph
from predict import log
from prediction.flags import add_streams, separate_files
from prediction.predictor import Predictor
from prediction.ranking import best, probabilities
from prediction.reading import read
from prediction.scores import fuse, read_streams, stream_weights
from prediction.streams import FusedStreams, Stream
from prediction.windows import timeline
from runtime.arguments import Parser, count, finite_number
from runtime.arguments import get_parser as get_run_parser
from runtime.errors import UserError, run_command

MAX_FILM = 150  # frames; longer clips are shown with a stride
FRAME_RATE = 30  # where nothing says it


def get_parser():
    parser = Parser(description='Draw graphs, clips, timelines, videos and confusion matrices.')
    commands = parser.add_subparsers(dest='command', required=True, parser_class=Parser)

    def add_command(run, name, description, out, *suffixes):
        """Return the add_argument of a command that `run` carries out, with its flag --out."""
        command = commands.add_parser(name, description=description)
        command.set_defaults(run=run)
        command.add_argument('--out', type=path_ending_in(suffixes), default=out, help='output file')
        return command.add_argument

    add = add_command(draw_graph, 'graph', 'Draw the graphs A, B, C and their sum for one sample.', 'graph.png',
                      '.png', '.svg')
    add_source(add, weights_help='weights (default: those in the config)')
    add('--layer', type=count, nargs='+', default=[5], help='layers, 1 to 10; without --joint, only the first is drawn')
    add('--joint', help='draw on the body how strongly each joint acts on this one, such as "left hand"')
    add('--matrix', choices=('A', 'B', 'C', 'sum'), default='sum', help='matrix to draw with --joint')

    add = add_command(draw_clip, 'clip', 'Draw a clip as an animation (.gif) or a strip of frames (.png, .svg).',
                      'clip.gif', '.gif', '.png', '.svg')
    add_source(add, weights_help='weights, to show the five best predictions')
    add('--frames', type=count, default=8, help='number of frames in a strip')
    add('--names', help=NAMES_HELP)

    add = add_command(draw_timeline, 'timeline', 'Draw the classes of a long recording over time.', 'timeline.png',
                      '.png', '.svg')
    add('--file', required=True, help='a recording or a video that predict.py can read')
    add_windows(add, required=True)

    add = add_command(draw_video, 'video', 'Draw on a video the skeletons of the people and what they do, and the '
                      'timeline of classes below.', 'video.mp4', '.mp4')
    add('files', nargs='*', metavar='VIDEO', help='a video, whatever FFmpeg reads')
    add_windows(add, default=64)

    add = add_command(write_report, 'report', 'Print accuracies, the most confused classes and the effect of fusion; '
                      'with --out, also draw the confusion matrix.', None, '.png', '.svg')
    add('--scores', nargs='+', required=True, help='score files of main.py; several are fused')
    add('--labels', required=True, help='label file')
    add('--stream-weights', '--weights', nargs='+', type=finite_number, metavar='FACTOR',
        help='one factor for each score file (default: 1)')
    add('--names', help=NAMES_HELP)
    return parser


def add_source(add, weights_help):
    """Add the flags that choose the network and the clip."""
    add('--config', required=True, help='config of the stream')
    add('--weights', help=weights_help)
    add('--sample', help="name of a sample of the config's test data (default: the first)")
    add('--file', help='a file that predict.py can read, instead of a sample')
    add_pose_model(add)


def add_windows(add, **window):
    """Add the flags that choose the networks and the windows of a recording."""
    add_streams(add, required=True)
    add_pose_model(add)
    add('--window', type=count, **window, help='frames of a window, as in predict.py')
    add('--stride', type=count, help='frames from one window to the next (default: half a window)')
    add('--names', help=NAMES_HELP)


def path_ending_in(suffixes):
    """Return the argparse type of a path that ends in one of `suffixes`."""
    def path(text):
        if not text.endswith(suffixes):
            raise argparse.ArgumentTypeError(f"'{text}': its name must end in {' or '.join(suffixes)}")
        return text
    return path


def load_joints(arg, run):
    """Return (joints (3, T, V, M), their path, their name) of what --file or --sample names.

    A sample is one of the test data of the config, whose arguments are `run`.
    """
    if arg.file:
        joints, path, name = read_joints(arg, preparation_of(run)), arg.file, pathlib.Path(arg.file).name
    else:
        data_path, label_path = (run.test_feeder_args.get(key) for key in ('data_path', 'label_path'))
        if not data_path or not label_path:
            raise UserError(f'{arg.config}: test_feeder_args has no data_path and label_path to take a sample from: '
                            'give --file')
        path = data_path.replace(f'_data_{stream_of_file(data_path)}.npy', '_data_joint.npy')
        data = Feeder(path, label_path)
        found = [i for i, name in enumerate(data.sample_name) if arg.sample in (None, name, pathlib.Path(name).stem)]
        if not found:
            raise UserError(f'--sample {arg.sample}: no such sample in {label_path}, which begins with '
                            f'{", ".join(data.sample_name[:3])}')
        joints, name = np.asarray(data.data[found[0]]), data.sample_name[found[0]]
    V = build_graph(run).num_node
    if joints.shape[0] != 3 or joints.shape[2] != V:
        raise UserError(f'{path}: its shape is {joints.shape}, but (3, T, {V}, M) is needed')
    if not joints.any():
        raise UserError(f'{path}: {name} contains no person')
    return joints, path, pathlib.Path(name).stem


def read_joints(arg, preparation):
    """Return the joints (3, T, V, M) of --file, prepared by the Preparation of the config."""
    clips, recordings = read(arg.file, [preparation], arg.config, arg.pose_model)
    if recordings is None:
        return np.asarray(clips[0])
    with reading(arg.file):
        joints, remarks = preparation.clip(recordings[0])
    for remark in remarks:
        log(f'{arg.file}: {remark}')
    return joints


def draw_graph(arg):
    """Draw the graphs that a trained model used for one sample, of its first person."""
    from figures.graph import matrices, on_the_body
    from figures.style import save_figure
    stream = Stream(arg.config, arg.weights, 'cpu')
    joints, path, name = load_joints(arg, stream.arg)
    clip = stream.prepare(joints, path)
    clip = clip if clip.ndim == 4 else clip[0]  # the first of several draws
    try:
        captured = captured_graphs(stream.network, torch.from_numpy(clip[None]), arg.layer)
    except ValueError as error:
        raise UserError(f'--layer: {error}') from None
    graphs = {layer: {letter: bodies[0] for letter, bodies in of_layer.items()} for layer, of_layer in captured.items()}
    first = arg.layer[0]
    names = getattr(stream.graph, 'joint_names', [str(v) for v in range(stream.graph.num_node)])
    if arg.joint is None:
        save_figure(matrices(graphs[first], names, f'Graphs of layer {first}, sample {name}'), arg.out)
        return
    letter = SUM if arg.matrix == 'sum' else arg.matrix
    if letter not in graphs[first]:
        raise UserError(f'--matrix {arg.matrix}: this model has {", ".join(graphs[first])}')
    if arg.joint not in names:
        raise UserError(f'--joint {arg.joint}: the joints are {", ".join(names)}')
    body = front_view(joints, kind_of_clips(stream.preparation))[0]
    most_seen = np.isfinite(body).all(2).sum(1).argmax()
    figure = on_the_body({layer: of_layer[letter] for layer, of_layer in graphs.items()}, body[most_seen],
                         stream.graph.inward, names.index(arg.joint),
                         f'What acts on the {arg.joint} in {letter}, sample {name}')
    save_figure(figure, arg.out)


def draw_clip(arg):
    """Draw the people of one clip of joints and, if there are weights, what the model predicts for it."""
    from figures import clip, style
    run = get_run_parser().parse_with_config(['--config', arg.config])
    joints, path, title = load_joints(arg, run)
    predictions = ()
    if arg.weights:
        model = FusedStreams([arg.config], [arg.weights], names=arg.names, device='cpu')
        predictions = best(model.scores([model.prepare([joints], path)])[0], model.class_names, 5)
    first, end = int(joints.any(axis=(0, 2, 3)).argmax()), true_length(joints)
    preparation, links = preparation_of(run), build_graph(run).inward
    frame_rate = rate_of(preparation)
    how = frame_rate, title, predictions, kind_of_clips(preparation)
    if arg.out.endswith('.gif'):
        step = -(-(end - first) // MAX_FILM)
        style.save_film(clip.film(joints, links, range(first, end, step), *how), arg.out, frame_rate / step)
    else:
        frames = np.linspace(first, end - 1, min(arg.frames, end - first)).round().astype(int)
        style.save_figure(clip.strip(joints, links, frames, *how), arg.out)


def rate_of(preparation):
    """Return the frames per second of the clips of a Preparation, FRAME_RATE if nothing says them."""
    return preparation.fps if preparation and preparation.fps else FRAME_RATE


def predictor_of(arg):
    """Return the Predictor that the flags of add_windows describe."""
    return Predictor(arg.config, arg.weights, arg.stream_weights, arg.names, 'cpu', pose_model=arg.pose_model, log=log)


def over_time(windows):
    """Return (segments with a person, probabilities and middles (N,) of the N windows with one)."""
    seen = [window for window in windows if window.scores is not None]
    middles = np.array([(window.first + window.end) / 2 for window in seen])
    return ([segment for segment in timeline(windows) if segment.label is not None],
            probabilities(np.stack([window.scores for window in seen])), middles)


def draw_timeline(arg):
    """Draw the classes of a recording over time."""
    from figures import style
    from figures.timeline import timeline as draw
    separate_files(arg)
    predictor = predictor_of(arg)
    windows = predictor.windows(arg.file, arg.window, arg.stride)
    figure = draw(*over_time(windows), windows[-1].end, rate_of(predictor.model.preparations[0]),
                  predictor.class_names, pathlib.Path(arg.file).name)
    style.save_figure(figure, arg.out)


def draw_video(arg):
    """Draw on a video the skeletons of the people, the current class, and the timeline of classes below.

    The video is read twice, so that only one image of it is in memory.
    """
    from figures.video import Panel, drawn, save_video
    separate_files(arg)
    if len(arg.files) != 1 or not is_video(arg.files[0]):
        raise UserError(f'{" ".join(arg.files) or "visualize.py video"}: one video is needed')
    path, = arg.files
    predictor = predictor_of(arg)
    preparation, *_ = predictor.model.needed_preparations()
    poses, remarks = read_video(path, arg.pose_model)
    windows = predictor.windows(path, arg.window, arg.stride, video=(poses, remarks))
    pose_rate, names = poses.fps or FRAME_RATE, predictor.class_names
    frame_rate = preparation.fps or pose_rate
    classes = []
    for first, end, scores in windows:
        row = {'name': None, 'probability': 0} if scores is None else best(scores, names, 1)[0]
        classes.append(((first + end) / 2 / frame_rate, row['name'], row['probability']))
    panel = Panel(poses.image_size[0], windows[-1].end / frame_rate, *over_time(windows), names, frame_rate)
    with reading(path), open_video(path) as (frames, _):
        images = drawn(frames, poses.joints_2d, pose_rate, skeleton(SKELETON).inward, classes, panel)
        save_video(images, arg.out, pose_rate)


def write_report(arg):
    """Print the report on one score file, or on several that are fused, and draw it if --out is given."""
    weights = stream_weights(arg.stream_weights, len(arg.scores))
    _, labels, stacked = read_streams(arg.scores, arg.labels)
    num_class = stacked.shape[2]
    names = class_names(num_class, arg.names or names_beside(arg.labels))
    print('\n'.join(report(stacked, weights, labels, names, arg.scores)))
    if arg.out:
        from figures import style
        from figures.report import confusion
        counts = confusion_counts(fuse(stacked, weights).argmax(1), labels, num_class)
        title = f'{len(labels)} samples, top-1 {counts.trace() / counts.sum():.1%}'
        style.save_figure(confusion(counts, names, title), arg.out)


def main():
    arg = get_parser().parse_args()
    try:
        arg.run(arg)
    except ModuleNotFoundError as error:
        if error.name.partition('.')[0] not in ('matplotlib', 'PIL'):
            raise
        raise UserError('pictures need matplotlib: pip install -r requirements-extra.txt') from None


if __name__ == '__main__':
    run_command(main)
