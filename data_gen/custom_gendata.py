"""Clips and a skeleton of one's own → `{train,val}_data_joint.npy` and `_label.pkl`.

Beside them go `class_names.txt`, the names by label; `skeleton.yaml`, a copy of the skeleton, for gen_bone_data.py and
for configs; `preparation.yaml`, by which predict.py prepares other clips in the same way; and a copy of the table.
"""
import functools
import pathlib
import sys

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

from data_gen import preparation
from data_gen.class_names import FILE as CLASS_NAMES
from data_gen.formats import pose_files, read_own_clip
from data_gen.formats.own_clips import PARTS, list_recordings
from data_gen.formats.sample import BrokenSample
from data_gen.preparation import Preparation, check_preparation
from data_gen.writing.data_set import add_settings, write_data_set
from data_gen.writing.derived import SKELETON, data_file
from data_gen.writing.workers import do_jobs
from graph.skeleton import Graph
from runtime.arguments import Parser, count
from runtime.cores import cores
from runtime.errors import UserError, run_command

MOST_PERSONS = 2  # by default
TABLE = 'labels.csv'  # a copy of --labels: it says who is in the clips


def main():
    arg = parse_arguments()
    joints = Graph(file=arg.skeleton).joint_names
    how = Preparation(joints, arg.dimensions, arg.max_frame or 1, arg.max_body or 1, arg.center, arg.up, arg.right,
                      arg.image_size)
    try:
        check_preparation(how)
    except ValueError as error:
        raise UserError(f'--{error}') from None
    samples, names = list_recordings(arg.labels, arg.clips, arg.val_persons)
    flags = pose_files.PoseFlags(arg.image_size, arg.to, arg.fill, joints=joints, dimensions=arg.dimensions)
    read = functools.partial(read_own_clip, flags=flags)
    if arg.max_frame is None or arg.max_body is None:
        longest, most = largest(samples, read, arg.workers or cores())
        how = how._replace(frames=arg.max_frame or longest, persons=arg.max_body or min(most, MOST_PERSONS))
    descriptions = {CLASS_NAMES: '\n'.join(names) + '\n', SKELETON: arg.skeleton.read_text(encoding='utf-8'),
                    preparation.FILE: how.as_text()}
    refuse_another_data_set(arg, descriptions)
    status = write_data_set(arg.out_folder, PARTS, samples, read, how.clip, how.shape, arg, unit='clips',
                            beside={**descriptions, TABLE: arg.labels.read_text(encoding='utf-8-sig')})
    C, T, V, M = how.shape
    print(f'model_args of these data: num_class {len(names)}, num_point {V}, num_person {M}; clips have {T} frames')
    return status


def largest(samples, read, workers):
    """Return the frames of the longest clip and the persons of that with the most; broken ones do not count."""
    sizes = tqdm(do_jobs(functools.partial(size_of, read), samples, workers), total=len(samples), disable=None)
    return np.max(list(sizes), axis=0).tolist()


def size_of(read, sample):
    """Return the size (T, M) of a clip, (1, 1) of a broken one. Runs in any process."""
    try:
        return read(sample.source).joints.shape[1::-1]
    except BrokenSample:  # named when its clip is made
        return 1, 1


def refuse_another_data_set(arg, descriptions):
    """Raise UserError if the folder's data are described otherwise: new parts must not lie beside other ones."""
    has_data = any(data_file(arg.out_folder, part, 'joint').exists() for part in PARTS)
    for name, text in descriptions.items():
        path = arg.out_folder / name
        found = path.read_text(encoding='utf-8', errors='replace') if path.is_file() else None
        if not arg.overwrite and found != text and (found is not None or has_data):
            raise UserError(f'{path}: the existing data have other classes, clips or flags: --overwrite replaces them, '
                            'or choose another --out_folder')


def parse_arguments():
    parser = Parser(__doc__.splitlines()[0])
    add = parser.add_argument
    add('--clips', type=pathlib.Path, required=True, metavar='FOLDER',
        help='.npy files (T, V, C) or (M, T, V, C), .csv files with columns such as head_x, head_y, head_z, or what '
             'pose estimators write, see docs/own-video.md')
    add('--labels', type=pathlib.Path, required=True, metavar='FILE',
        help='.csv with the columns file, class, and part (train, val) or person')
    add('--val_persons', nargs='+', metavar='PERSON',
        help='persons whose clips are the val part, instead of the column part')
    add('--skeleton', type=pathlib.Path, required=True, metavar='FILE',
        help='.yaml with joints, inward, center and pairs, as graph.skeleton.Graph takes them')
    add('--dimensions', type=int, choices=(2, 3), default=3,
        help='3: x, y, z; 2: x, y and a score, which may be missing')
    add('--center', metavar='JOINT', help='3D: make this joint the origin of every frame')
    add('--up', nargs=2, metavar='JOINT', help='3D: rotate each clip so that the direction from the first joint to '
                                               'the second is z in its first frame, such as pelvis neck')
    add('--right', nargs=2, metavar='JOINT', help='3D: then rotate it so that this direction is x, such as left and '
                                                  'right shoulder')
    pose_files.add_flags(add, '; 2D: converts pixels to fractions of the image, from its centre, y upwards')
    add('--max_frame', type=count, metavar='N', help='number of frames of a clip (default: the length of the longest)')
    add('--max_body', type=count, metavar='N', help='number of persons of a clip (default: as many as occur, at most '
                                                    f'{MOST_PERSONS})')
    add_settings(parser, './data/mine')
    return parser.parse_args()


if __name__ == '__main__':
    run_command(main)
