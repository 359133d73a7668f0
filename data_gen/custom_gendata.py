"""Clips and a skeleton of one's own → `{train,val}_data_joint.npy` and `_label.pkl`.

Beside them go `class_names.txt`, the names by label; `skeleton.yaml`, a copy of the skeleton, for gen_bone_data.py and
for configs; `preparation.yaml`, by which predict.py prepares other clips in the same way; a copy of the table; and
config/small filled in for these data, `{train,test}_{joint,bone}.yaml`.
"""
import dataclasses
import functools
import pathlib
import sys

from tqdm import tqdm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

from data_gen.class_names import FILE as CLASS_NAMES
from data_gen.formats import read_recording
from data_gen.formats.own_clips import PARTS, TABLE, list_recordings
from data_gen.formats.sample import BrokenSample
from data_gen.preparation import BEST_OF_CLIP, FLAT, MOST_ACTIVE, OWN, Preparation
from data_gen.preparation_file import SKELETON, checked
from data_gen.recording import FRACTIONS, METRES
from data_gen.resample import new_frames
from data_gen.writing.configs import write_configs
from data_gen.writing.data_set import add_settings, write_data_set
from data_gen.writing.workers import do_jobs
from graph.skeleton import Graph
from runtime.arguments import Parser, count, number_above_0, read_yaml
from runtime.errors import UserError, run_command

DEFAULT_PERSONS = 2  # at most


def main():
    arg = parse_arguments()
    how = preparation_from(arg)
    samples, names = list_recordings(arg.labels, arg.clips, arg.val_persons)
    read = functools.partial(read_recording, joints=how.joints, dimensions=how.dimensions)
    how = completed(how, samples, read, arg)
    beside = {CLASS_NAMES: '\n'.join(names) + '\n', SKELETON: arg.skeleton.read_text(encoding='utf-8'),
              TABLE: arg.labels.read_text(encoding='utf-8-sig')}
    status = write_data_set(arg.out_folder, PARTS, samples, read, how, arg, beside)
    write_configs(arg.out_folder, how, len(names), arg.overwrite)
    C, T, V, M = how.shape
    print(f'model_args of these data: num_class {len(names)}, num_point {V}, num_person {M}; clips have {T} frames')
    return status


def preparation_from(arg):
    """Return the Preparation that the flags say; UserError names the flag that is wrong."""
    kind, choose = (OWN, MOST_ACTIVE) if arg.dimensions == 3 else (FLAT, BEST_OF_CLIP)
    how = Preparation(kind, choose, read_yaml(arg.skeleton), arg.dimensions, FRACTIONS if arg.image_size else None,
                      arg.max_frame, arg.max_body or DEFAULT_PERSONS, fps=arg.fps, center=arg.center, up=arg.up,
                      right=arg.right, image_size=arg.image_size)
    Graph(file=arg.skeleton)  # its errors name the file
    try:
        return checked(how)
    except ValueError as error:
        raise UserError(f'--{error}') from None


def completed(how, samples, read, arg):
    """Return the Preparation with what the recordings of the samples say, and the flags do not."""
    jobs = do_jobs(functools.partial(describe, read), samples, arg.workers)
    found = [description for description in tqdm(jobs, total=len(samples), disable=None) if description]
    frames, persons, units, rates = zip(*found or [(1, 1, None, None)])
    known = sorted({*rates} - {None})
    if how.fps is None and len(known) > 1:
        raise UserError(f'{arg.labels}: its recordings have {", ".join(f"{rate:g}" for rate in known)} frames per '
                        'second: --fps chooses one, to which all are resampled')
    fps = how.fps or (known[0] if known else None)
    longest = max(new_frames(T, rate, fps) if rate else T for T, rate in zip(frames, rates))
    said = (FRACTIONS if how.dimensions == 2 else METRES) if any(units) else how.units
    return dataclasses.replace(how, fps=fps, units=said, frames=how.frames or longest,
                               persons=arg.max_body or min(DEFAULT_PERSONS, max(persons)))


def describe(read, sample):
    """Return (frames, persons, units, frames per second) of a sample, None if it is broken. Runs in any process."""
    try:
        recording = read(sample.source)
    except BrokenSample:  # named when its clip is made
        return None
    return recording.joints.shape[1], len(recording.joints), recording.units, recording.fps


def parse_arguments():
    parser = Parser(__doc__.splitlines()[0])
    add = parser.add_argument
    add('--clips', type=pathlib.Path, required=True, metavar='FOLDER',
        help='.npy files (T, V, C) or (M, T, V, C), .csv files with columns such as head_x, head_y, head_z, or '
             'recordings of pose_gendata.py (.npz), see docs/own-video.md')
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
    add('--image_size', '--image-size', nargs=2, type=count, metavar=('WIDTH', 'HEIGHT'),
        help='2D: size of the image, for .npy and .csv in pixels: they become fractions of it, from its centre, y '
             'upwards (1 1: they are fractions already); without it, and without .npz, they stay as they are')
    add('--fps', type=number_above_0, metavar='N', help='frames per second of .npy and .csv files, and of the clips: '
                                                         'recordings of other rates are resampled')
    add('--max_frame', type=count, metavar='N', help='number of frames of a clip (default: the length of the longest)')
    add('--max_body', type=count, metavar='N', help='number of persons of a clip (default: as many as occur, at most '
                                                    f'{DEFAULT_PERSONS})')
    add_settings(parser, './data/mine')
    return parser.parse_args()


if __name__ == '__main__':
    run_command(main)
