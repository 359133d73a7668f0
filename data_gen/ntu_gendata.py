"""NTU RGB+D: raw `.skeleton` files → `{benchmark}/{train,val}_data_joint.npy` and `_label.pkl`."""
import os
import pathlib
import sys

os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')  # nothing here uses numpy's threads, and starting them takes time
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

from data_gen.data_set import Settings, add_settings, write_data_set
from data_gen.ntu_benchmarks import BENCHMARKS, list_samples, parts_of, read_missing
from data_gen.ntu_skeleton import CLIP_SHAPE, MAX_FRAMES, clip_of_bodies, read_skeleton
from runtime.arguments import Parser
from runtime.errors import run_command


def main():
    arg = parse_arguments()
    benchmarks = list(dict.fromkeys(arg.benchmark))
    parts = parts_of(benchmarks)
    samples = list_samples(arg.data_path, benchmarks, read_missing(arg.ignored_sample_path))
    settings = Settings(arg.workers, arg.strict, arg.overwrite)
    return write_data_set(arg.out_folder, parts, samples, make_clip, CLIP_SHAPE, settings)


def make_clip(path):
    """Return the clip (3, 300, 25, 2) of the recording at `path`, and what there is to remark."""
    bodies = read_skeleton(path)
    too_long = bodies.shape[1] > MAX_FRAMES
    return clip_of_bodies(bodies), [f'longer than {MAX_FRAMES} frames, cut there'] if too_long else []


def parse_arguments():
    parser = Parser(__doc__)
    parser.add_argument('--data_path', nargs='+', type=pathlib.Path, metavar='FOLDER',
                        default=[pathlib.Path('./data/nturgbd_raw/nturgb+d_skeletons')],
                        help='one or more folders of .skeleton files')
    parser.add_argument('--ignored_sample_path', type=pathlib.Path, metavar='FILE',
                        default=pathlib.Path('./data/nturgbd_raw/samples_with_missing_skeletons.txt'),
                        help='list of the samples that have missing skeletons, which are left out')
    parser.add_argument('--out_folder', type=pathlib.Path, default=pathlib.Path('./data/ntu'), metavar='FOLDER',
                        help='where the data are written')
    parser.add_argument('--benchmark', nargs='+', choices=BENCHMARKS, default=['xsub', 'xview'],
                        help='xsub and xview are those of NTU-60, xsub120 and xset120 of NTU-120')
    add_settings(parser)
    return parser.parse_args()


if __name__ == '__main__':
    run_command(main)
