"""CTR-GCN's arrays: one `.npz`, such as NTU60_CS.npz → `{train,val}_data_joint.npy` and `_label.pkl`.

The joints stay as CTR-GCN has prepared them: the two persons that it chose, with the middle of the first person's spine
in the first frame as the origin of all frames, and zeros after the last frame. None of the steps of ntu_gendata.py
follows: no centring of each frame, no rotation, no repetition.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

from data_gen.formats.ctrgcn_arrays import PARTS, PERSONS, list_recordings, read_recording
from data_gen.formats.ntu_skeleton import FPS
from data_gen.preparation import CTRGCN, MOST_ACTIVE, Preparation, shipped
from data_gen.recording import CENTRED
from data_gen.writing.data_set import add_settings, write_data_set
from runtime.arguments import Parser
from runtime.errors import run_command


def main():
    arg = parse_arguments()
    samples, frames = list_recordings(arg.arrays)
    preparation = Preparation(CTRGCN, MOST_ACTIVE, shipped('ntu25'), 3, CENTRED, frames, PERSONS, fps=FPS)
    return write_data_set(arg.out_folder, PARTS.values(), samples, read_recording, preparation, arg)


def parse_arguments():
    parser = Parser(__doc__.splitlines()[0])
    parser.add_argument('--arrays', type=pathlib.Path, required=True, metavar='FILE',
                        help='such as NTU60_CS.npz, NTU60_CV.npz, NTU120_CSub.npz or NTU120_CSet.npz')
    add_settings(parser, hint=' (the configs read ./data/ntu/xsub and so on)')
    return parser.parse_args()


if __name__ == '__main__':
    run_command(main)
