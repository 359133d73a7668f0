"""NTU RGB+D: raw `.skeleton` files → `{benchmark}/{train,val}_data_joint.npy` and `_label.pkl`."""
import dataclasses
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

from data_gen.formats.ntu_benchmarks import BENCHMARKS, parts_of, read_missing
from data_gen.formats.ntu_skeleton import list_recordings, read_recording
from data_gen.preparation import BY_ID, published
from data_gen.writing.data_set import add_settings, write_data_set
from runtime.arguments import Parser
from runtime.errors import run_command


def main():
    arg = parse_arguments()
    benchmarks = list(dict.fromkeys(arg.benchmark))
    parts = parts_of(benchmarks)
    samples = list_recordings(arg.data_path, benchmarks, read_missing(arg.ignored_sample_path))
    preparation = published()['graph.ntu_rgb_d.Graph']
    if arg.by_id:
        preparation = dataclasses.replace(preparation, choose=BY_ID)
    return write_data_set(arg.out_folder, parts, samples, read_recording, preparation, arg)


def parse_arguments():
    parser = Parser(__doc__)
    parser.add_argument('--data_path', nargs='+', type=pathlib.Path, metavar='FOLDER',
                        default=[pathlib.Path('./data/nturgbd_raw/nturgb+d_skeletons')],
                        help='one or more folders of .skeleton files')
    parser.add_argument('--ignored_sample_path', type=pathlib.Path, metavar='FILE',
                        default='./data/nturgbd_raw/samples_with_missing_skeletons.txt',
                        help='list of samples with missing skeletons, which are left out')
    parser.add_argument('--benchmark', nargs='+', choices=BENCHMARKS, default=['xsub', 'xview'],
                        help='splits: xsub and xview of NTU RGB+D, xsub120 and xset120 of NTU RGB+D 120')
    parser.add_argument('--by_id', '--by-id', action='store_true',
                        help='follow persons by the IDs of their bodies, and leave out who does not move; as '
                             'published, a person is the position of a body in its frame, which changes as others are '
                             'lost and found')
    add_settings(parser, './data/ntu')
    return parser.parse_args()


if __name__ == '__main__':
    run_command(main)
