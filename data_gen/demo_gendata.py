"""Write a small set of synthetic human motion as raw NTU RGB+D files, for a demo that needs no download.

    OUT/nturgb+d_skeletons/SsssCcccPpppRrrrAaaa.skeleton
    OUT/samples_with_missing_skeletons.txt  (empty: NTU's own data set has such a list)
    OUT/class_names.txt

Every person performs every action once, recorded by three cameras. Person numbers are NTU's, so that its
cross-subject split applies: three of four people are for training, the others for testing.
"""
import itertools
import pathlib
import sys

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages
from data_gen.demo.actions import ACTIONS, perform, style
from data_gen.demo.camera import seen_by, sensed, skeleton_text, tracked
from data_gen.demo.figure import body
from data_gen.formats.ntu_benchmarks import SUBJECTS_60
from runtime.arguments import Parser, whole_number
from runtime.atomic_file import write_whole
from runtime.errors import UserError, run_command

TRAINING_PEOPLE = sorted(SUBJECTS_60)
TEST_PEOPLE = sorted({*range(1, 41)} - SUBJECTS_60)
SETUP = 100  # NTU has 32, so no name here is one of its own
CAMERAS = {1: 0, 2: -45, 3: 45}  # degrees about the vertical axis


def read_arguments():
    parser = Parser(__doc__.splitlines()[0])
    parser.add_argument('--out_folder', default='./data/demo_raw', help='output folder')
    parser.add_argument('--people', type=int, default=16, help='number of people, a quarter of them for testing')
    parser.add_argument('--seed', type=whole_number, default=1, help='seed of the people and their motion')
    arg = parser.parse_args()
    if not 8 <= arg.people <= 26:
        raise UserError(f'--people {arg.people}: give a number from 8 to 26')
    return arg


def groups_of_people(count):
    """Return the numbers of the people to train on and of those to test on, `count` in all."""
    testing = count // 4
    return TRAINING_PEOPLE[:count - testing], TEST_PEOPLE[:testing]


def performances(count, seed):
    """Yield (person, action's number from 1, joints (M, T, 25, 3)) for every person and action.

    Partners are from the same group, so that no person of the test part appears in training.
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
        raise UserError(f'{folder}: it contains {len(others)} recordings of another run, such as {others[0]}: '
                        'remove them or choose another --out_folder')


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
