"""NW-UCLA: raw `.json` files → `{train,val}_data_joint.npy` and `_label.pkl`, trained on views 1 and 2.

Beside them goes `class_names.txt`, the names by label.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

from data_gen.class_names import FILE as CLASS_NAMES
from data_gen.formats.nwucla_json import CLASSES, PARTS, list_recordings, read_recording
from data_gen.preparation import published
from data_gen.writing.data_set import add_settings, write_data_set
from runtime.arguments import Parser
from runtime.errors import run_command


def main():
    arg = parse_arguments()
    return write_data_set(arg.out_folder, PARTS, list_recordings(arg.data_path), read_recording,
                          published()['graph.nw_ucla.Graph'], arg,
                          beside={CLASS_NAMES: '\n'.join(CLASSES.values()) + '\n'})


def parse_arguments():
    parser = Parser(__doc__.splitlines()[0])
    parser.add_argument('--data_path', type=pathlib.Path, default='./data/NW-UCLA/all_sqe', metavar='FOLDER',
                        help='folder of a01_s01_e00_v01.json and so on')
    add_settings(parser, './data/nw-ucla')
    return parser.parse_args()


if __name__ == '__main__':
    run_command(main)
