"""PYSKL's annotations: one pickle → recordings for the configs of config/pyskl, or clips for all other configs.

    --recordings FOLDER    the recordings of all splits, normalised as PYSKL does it, see data_gen.writing.recordings
    --out_folder FOLDER    `{benchmark}/{train,val}_data_joint.npy` and `_label.pkl`, prepared as the published data
"""
import dataclasses
import functools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

from data_gen.formats.pyskl_annotations import list_recordings, read_recording
from data_gen.preparation import FRAMES, MOST_ACTIVE, OWN, Preparation, published, pyskl
from data_gen.preparation_file import SKELETON
from data_gen.recording import METRES
from data_gen.writing.data_set import add_settings, write_data_set
from data_gen.writing.recordings import write_recordings
from graph.skeleton import Graph, skeleton
from runtime.arguments import Parser, read_yaml
from runtime.errors import UserError, run_command


def main():
    arg = parse_arguments()
    if (arg.recordings is None) == (arg.out_folder is None):
        raise UserError('give --recordings, for the configs of config/pyskl, or --out_folder, for others')
    graph = Graph(file=arg.skeleton) if arg.skeleton else None
    own = read_yaml(arg.skeleton) if arg.skeleton else None
    samples, parts, layout = list_recordings(arg.annotations, graph and graph.num_node, all_splits=bool(arg.recordings))
    names = (graph or skeleton('ntu25' if layout.coordinates == 3 else 'coco17')).joint_names
    read = functools.partial(read_recording, layout=layout, names=names)
    if arg.recordings:
        return write_recordings(arg.recordings, parts, samples, functools.partial(first_bodies, read),
                                pyskl(layout.coordinates, own), arg)
    beside = {str(pathlib.PurePath(part).with_name(SKELETON)): arg.skeleton.read_text(encoding='utf-8-sig')
              for part in parts if own}
    return write_data_set(arg.out_folder, parts, samples, read, clips_of(layout.coordinates, own), arg, beside)


def first_bodies(read, source):
    """Return the Recording of a source with its first two bodies, which are those that PYSKL takes."""
    recording = read(source)
    return recording._replace(joints=recording.joints[:2])


def clips_of(dimensions, own):
    """Return the Preparation of clips: the published one, or that of the skeleton `own`, a dict.

    The joints of a skeleton of one's own are centred on its center in 3D, and not rotated.
    """
    if dimensions == 2:
        coco = published()['graph.coco.Graph']
        return dataclasses.replace(coco, skeleton=own) if own else coco
    if own:
        return Preparation(OWN, MOST_ACTIVE, own, 3, METRES, FRAMES, fps=30, center=own['center'])
    return published()['graph.ntu_rgb_d.Graph']


def parse_arguments():
    parser = Parser(__doc__.splitlines()[0])
    parser.add_argument('--annotations', type=pathlib.Path, required=True, metavar='FILE',
                        help='such as ntu60_3danno.pkl (25 joints in metres) or ntu60_hrnet.pkl (17 joints of COCO); '
                             'the whole file is loaded into memory')
    parser.add_argument('--skeleton', type=pathlib.Path, metavar='FILE',
                        help='.yaml of the joints, if they are others: config/skeletons/ holds those in common use')
    parser.add_argument('--recordings', type=pathlib.Path, metavar='FOLDER',
                        help='write recordings for the configs of config/pyskl, which read ./data/pyskl/ntu60_3d etc.')
    add_settings(parser, hint=' of clips, such as ./data/ntu, or ./data/ntu-hrnet for 17 joints', required=False)
    return parser.parse_args()


if __name__ == '__main__':
    run_command(main)
