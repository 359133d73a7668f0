"""PYSKL's annotations: one pickle → `{benchmark}/{train,val}_data_joint.npy` and `_label.pkl`, from its splits."""
import functools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

from data_gen.formats.pyskl_annotations import NTU, list_recordings, read_recording
from data_gen.normalize import FRAMES, PERSONS, coco_clip, ntu_clip
from data_gen.writing.data_set import Settings, add_settings, write_data_set
from runtime.arguments import Parser
from runtime.errors import run_command


def main():
    arg = parse_arguments()
    samples, parts, layout = list_recordings(arg.annotations)
    read = functools.partial(read_recording, layout=layout)
    return write_data_set(arg.out_folder, parts, samples, read, ntu_clip if layout == NTU else coco_clip,
                          (3, FRAMES, layout.joints, PERSONS), Settings(arg.workers, arg.strict, arg.overwrite),
                          unit='samples')


def parse_arguments():
    parser = Parser(__doc__)
    parser.add_argument('--annotations', type=pathlib.Path, required=True, metavar='FILE',
                        help='such as ntu60_3danno.pkl (25 joints in metres) or ntu60_hrnet.pkl (17 joints of COCO); '
                             'it is held in memory whole')
    parser.add_argument('--out_folder', type=pathlib.Path, default=pathlib.Path('./data/ntu'), metavar='FOLDER',
                        help='the configs for 17 joints read from ./data/ntu-hrnet')
    add_settings(parser)
    return parser.parse_args()


if __name__ == '__main__':
    run_command(main)
