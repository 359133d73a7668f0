"""Write a small set of made-up human motion as raw NTU RGB+D files, for a demo that needs no download.

    OUT/nturgb+d_skeletons/SsssCcccPpppRrrrAaaa.skeleton
    OUT/samples_with_missing_skeletons.txt  (empty: a list that NTU's own data set has)
    OUT/class_names.txt

Every person does every action once, before three cameras at once. Person numbers are NTU's, so that its
cross-subject split applies: three of four people are for training, the others for testing.
"""
import itertools
import pathlib
import sys

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages
from data_gen.demo_actions import ACTIONS, perform, style
from data_gen.demo_figure import body, turn
from data_gen.ntu_benchmarks import SUBJECTS_60
from runtime.arguments import Parser
from runtime.atomic_file import write_whole
from runtime.errors import UserError, run_command

TRAINING_PEOPLE = sorted(SUBJECTS_60)
TEST_PEOPLE = sorted({*range(1, 41)} - SUBJECTS_60)
SETUP = 100  # NTU has 32, so no name here is one of its own
CAMERAS = {1: 0, 2: -45, 3: 45}  # degrees about the vertical axis
CAMERA_HEIGHT, CAMERA_DISTANCE = 1.1, 3.3  # metres, from the floor and from where people stand

NOISE = .005  # metres, the deviation of a joint from frame to frame
DRIFT = .008  # metres, the deviation of a joint over some frames
LOST = .3  # the share of recordings in which the sensor loses everybody for some frames


def read_arguments():
    parser = Parser(__doc__.splitlines()[0])
    parser.add_argument('--out_folder', default='./data/demo_raw', help='where the data set is written')
    parser.add_argument('--people', type=int, default=16, help='how many people, a fourth of them for testing')
    parser.add_argument('--seed', type=int, default=1, help='another seed gives other people')
    arg = parser.parse_args()
    if not 8 <= arg.people <= 26:
        raise UserError(f'--people {arg.people}: from 8 to 26 people can be made')
    if arg.seed < 0:
        raise UserError(f'--seed {arg.seed}: give a number from 0 up')
    return arg


def groups_of_people(count):
    """Return the numbers of the people to train on and of those to test on, `count` in all."""
    testing = count // 4
    return TRAINING_PEOPLE[:count - testing], TEST_PEOPLE[:testing]


def performances(count, seed):
    """Yield (person, action's number from 1, joints (M, T, 25, 3)) for every person and action.

    Partners are from the person's own group, so that nobody who is tested on was seen in training.
    """
    for group in groups_of_people(count):
        people = [np.random.default_rng([seed, person]) for person in group]
        bodies, styles = [body(rng) for rng in people], [style(rng) for rng in people]
        for i, person in enumerate(group):
            for number, action in enumerate(ACTIONS, start=1):
                pair = (i, (i + 1) % len(group))
                rng = np.random.default_rng([seed, person, number])
                yield person, number, perform(action, [bodies[p] for p in pair], [styles[p] for p in pair], rng)


def recording_name(person, camera, action):
    return f'S{SETUP:03d}C{camera:03d}P{person:03d}R001A{action:03d}.skeleton'


def refuse_other_recordings(folder, names):
    """Raise UserError if the folder has recordings that this run would not write: they would be read with it."""
    others = sorted({path.name for path in folder.glob('*.skeleton')} - names)
    if others:
        raise UserError(f'{folder}: it holds {len(others)} recordings that are not of this run, such as {others[0]}: '
                        'remove them or choose another --out_folder')


def seen_by(degrees, joints):
    """Return the joints (M, T, 25, 3) in the axes of a camera that stands at `degrees`: x, y up, z away from it."""
    return joints @ turn(np.deg2rad(degrees), 1).T + (0, -CAMERA_HEIGHT, CAMERA_DISTANCE)


def sensed(joints, rng):
    """Return the joints (M, T, 25, 3) as a sensor measures them: with noise, and with errors that drift along."""
    drift = DRIFT * rng.standard_normal(joints.shape)
    window = np.hanning(13)
    spread = np.fft.irfft(np.fft.rfft(drift, axis=1) * np.fft.rfft(window, drift.shape[1])[:, None, None],
                          drift.shape[1], axis=1) / np.linalg.norm(window)
    return joints + spread + NOISE * rng.standard_normal(joints.shape)


def tracked(frames, rng):
    """Return the frames (T,) in which the sensor sees anybody: all of them, or all but a few in a row."""
    seen = np.ones(frames, dtype=bool)
    if rng.random() < LOST:
        start = rng.integers(1, frames - 4)
        seen[start:start + rng.integers(1, 4)] = False
    return seen


# A body's line: id, clipped edges, confidence and state of the left and of the right hand, restricted, lean in x and
# y, tracking state. A joint's line: x y z, its place in the depth image and in the colour image, four numbers of its
# orientation (left at 0, as the sensor itself leaves them where it has none), tracking state.
BODY_LINES = '%d 0 1 1 1 1 0 %.4f %.4f 2\n25\n' + 25 * '%.5f %.5f %.5f %.3f %.3f %.3f %.3f 0 0 0 0 2\n'
DEPTH_IMAGE, COLOUR_IMAGE = (365., 256., 212.), (1060., 960., 540.)  # focal length and middle, in pixels
FIRST_BODY_ID = 72057594037927936


def skeleton_text(joints, seen):
    """Return the text of a `.skeleton` file: joints (M, T, 25, 3), of which the frames `seen` (T,) have bodies."""
    depth, colour = (middle + focal * joints[..., :2] * (1, -1) / joints[..., 2:]
                     for focal, *middle in (DEPTH_IMAGE, COLOUR_IMAGE))
    columns = np.concatenate((joints, depth, colour), axis=-1)  # (M, T, 25, 7)
    lean = joints[..., 20, ::2] - joints[..., 0, ::2]  # shoulders against base of spine
    lines = [f'{joints.shape[1]}\n']
    for t, anybody in enumerate(seen):
        lines.append(f'{len(joints) if anybody else 0}\n')
        for m in range(len(joints) if anybody else 0):
            lines.append(BODY_LINES % (FIRST_BODY_ID + m, *lean[m, t], *columns[m, t].ravel()))
    return ''.join(lines)


def main():
    arg = read_arguments()
    out_folder = pathlib.Path(arg.out_folder)
    recordings = out_folder / 'nturgb+d_skeletons'
    everybody = itertools.chain(*groups_of_people(arg.people))
    refuse_other_recordings(recordings, {
        recording_name(*key) for key in itertools.product(everybody, CAMERAS, range(1, len(ACTIONS) + 1))})
    with tqdm(total=arg.people * len(ACTIONS) * len(CAMERAS), unit='file', disable=None) as progress:
        for person, number, joints in performances(arg.people, arg.seed):
            for camera, degrees in CAMERAS.items():
                rng = np.random.default_rng([arg.seed, person, number, camera])
                measured = sensed(seen_by(degrees, joints), rng)
                path = recordings / recording_name(person, camera, number)
                with write_whole(path, 'w', encoding='ascii') as file:
                    file.write(skeleton_text(measured, tracked(joints.shape[1], rng)))
                progress.update()
    with write_whole(out_folder / 'class_names.txt', 'w', encoding='ascii') as file:
        file.writelines(action.name + '\n' for action in ACTIONS)
    with write_whole(out_folder / 'samples_with_missing_skeletons.txt', 'w', encoding='ascii'):
        pass
    print(f'{progress.total} recordings of {arg.people} people, {len(ACTIONS)} actions and {len(CAMERAS)} cameras '
          f'in {out_folder}')


if __name__ == '__main__':
    run_command(main)
