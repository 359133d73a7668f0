"""Data that are derived from other data of the same set: which, from what, and block by block to the disk."""
import itertools
import pathlib

import numpy as np
from tqdm import tqdm

from data_gen.writing.part_file import npy_header
from graph import coco, kinetics, ntu_rgb_d
from graph.skeleton import Graph
from runtime.arguments import Parser
from runtime.atomic_file import write_whole
from runtime.errors import UserError

DATASETS = ('ntu/xsub', 'ntu/xview', 'kinetics')
DATASETS_IF_THERE = (
    'ntu120/xsub', 'ntu120/xset', 'ntu-hrnet/xsub', 'ntu-hrnet/xview', 'ntu120-hrnet/xsub', 'ntu120-hrnet/xset',
    'nw-ucla')
PARTS = ('train', 'val')
SKELETON = 'skeleton.yaml'
BLOCK_BYTES = 8 << 20
PARTNERS = {len(partners): partners for partners in (
    ntu_rgb_d.BONE_PARTNERS, kinetics.BONE_PARTNERS, coco.BONE_PARTNERS)}


def derive_all(description, streams):
    """Read the command line of a script, and write the `streams` of all data sets and parts that are there.

    `streams` maps each stream to the streams that it is made of, a list, and to the function that `derive` takes.
    """
    folders, parts = parse_folders(description)
    for folder, part, (target, (sources, function)) in itertools.product(folders, parts, streams.items()):
        derive(folder, part, sources, target, function)


def parse_folders(description):
    """Read the command line; return the data sets' folders that are there and the names of the parts.

    Says which are not there; UserError if none is. A data set is there if the joints of one of its parts are.
    """
    parser = Parser(description)
    parser.add_argument('--datasets', nargs='+', metavar='NAME',
                        help=f'folders under the data root; if not given {" ".join(DATASETS + DATASETS_IF_THERE)}, '
                             'those that are there')
    parser.add_argument('--parts', nargs='+', default=list(PARTS), metavar='PART', help='parts of the data')
    parser.add_argument('--data_root', type=pathlib.Path, default=pathlib.Path('./data'), metavar='FOLDER',
                        help='what the folders are under')
    arg = parser.parse_args()

    def there(name):
        return any(data_file(arg.data_root / name, part, 'joint').exists() for part in arg.parts)

    wanted = arg.datasets or [*DATASETS, *filter(there, DATASETS_IF_THERE)]
    absent = [str(arg.data_root / name) for name in wanted if not there(name)]
    if len(absent) == len(wanted):
        raise UserError(f'no {" or ".join(f"{part}_data_joint.npy" for part in arg.parts)} in {", ".join(absent)}: '
                        'make the joint data first (data_gen/ntu_gendata.py, data_gen/kinetics_gendata.py, '
                        'data_gen/pyskl_gendata.py, data_gen/custom_gendata.py)')
    if absent:
        print(f'not there, passed over: {", ".join(absent)}')
    return [arg.data_root / name for name in wanted if there(name)], arg.parts


def data_file(folder, part, stream):
    """Return the path of one part's data of one stream."""
    return folder / f'{part}_data_{stream}.npy'


def derive(folder, part, sources, target, function):
    """Write the part's stream `target`: function(folder, block of the first source, of the second, …), block by block.

    Blocks are (n, C, T, V, M) float32, all over the same samples. Says so and writes nothing if a source is not there.
    """
    paths = [data_file(folder, part, source) for source in sources]
    for path in paths:
        if not path.exists():
            print(f'{path}: not there, so no {target} of {part}')
            return
    arrays = [open_data(path) for path in paths]
    for path, array in zip(paths, arrays):
        if array.shape != arrays[0].shape:
            raise UserError(f'{path}: {array.shape} there and {arrays[0].shape} in {paths[0].name}: make it anew')
    target_path = data_file(folder, part, target)
    N = len(arrays[0])
    rows = max(1, BLOCK_BYTES // max(1, arrays[0][:1].nbytes))
    with write_whole(target_path) as file, tqdm(total=N, unit=' samples', disable=None) as progress:
        for start in range(0, N, rows):
            blocks = [read_rows(path, array, start, min(start + rows, N)) for path, array in zip(paths, arrays)]
            try:
                derived = np.ascontiguousarray(function(folder, *blocks), dtype=np.float32)
            except UserError as error:
                raise UserError(f'{paths[0]}: {error}') from None
            if start == 0:
                file.write(npy_header((N, *derived.shape[1:])))
            file.write(derived.data)
            progress.update(len(derived))
    print(f'{target_path}: {N} samples')


def open_data(path):
    """Return the data at `path`, mapped: (N, C, T, V, M), at least one sample; UserError if they are something else."""
    try:
        array = np.load(path, mmap_mode='r')
    except (ValueError, EOFError) as error:
        raise UserError(f'{path}: not a whole .npy file ({error}): make it anew') from None
    if array.ndim != 5 or not array.size or array.dtype.kind != 'f' or not array.flags.c_contiguous:
        raise UserError(f'{path}: {array.dtype} {array.shape}, not numbers in the shape (N, C, T, V, M)')
    return array


def read_rows(path, array, start, stop):
    """Return rows of the mapped `array` from a map of their own, so that memory holds no more than them."""
    row_bytes = array[:1].nbytes
    return np.memmap(path, array.dtype, 'r', array.offset + start * row_bytes, (stop - start, *array.shape[1:]))


def partners_of(folder, num_joints):
    """Return the joint at which each bone starts, for data in `folder` of so many joints; UserError if none is known.

    It is that of the skeleton in the folder, if custom_gendata.py has put one there.
    """
    if (folder / SKELETON).is_file():
        partners = Graph(file=folder / SKELETON).bone_partners
        if len(partners) != num_joints:
            raise UserError(f'{num_joints} joints, and {SKELETON} beside it has {len(partners)}')
        return partners
    if num_joints not in PARTNERS:
        raise UserError(f'no skeleton has {num_joints} joints; known are {", ".join(map(str, PARTNERS))}, and what a '
                        f'{SKELETON} beside the data describes')
    return PARTNERS[num_joints]
