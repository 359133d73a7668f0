"""Kinetics-Skeleton: raw `kinetics_{train,val}/*.json` → `{train,val}_data_joint.npy` and `_label.pkl`."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

from data_gen.formats.kinetics_json import list_recordings, read_recording
from data_gen.preparation import published
from data_gen.writing.data_set import add_settings, write_data_set
from runtime.arguments import Parser
from runtime.errors import run_command

PARTS = 'train', 'val'


def main():
    arg = parse_arguments()
    samples = list_recordings(arg.data_path, PARTS)
    return write_data_set(arg.out_folder, PARTS, samples, read_recording, published()['graph.kinetics.Graph'], arg)


def parse_arguments():
    parser = Parser(__doc__)
    parser.add_argument('--data_path', type=pathlib.Path, default='./data/kinetics-skeleton', metavar='FOLDER',
                        help='folder of kinetics_{train,val}/ and kinetics_{train,val}_label.json')
    add_settings(parser, './data/kinetics')
    return parser.parse_args()


if __name__ == '__main__':
    run_command(main)
