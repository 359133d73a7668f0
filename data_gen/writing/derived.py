"""Data that are derived from other data of the same set: which, from what, and block by block to the disk."""
import itertools
import pathlib

from tqdm import tqdm

from data_gen.preparation import published
from data_gen.preparation_file import FILE, SKELETON, read_preparation
from data_gen.writing.npy_rows import NpyRows
from graph.skeleton import Graph
from runtime.arguments import Parser
from runtime.atomic_file import write_whole
from runtime.data_file import read_data
from runtime.errors import UserError

DATASETS = ('ntu/xsub', 'ntu/xview', 'kinetics', 'ntu120/xsub', 'ntu120/xset', 'ntu-hrnet/xsub', 'ntu-hrnet/xview',
            'ntu120-hrnet/xsub', 'ntu120-hrnet/xset', 'nw-ucla')
BLOCK_BYTES = 8 << 20


def derive_all(description, streams):
    """Read the command line of a script, and write the `streams` of all data sets and parts that exist.

    `streams` maps each stream to the list of its source streams, and to the function that `write_stream` takes.
    """
    parser = Parser(description)
    parser.add_argument('--datasets', nargs='+', metavar='NAME',
                        help=f'folders under the data root (default: those that exist of {" ".join(DATASETS)})')
    parser.add_argument('--parts', nargs='+', default=['train', 'val'], metavar='PART', help='parts of the data')
    parser.add_argument('--data_root', type=pathlib.Path, default=pathlib.Path('./data'), metavar='FOLDER',
                        help='folder that contains the data sets')
    arg = parser.parse_args()
    names = [f'{part}_data_joint.npy' for part in arg.parts]
    folders = [arg.data_root / name for name in arg.datasets or DATASETS]
    absent = [folder for folder in folders if not any((folder / name).exists() for name in names)]
    if arg.datasets and absent or len(absent) == len(folders):
        raise UserError(f'no {" or ".join(names)} in {", ".join(map(str, absent[:3]))}: make the joint data first '
                        '(data_gen/ntu_gendata.py, data_gen/kinetics_gendata.py, data_gen/pyskl_gendata.py, '
                        'data_gen/custom_gendata.py)')
    for folder, part in itertools.product([folder for folder in folders if folder not in absent], arg.parts):
        for target, (sources, function) in streams.items():
            write_stream(folder, part, sources, target, function)


def write_stream(folder, part, sources, target, function):
    """Write the part's stream `target`: function(folder, block of the first source, of the second, …), block by block.

    Blocks are (n, C, T, V, M), all of the same samples. If a source is missing, prints so and writes nothing.
    """
    target_path, *paths = (folder / f'{part}_data_{stream}.npy' for stream in (target, *sources))
    for path in paths:
        if not path.exists():
            print(f'{path} is missing: {target} of {part} is not written')
            return
    data = [read_data(path) for path in paths]
    if len({array.shape for array in data}) > 1:
        raise UserError(f'{paths[1]}: its shape is {data[1].shape}, that of {paths[0].name} is {data[0].shape}: '
                        'prepare it again')
    size = max(1, BLOCK_BYTES // data[0][0].nbytes)
    with write_whole(target_path) as file:
        rows = NpyRows(file)
        for start in tqdm(range(0, len(data[0]), size), unit=' blocks', disable=None):
            blocks = [read_data(path)[start:start + size] for path in paths]  # maps of their own: memory is bounded
            try:
                rows.add(function(folder, *blocks))
            except UserError as error:
                raise UserError(f'{paths[0]}: {error}') from None
        rows.finish()
    print(f'{target_path}: {rows.number} samples')


def partners_of(folder, num_joints):
    """Return the joint at which each bone starts, for data in `folder` of `num_joints` joints.

    The preparation.yaml in the folder says it, or a skeleton.yaml, or else the number of joints: no two published data
    sets have the same.
    """
    if (folder / FILE).is_file():
        graph = read_preparation(folder / FILE).graph
    elif (folder / SKELETON).is_file():
        graph = Graph(file=folder / SKELETON)
    else:
        graphs = [preparation.graph for preparation in published().values()]
        graph = next((graph for graph in graphs if graph.num_node == num_joints), graphs[0])
    if graph.num_node != num_joints:
        raise UserError(f'{num_joints} joints, and their skeleton has {graph.num_node}: describe the right one in a '
                        f'{SKELETON} beside the data')
    return graph.bone_partners
