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
from data_gen.formats.own_clips import PARTS, largest_of, list_recordings
from data_gen.preparation import Preparation, check_preparation
from data_gen.writing.data_set import add_settings, write_data_set
from data_gen.writing.derived import SKELETON, data_file
from data_gen.writing.workers import do_jobs
from graph.skeleton import Graph
from runtime.arguments import Parser, count
from runtime.cores import cores
from runtime.errors import UserError, run_command

MOST_PERSONS = 2  # by default
TABLE = 'labels.csv'  # a copy of --labels: it tells who is in the clips
JOB = 64  # clips whose size a process finds at a time


def main():
    arg = parse_arguments()
    graph = Graph(file=arg.skeleton)
    check_flags(arg, graph.joint_names)
    samples, names = list_recordings(arg.labels, arg.clips, arg.val_persons)
    flags = pose_files.PoseFlags(arg.image_size, arg.to, arg.fill, graph.joint_names, arg.dimensions)
    read = functools.partial(read_own_clip, flags=flags)
    how = make_preparation(arg, graph.joint_names, samples, read)
    descriptions = {CLASS_NAMES: '\n'.join(names) + '\n', SKELETON: arg.skeleton.read_text(encoding='utf-8'),
                    preparation.FILE: how.as_text()}
    refuse_another_data_set(arg, descriptions)
    status = write_data_set(arg.out_folder, PARTS, samples, read, how.clip, how.shape,
                            arg, unit='clips',
                            beside={**descriptions, TABLE: arg.labels.read_text(encoding='utf-8-sig')})
    C, T, V, M = how.shape
    print(f'model_args of these data: num_class {len(names)}, num_point {V}, num_person {M}; clips have {T} frames')
    return status


def make_preparation(arg, joints, samples, read):
    """Return the Preparation that the flags ask for; what they leave open follows from the largest clips."""
    frames, persons = arg.max_frame, arg.max_body
    if frames is None or persons is None:
        longest, most = largest(samples, read, arg.workers or cores())
        frames, persons = frames or longest, persons or min(most, MOST_PERSONS)
    return preparation_of(arg, joints, frames, persons)


def preparation_of(arg, joints, frames, persons):
    return Preparation(joints, arg.dimensions, frames, persons, arg.center, arg.up, arg.right, arg.image_size)


def check_flags(arg, joints):
    """Raise UserError if the clips cannot be prepared as the flags say."""
    try:
        check_preparation(preparation_of(arg, joints, frames=1, persons=1))
    except ValueError as error:
        raise UserError(f'--{error}') from None


def largest(samples, read, workers):
    """Return the frames of the longest clip and the persons of that with the most; broken ones do not count."""
    jobs = [samples[start:start + JOB] for start in range(0, len(samples), JOB)]
    sizes = tqdm(do_jobs(functools.partial(largest_of, read), jobs, workers), total=len(jobs), disable=None)
    return np.max(list(sizes), axis=0).tolist()


def refuse_another_data_set(arg, descriptions):
    """Raise UserError if the folder's data are described otherwise: new parts must not lie beside other ones."""
    for name, text in descriptions.items():
        path = arg.out_folder / name
        found = path.read_text(encoding='utf-8', errors='replace') if path.is_file() else None
        if not arg.overwrite and found != text and (found is not None or has_data(arg.out_folder)):
            raise UserError(f'{path}: what is there is not of these classes, clips and flags: --overwrite makes them '
                            'anew, or choose another --out_folder')


def has_data(folder):
    return any(data_file(folder, part, 'joint').exists() for part in PARTS)


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
    add('--out_folder', type=pathlib.Path, default=pathlib.Path('./data/mine'), metavar='FOLDER',
        help='where the data set is written')
    add('--dimensions', type=int, choices=(2, 3), default=3, help='x, y, z; or x, y and a score, if there is one')
    add('--center', metavar='JOINT', help='3D: make this joint the origin of every frame')
    add('--up', nargs=2, metavar='JOINT', help='3D: turn each clip so that the way from the one joint to the other '
                                               'leads along z in its first frame, such as pelvis neck')
    add('--right', nargs=2, metavar='JOINT', help='3D: and then so that this way leads along x, such as left and right '
                                                  'shoulder')
    pose_files.add_flags(add, '; 2D: makes pixels shares of the image, from its centre, y upwards')
    add('--max_frame', type=count, metavar='N', help='frames of a clip; without it, those of the longest')
    add('--max_body', type=count, metavar='N', help='persons of a clip; without it, as many as there are, but at most '
                                                    f'{MOST_PERSONS}')
    add_settings(parser)
    return parser.parse_args()


if __name__ == '__main__':
    run_command(main)
