#!/usr/bin/env python3
"""Draw graphs, clips, timelines, videos and confusion matrices.

`python visualize.py {graph,clip,timeline,video,report} --help` lists the flags of each.
"""
import argparse
import importlib

from data_gen.class_names import NAMES_HELP
from data_gen.poses.landmarks import add_pose_model
from prediction.flags import add_streams
from runtime.arguments import Parser, count, finite_number
from runtime.errors import UserError, run_command


def get_parser():
    parser = Parser(description='Draw graphs, clips, timelines, videos and confusion matrices.')
    commands = parser.add_subparsers(dest='command', required=True, parser_class=Parser)

    def add_command(name, description, out, *suffixes):
        """Return the add_argument of a command, with its flag --out; the module of figures/ of that name runs it."""
        command = commands.add_parser(name, description=description)
        command.add_argument('--out', type=path_ending_in(suffixes), default=out, help='output file')
        return command.add_argument

    add = add_command('graph', 'Draw the graphs A, B, C and their sum for one sample.', 'graph.png', '.png', '.svg')
    add_source(add, weights_help='weights (default: those in the config)')
    add('--layer', type=count, nargs='+', default=[5], help='layers, 1 to 10; without --joint, only the first is drawn')
    add('--joint', help='draw on the body how strongly each joint acts on this one, such as "left hand"')
    add('--matrix', choices=('A', 'B', 'C', 'sum'), default='sum', help='matrix to draw with --joint')

    add = add_command('clip', 'Draw a clip as an animation (.gif) or a strip of frames (.png, .svg).',
                      'clip.gif', '.gif', '.png', '.svg')
    add_source(add, weights_help='weights, to show the five best predictions')
    add('--frames', type=count, default=8, help='number of frames in a strip')
    add('--names', help=NAMES_HELP)

    add = add_command('timeline', 'Draw the classes of a long recording over time.', 'timeline.png', '.png', '.svg')
    add('--file', required=True, help='a recording or a video that predict.py can read')
    add_windows(add, required=True)

    add = add_command('video', 'Draw on a video the skeletons of the people and what they do, and the timeline of '
                      'classes below.', 'video.mp4', '.mp4')
    add('files', nargs='*', metavar='VIDEO', help='a video, whatever FFmpeg reads')
    add_windows(add, default=64)

    add = add_command('report', 'Print accuracies, the most confused classes and the effect of fusion; '
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


def main():
    arg = get_parser().parse_args()
    try:
        importlib.import_module(f'figures.{arg.command}').run(arg)
    except ModuleNotFoundError as error:
        if error.name.partition('.')[0] not in ('matplotlib', 'PIL'):
            raise
        raise UserError('pictures need matplotlib: pip install -r requirements-extra.txt') from None


if __name__ == '__main__':
    run_command(main)
