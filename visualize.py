#!/usr/bin/env python3
"""Draw graphs, clips, timelines, videos and confusion matrices.

`python visualize.py {graph,clip,timeline,video,report} --help` lists the flags of each.
"""
import argparse
import pathlib

import numpy as np
import torch

from data_gen.class_names import NAMES_HELP, class_names, names_beside
from data_gen.formats import read_file
from data_gen.formats.raw_file import reading
from data_gen.poses.landmarks import SKELETON, add_pose_model
from data_gen.poses.video import open_video
from data_gen.preparation_file import needed, preparation_of
from data_gen.sources import is_video, read_video, video_recordings
from feeders.augment import true_length
from feeders.interface import check_label
from feeders.labels import read_labels
from figures.body import AS_RECORDED, FLAT, UPRIGHT
from figures.report_numbers import confusion_counts, report
from graph.skeleton import skeleton
from graph.streams import stream_of_file
from model.capture import SUM, captured_graphs
from model.from_config import build_graph, class_count
from predict import Predictor, tell
from prediction.flags import add_streams, separate_files
from prediction.printed import cut_line
from prediction.ranking import probabilities
from prediction.scores import fuse, read_streams, stream_weights
from prediction.streams import Stream
from prediction.windows import timeline, window_clips
from runtime.arguments import Parser, count
from runtime.arguments import get_parser as get_run_parser
from runtime.data_file import read_data
from runtime.errors import UserError, run_command

PICTURES = '.png', '.svg', '.gif'
MAX_FILM = 150  # frames; longer clips are shown with a stride
FRAME_RATE = 30


def get_parser():
    parser = Parser(description='Draw graphs, clips, timelines, videos and confusion matrices. The suffix of --out '
                                '(.png, .svg or .gif) sets the format of pictures.')
    commands = parser.add_subparsers(dest='command', required=True, parser_class=Parser)

    command = commands.add_parser('graph', description='Draw the graphs A, B, C and their sum for one sample.')
    command.set_defaults(run=draw_graph)
    add = command.add_argument
    add_source(add)
    add('--layer', type=count, nargs='+', default=[5], help='layers, 1 to 10; without --joint, only the first is drawn')
    add('--joint', help='draw on the body how strongly each joint acts on this one, such as "left hand"')
    add('--matrix', choices=('A', 'B', 'C', 'sum'), default='sum', help='matrix to draw with --joint')
    add('--out', type=picture, default='graph.png', help='output file')

    command = commands.add_parser('clip', description='Draw a clip as an animation (.gif) or a strip of frames.')
    command.set_defaults(run=draw_clip)
    add = command.add_argument
    add_source(add, weights_help='weights, to show the five best predictions')
    add('--frames', type=count, default=8, help='number of frames in a strip')
    add('--frame-rate', type=count, help='frames per second (default: those of the data set, else 30)')
    add('--names', help=NAMES_HELP)
    add('--out', type=picture, default='clip.gif', help='output file')

    command = commands.add_parser('timeline', description='Draw the classes of a long recording over time, and the '
                                                          'people at the peaks.')
    command.set_defaults(run=draw_timeline)
    add = command.add_argument
    add_streams(add, required=True)
    add('--file', required=True, help='a recording or a video that predict.py can read')
    add_pose_model(add)
    add('--window', type=count, required=True, help='frames of a window, as in predict.py')
    add('--stride', type=count, help='frames from one window to the next (default: half a window)')
    add('--frame-rate', type=count, help='frames per second (default: those of the data set, else 30)')
    add('--names', help=NAMES_HELP)
    add('--out', type=picture, default='timeline.png', help='output file')

    command = commands.add_parser('video', description='Draw on a video the skeletons of the people and what they do, '
                                                       'and the timeline of classes below.')
    command.set_defaults(run=draw_video)
    add = command.add_argument
    add('files', nargs='*', metavar='VIDEO', help='a video, whatever FFmpeg reads')
    add_streams(add, required=True)
    add_pose_model(add)
    add('--window', type=count, default=64, help='frames of a window, as in predict.py')
    add('--stride', type=count, help='frames from one window to the next (default: half a window)')
    add('--names', help=NAMES_HELP)
    add('--out', type=mp4, default='video.mp4', help='output file, .mp4')

    command = commands.add_parser('report', description='Print accuracies, the most confused classes and the effect of '
                                                        'fusion; with --out, also draw the confusion matrix.')
    command.set_defaults(run=write_report)
    add = command.add_argument
    add('--scores', nargs='+', required=True, help='score files of main.py; several are fused')
    add('--labels', required=True, help='label file')
    add('--weights', nargs='+', type=float, help='one weight for each score file (default: 1)')
    add('--names', help=NAMES_HELP)
    add('--out', type=picture, help='output file')
    return parser


def add_source(add, weights_help='weights (default: those in the config)'):
    """Add the flags that choose the network and the clip."""
    add('--config', required=True, help='config of the stream')
    add('--weights', help=weights_help)
    add('--sample', help="name of a sample of the config's test data (default: the first)")
    add('--file', help='a file that predict.py can read, instead of a sample')
    add_pose_model(add)


def picture(path):
    """Take the path of a picture."""
    if pathlib.Path(path).suffix not in PICTURES:
        raise argparse.ArgumentTypeError(f"'{path}': the name of a picture must end in {', '.join(PICTURES)}")
    return path


def mp4(path):
    """Take the path of a video."""
    if not path.endswith('.mp4'):
        raise argparse.ArgumentTypeError(f"'{path}': the name of a video must end in .mp4")
    return path


def import_figures():
    """Return the package `figures` with all that draws; UserError if matplotlib is missing."""
    try:
        import figures.clip
        import figures.graph
        import figures.report
        import figures.timeline
        import figures.video
    except ModuleNotFoundError as error:
        if error.name.partition('.')[0] not in ('matplotlib', 'PIL'):
            raise
        raise UserError('pictures need matplotlib: pip install -r requirements-extra.txt') from None
    return figures


def load_clip(arg, run, data_path):
    """Return (clip (C, T, V, M), its path, its name, its label) of what --file or --sample names.

    A sample is taken from `data_path`, and `run` holds the arguments of the config. The label of a file is None.
    """
    if arg.file:
        clip = read_clip(arg.file, preparation_of(run), arg.config, arg.pose_model)
        return clip, arg.file, pathlib.Path(arg.file).name, None
    label_path = run.test_feeder_args.get('label_path')
    if not data_path or not label_path:
        raise UserError(f'{arg.config}: test_feeder_args has no data_path and label_path to take a sample from: '
                        'give --file')
    names, labels = read_labels(label_path)
    found = [i for i, name in enumerate(names) if arg.sample in (None, name, pathlib.Path(name).stem)]
    if not found:
        raise UserError(f'--sample {arg.sample}: no such sample in {label_path}, which begins with '
                        f'{", ".join(names[:3])}')
    index, data = found[0], read_data(data_path)
    if index >= len(data):
        raise UserError(f'{data_path}: it has {len(data)} samples, and {names[index]} is number {index + 1} of the '
                        'label file: take both from the same run of the data preparation')
    return np.asarray(data[index]), data_path, names[index], labels[index]


def read_clip(path, preparation, config, pose_model):
    """Return the clip (C, T, V, M) in the file at `path`, prepared by the Preparation of a config."""
    if is_video(path):
        preparations = [needed(preparation, config)]
        content, = video_recordings(*read_video(path, pose_model), preparations)
    else:
        content = read_file(path, preparation)
        if isinstance(content, np.ndarray):
            return np.asarray(content[0])
    with reading(path):
        recording = needed(preparation, config).fit(content)
        clip, remarks = preparation.clip(recording)
    for remark in recording.remarks:
        tell(f'{path}: {remark}')
    frames = recording.joints.shape[1]
    if line := cut_line(path, frames, min(frames, preparation.frames or frames)):
        tell(f'{line}: `visualize.py timeline` shows all of them')
    return clip


def draw_graph(arg):
    """Draw the graphs that a trained model used for one sample, of its first person."""
    figures = import_figures()
    stream = Stream(arg.config, arg.weights, 'cpu')
    clip, path, name, _ = load_clip(arg, stream.arg, stream.data_path)
    clip = stream.prepare(clip, path)
    clip = clip if clip.ndim == 4 else clip[0]  # the first of several draws
    try:
        captured = captured_graphs(stream.network, torch.from_numpy(clip[None]), arg.layer)
    except ValueError as error:
        raise UserError(f'--layer: {error}') from None
    graphs = {layer: {letter: bodies[0] for letter, bodies in of_layer.items()} for layer, of_layer in captured.items()}
    first, sample = arg.layer[0], pathlib.Path(name).stem
    joints = getattr(stream.graph, 'joint_names', [str(v) for v in range(stream.graph.num_node)])
    if arg.joint is None:
        figure = figures.graph.matrices(graphs[first], joints, f'Graphs of layer {first}, sample {sample}')
    else:
        letter = SUM if arg.matrix == 'sum' else arg.matrix
        if letter not in graphs[first]:
            raise UserError(f'--matrix {arg.matrix}: this model has {", ".join(graphs[first])}')
        if arg.joint not in joints:
            raise UserError(f'--joint {arg.joint}: the joints are {", ".join(joints)}')
        chosen = {layer: of_layer[letter] for layer, of_layer in graphs.items()}
        figure = figures.graph.on_the_body(chosen, stream.graph, joints.index(arg.joint), letter, sample)
    figures.style.save_figure(figure, arg.out)


def draw_clip(arg):
    """Draw the people of one clip of joints and, if there are weights, what the model predicts for it."""
    figures = import_figures()
    run = get_run_parser().parse_with_config(['--config', arg.config])
    data_path = run.test_feeder_args.get('data_path')
    stream = data_path and stream_of_file(data_path)
    joints_path = data_path.replace(f'_data_{stream}.npy', '_data_joint.npy') if stream else data_path
    joints, path, title, label = load_clip(arg, run, joints_path)
    if label is not None:
        names = class_names(class_count(run), arg.names or names_beside(path))
        check_label(label, len(names), title, run.test_feeder_args['label_path'])
        title = f'{pathlib.Path(title).stem}: {names[label]}'
    graph = build_graph(run)
    if joints.shape[0] != 3 or joints.shape[2] != graph.num_node:
        raise UserError(f'{path}: its shape is {joints.shape}, but (3, T, {graph.num_node}, M) is needed')
    if not joints.any():
        raise UserError(f'{path}: it contains no person')
    predictions = predict_best(arg, joints, path) if arg.weights else ()
    first, end = int(joints.any(axis=(0, 2, 3)).argmax()), true_length(joints)
    preparation = preparation_of(run)
    frame_rate = arg.frame_rate or rate_of(preparation)
    shown = frame_rate, title, predictions, kind_of_clips(preparation)
    if arg.out.endswith('.gif'):
        step = -(-(end - first) // MAX_FILM)
        images = figures.clip.film(joints, graph.inward, range(first, end, step), *shown)
        figures.style.save_frames(images, arg.out, frame_rate / step)
    else:
        frames = np.linspace(first, end - 1, min(arg.frames, end - first)).round().astype(int)
        figures.style.save_figure(figures.clip.strip(joints, graph.inward, frames, *shown), arg.out)


def rate_of(preparation):
    """Return the frames per second of the clips of a Preparation, FRAME_RATE if nothing says them."""
    return preparation.fps if preparation and preparation.fps else FRAME_RATE


def kind_of_clips(preparation):
    """Return the kind of the clips of a Preparation, as figures.body.front_view takes it; None if nothing says it."""
    if preparation is None:
        return None
    if preparation.dimensions == 2:
        return FLAT
    return UPRIGHT if preparation.up else AS_RECORDED


def predict_best(arg, joints, path):
    """Return the five likeliest (name, probability) of a clip of joints from `path`."""
    predictor = Predictor(arg.config, arg.weights, names=arg.names, device='cpu')
    return list(zip(*predictor.classes([joints], path)))[:5]


def draw_timeline(arg):
    """Draw the classes of a recording over time and the people at the windows with the highest probabilities."""
    figures = import_figures()
    separate_files(arg)
    if arg.files:
        raise UserError(f'{arg.files[0]}: more files than streams')
    predictor = Predictor(arg.config, arg.weights, arg.stream_weights, arg.names, 'cpu', pose_model=arg.pose_model,
                          tell=tell)
    model, first = predictor.model, predictor.model.streams[0]
    frame_rate = arg.frame_rate or rate_of(first.preparation)
    recordings = predictor.read_recordings(arg.file)
    windows = predictor.windows_of(recordings, arg.file, arg.window, arg.stride)
    seen, segments, chances, middles = over_time(windows)
    peaks = []
    for number in peaks_of(segments, chances, middles):
        clip = window_clips(model, recordings, seen[number].first, seen[number].end)[0]
        there = np.flatnonzero(clip[:, :arg.window].any((0, 2, 3)))
        peaks.append((middles[number] / frame_rate, clip[:, there[len(there) // 2]]))
    figure = figures.timeline.timeline(
        segments, chances, middles, windows[-1].end, peaks, build_graph(first.arg).inward, frame_rate,
        predictor.class_names, pathlib.Path(arg.file).name, kind_of_clips(first.preparation))
    figures.style.save_figure(figure, arg.out)


def over_time(windows):
    """Return (windows with a person, segments with one, probabilities and middles of these windows)."""
    seen = [window for window in windows if window.scores is not None]
    chances = probabilities(np.stack([window.scores for window in seen]))
    middles = np.array([(window.first + window.end) / 2 for window in seen])
    return seen, [segment for segment in timeline(windows) if segment.label is not None], chances, middles


def draw_video(arg):
    """Draw on a video the skeletons of the people, the current class, and the timeline of classes below.

    The video is read twice, so that only one image of it is in memory.
    """
    figures = import_figures()
    separate_files(arg)
    if len(arg.files) != 1 or not is_video(arg.files[0]):
        raise UserError(f'{" ".join(arg.files) or "visualize.py video"}: one video is needed')
    path, = arg.files
    predictor = Predictor(arg.config, arg.weights, arg.stream_weights, arg.names, 'cpu', pose_model=arg.pose_model,
                          tell=tell)
    preparations = predictor.model.needed_preparations()
    poses, remarks = read_video(path, arg.pose_model)
    recordings = predictor.fitted(video_recordings(poses, remarks, preparations), path)
    windows = predictor.windows_of(recordings, path, arg.window, arg.stride)
    frame_rate, pose_rate, names = recordings[0].fps or FRAME_RATE, poses.fps or FRAME_RATE, predictor.class_names
    _, segments, chances, middles = over_time(windows)
    panel = figures.video.Panel(poses.image_size[0], windows[-1].end / frame_rate, segments, chances, middles, names,
                                frame_rate)
    classes = [((window.first + window.end) / 2 / frame_rate, *likeliest(window, names)) for window in windows]
    with reading(path), open_video(path) as (frames, _):
        images = figures.video.drawn(frames, poses.joints_2d, pose_rate, skeleton(SKELETON).inward, classes, panel)
        figures.video.save_video(images, arg.out, pose_rate)


def likeliest(window, names):
    """Return (name, probability) of the likeliest class of a Window; (None, 0) if nobody is there."""
    if window.scores is None:
        return None, 0
    return names[window.scores.argmax()], probabilities(window.scores).max()


def peaks_of(segments, chances, middles, most=8):
    """Return the number of the most probable window of each segment, in order; of the `most` longest segments only."""
    longest = sorted(segments, key=lambda segment: segment.first - segment.end)[:most]
    peaks = []
    for segment in sorted(longest):
        within = np.flatnonzero((middles >= segment.first) & (middles <= segment.end))
        peaks.append(within[chances[within, segment.label].argmax()])
    return peaks


def write_report(arg):
    """Print the report on one score file, or on several that are fused, and draw it if --out is given."""
    figures = arg.out and import_figures()
    weights = stream_weights(arg.weights, len(arg.scores))
    sample_names, labels, stacked = read_streams(arg.scores, arg.labels)
    num_class = stacked.shape[2]
    names = class_names(num_class, arg.names or names_beside(arg.labels))
    print('\n'.join(report(stacked, weights, labels, names, sample_names, arg.scores)))
    if arg.out:
        counts = confusion_counts(fuse(stacked, weights).argmax(1), labels, num_class)
        title = f'{len(labels)} samples, top-1 {counts.trace() / counts.sum():.1%}'
        figures.style.save_figure(figures.report.confusion(counts, names, title), arg.out)


def main():
    arg = get_parser().parse_args()
    arg.run(arg)


if __name__ == '__main__':
    run_command(main)
