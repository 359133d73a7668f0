"""Data that are derived from other data of the same set: which, from what, and block by block to the disk."""
import itertools
import math
import pathlib

import numpy as np
from tqdm import tqdm

from data_gen.preparation import published
from data_gen.preparation_file import FILE, SKELETON, read_preparation
from data_gen.writing.part_file import npy_header
from graph.skeleton import Graph
from runtime.arguments import Parser
from runtime.atomic_file import write_whole
from runtime.data_file import read_data
from runtime.errors import UserError

DATASETS = ('ntu/xsub', 'ntu/xview', 'kinetics')
DATASETS_IF_THERE = (
    'ntu120/xsub', 'ntu120/xset', 'ntu-hrnet/xsub', 'ntu-hrnet/xview', 'ntu120-hrnet/xsub', 'ntu120-hrnet/xset',
    'nw-ucla')
PARTS = ('train', 'val')
BLOCK_BYTES = 8 << 20


def derive_all(description, streams):
    """Read the command line of a script, and write the `streams` of all data sets and parts that exist.

    `streams` maps each stream to the list of its source streams, and to the function that `derive` takes.
    """
    folders, parts = parse_folders(description)
    for folder, part, (target, (sources, function)) in itertools.product(folders, parts, streams.items()):
        derive(folder, part, sources, target, function)


def parse_folders(description):
    """Read the command line; return the folders of the existing data sets and the names of the parts.

    Prints which are missing; UserError if all are. A data set exists if it has the joints of one of the parts.
    """
    parser = Parser(description)
    parser.add_argument('--datasets', nargs='+', metavar='NAME',
                        help='folders under the data root (default: those that exist of '
                             f'{" ".join(DATASETS + DATASETS_IF_THERE)})')
    parser.add_argument('--parts', nargs='+', default=list(PARTS), metavar='PART', help='parts of the data')
    parser.add_argument('--data_root', type=pathlib.Path, default=pathlib.Path('./data'), metavar='FOLDER',
                        help='folder that contains the data sets')
    arg = parser.parse_args()

    def exists(name):
        return any(data_file(arg.data_root / name, part, 'joint').exists() for part in arg.parts)

    wanted = arg.datasets or [*DATASETS, *filter(exists, DATASETS_IF_THERE)]
    absent = [str(arg.data_root / name) for name in wanted if not exists(name)]
    if len(absent) == len(wanted):
        raise UserError(f'no {" or ".join(f"{part}_data_joint.npy" for part in arg.parts)} in {", ".join(absent)}: '
                        'make the joint data first (data_gen/ntu_gendata.py, data_gen/kinetics_gendata.py, '
                        'data_gen/pyskl_gendata.py, data_gen/custom_gendata.py)')
    if absent:
        print(f'skipping missing data sets: {", ".join(absent)}')
    return [arg.data_root / name for name in wanted if exists(name)], arg.parts


def data_file(folder, part, stream):
    """Return the path of one part's data of one stream."""
    return folder / f'{part}_data_{stream}.npy'


def derive(folder, part, sources, target, function):
    """Write the part's stream `target`: function(folder, block of the first source, of the second, …), block by block.

    Blocks are (n, C, T, V, M), all of the same samples. If a source is missing, prints so and writes nothing.
    """
    paths = [data_file(folder, part, source) for source in sources]
    for path in paths:
        if not path.exists():
            print(f'{path} is missing: {target} of {part} is not written')
            return
    shapes = [read_data(path).shape for path in paths]
    for path, shape in zip(paths, shapes):
        if shape != shapes[0]:
            raise UserError(f'{path}: its shape is {shape}, that of {paths[0].name} is {shapes[0]}: prepare it again')
    target_path = data_file(folder, part, target)
    N = shapes[0][0]
    rows = max(1, BLOCK_BYTES // (4 * math.prod(shapes[0][1:])))
    with write_whole(target_path) as file, tqdm(total=N, unit=' samples', disable=None) as progress:
        for start in range(0, N, rows):
            blocks = [read_data(path)[start:start + rows] for path in paths]  # maps of their own: memory is bounded
            try:
                derived = np.ascontiguousarray(function(folder, *blocks), dtype=np.float32)
            except UserError as error:
                raise UserError(f'{paths[0]}: {error}') from None
            if start == 0:
                file.write(npy_header((N, *derived.shape[1:])))
            file.write(derived.data)
            progress.update(len(derived))
    print(f'{target_path}: {N} samples')


def partners_of(folder, num_joints):
    """Return the joint at which each bone starts, for data in `folder` of `num_joints` joints.

    The preparation.yaml in the folder says it, or a skeleton.yaml. Data that were made with the published code have
    neither; of their skeletons no two have the same number of joints. Raises UserError if no skeleton is known.
    """
    if (folder / FILE).is_file():
        graph, source = read_preparation(folder / FILE).graph, FILE
    elif (folder / SKELETON).is_file():
        graph, source = Graph(file=folder / SKELETON), SKELETON
    else:
        known = {preparation.graph.num_node: preparation.graph for preparation in published().values()}
        if num_joints not in known:
            raise UserError(f'no published data set has {num_joints} joints, only {", ".join(map(str, known))}: '
                            f'describe the skeleton in a {SKELETON} beside the data')
        graph, source = known[num_joints], ''
    if graph.num_node != num_joints:
        raise UserError(f'{num_joints} joints, but {source} beside it has {graph.num_node}')
    return graph.bone_partners
