"""PYSKL's annotations: one pickle → `{benchmark}/{train,val}_data_joint.npy` and `_label.pkl`, from its splits."""
import os
import pathlib
import sys

os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')  # nothing here uses numpy's threads, and starting them takes time
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

from data_gen.data_set import Settings, add_settings, write_data_set
from data_gen.pyskl_annotations import (
    MAX_FRAMES,
    common_layout,
    list_samples,
    parts_of,
    prepare_clip,
    read_annotations,
)
from data_gen.samples import BrokenSample
from runtime.arguments import Parser
from runtime.errors import UserError, run_command


def main():
    arg = parse_arguments()
    split, annotations = read_annotations(arg.annotations)
    try:
        parts = parts_of(split)
        samples = list_samples(split, annotations, parts)
        layout = common_layout(annotations)
    except UserError as error:
        raise UserError(f'{arg.annotations}: {error}') from None
    print(f'{arg.annotations}: {len(annotations)} annotations of {layout}')

    def make_clip(source):
        if isinstance(source, str):
            raise BrokenSample(f'{arg.annotations}: {source}')
        try:
            clip, cut = prepare_clip(source, layout)
        except BrokenSample as error:
            raise BrokenSample(f'{arg.annotations}: {error}') from None
        return clip, [f'longer than {MAX_FRAMES} frames, cut there'] if cut else []

    status = os.stat(arg.annotations)
    return write_data_set(arg.out_folder, list(parts.values()), samples, make_clip, layout.clip_shape,
                          Settings(arg.workers, arg.strict, arg.overwrite), unit='samples',
                          recipe=f'pyskl {status.st_size} {status.st_mtime_ns}')


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
