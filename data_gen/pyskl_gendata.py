"""PYSKL's annotations: one pickle → `{benchmark}/{train,val}_data_joint.npy` and `_label.pkl`, from its splits."""
import functools
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

from data_gen.formats.pyskl_annotations import list_recordings, read_recording
from data_gen.normalize import FRAMES, PERSONS, coco_clip, ntu_clip
from data_gen.preparation import Preparation
from data_gen.writing.data_set import add_settings, write_data_set
from data_gen.writing.derived import SKELETON
from graph.skeleton import Graph
from runtime.arguments import Parser
from runtime.errors import run_command


def main():
    arg = parse_arguments()
    graph = Graph(file=arg.skeleton) if arg.skeleton else None
    samples, parts, layout = list_recordings(arg.annotations, graph and graph.num_node)
    read = functools.partial(read_recording, layout=layout)
    beside = {pathlib.PurePath(part).with_name(SKELETON): arg.skeleton.read_text(encoding='utf-8-sig')
              for part in parts if graph}
    return write_data_set(arg.out_folder, parts, samples, read, clip_function(layout, graph),
                          (3, FRAMES, layout.joints, PERSONS), arg, unit='samples', beside=beside)


def clip_function(layout, graph):
    """Return the function that makes a clip of a Recording with this Layout, see data_gen.writing.data_set.

    The joints of a `graph` of one's own are centred on its center in 3D, and not rotated.
    """
    if layout.coordinates == 2:
        return coco_clip
    if graph is None:
        return ntu_clip
    return Preparation(graph.joint_names, 3, FRAMES, PERSONS, center=graph.joint_names[graph.center]).clip


def parse_arguments():
    parser = Parser(__doc__)
    parser.add_argument('--annotations', type=pathlib.Path, required=True, metavar='FILE',
                        help='such as ntu60_3danno.pkl (25 joints in metres) or ntu60_hrnet.pkl (17 joints of COCO); '
                             'the whole file is loaded into memory')
    parser.add_argument('--skeleton', type=pathlib.Path, metavar='FILE',
                        help='.yaml of the joints, if they are others: config/skeletons/ holds those in common use')
    add_settings(parser, './data/ntu', hint=' (the configs for 17 joints read ./data/ntu-hrnet)')
    return parser.parse_args()


if __name__ == '__main__':
    run_command(main)
