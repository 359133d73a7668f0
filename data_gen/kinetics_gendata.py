"""Kinetics-Skeleton: raw `kinetics_{train,val}/*.json` → `{train,val}_data_joint.npy` and `_label.pkl`."""
import os
import pathlib
import sys

os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')  # nothing here uses numpy's threads, and starting them takes time
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

from data_gen.data_set import Settings, add_settings, write_data_set
from data_gen.kinetics_json import CLIP_SHAPE, MAX_FRAMES, as_text, clip_of_skeletons, read_skeletons
from data_gen.kinetics_labels import list_samples
from data_gen.samples import BrokenSample
from runtime.arguments import Parser
from runtime.errors import run_command

PARTS = 'train', 'val'


def main():
    arg = parse_arguments()
    samples = list_samples(arg.data_path, PARTS)
    settings = Settings(arg.workers, arg.strict, arg.overwrite)
    return write_data_set(arg.out_folder, PARTS, samples, make_clip, CLIP_SHAPE, settings, unit='clips')


def make_clip(source):
    """Return the clip (3, 300, 18, 2) of the recording at `source`, and what there is to remark."""
    if source.problem:
        raise BrokenSample(f'{source.path}: {source.problem}')
    skeletons = read_skeletons(source.path)
    if skeletons.label not in (None, source.label):
        raise BrokenSample(f'{source.path}: its label_index is {as_text(skeletons.label)}, that in the label file '
                           f'{source.label}')
    too_long = (skeletons.frames >= MAX_FRAMES).any()
    return clip_of_skeletons(skeletons), [f'longer than {MAX_FRAMES} frames, cut there'] if too_long else []


def parse_arguments():
    parser = Parser(__doc__)
    parser.add_argument('--data_path', type=pathlib.Path, default=pathlib.Path('./data/kinetics-skeleton'),
                        metavar='FOLDER', help='folder of kinetics_{train,val}/ and kinetics_{train,val}_label.json')
    parser.add_argument('--out_folder', type=pathlib.Path, default=pathlib.Path('./data/kinetics'), metavar='FOLDER',
                        help='where the data are written')
    add_settings(parser)
    return parser.parse_args()


if __name__ == '__main__':
    run_command(main)
