"""Write a small set of synthetic human motion as raw NTU RGB+D files, for a demo that needs no download.

    OUT/nturgb+d_skeletons/SsssCcccPpppRrrrAaaa.skeleton
    OUT/samples_with_missing_skeletons.txt  (empty: NTU's own data set has such a list)
    OUT/class_names.txt

Every person performs every action once, recorded by three cameras. Person numbers are NTU's, so that its
cross-subject split applies: three of four people are for training, the others for testing.
"""
import pathlib
import sys

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages
from data_gen.demo.actions import ACTIONS, Person, measured, perform
from data_gen.formats.ntu_benchmarks import SUBJECTS_60
from runtime.arguments import Parser
from runtime.atomic_file import write_whole
from runtime.errors import UserError, run_command

SEED = 1  # of the people and their motion
SETUP = 100  # NTU has 32, so no name here is one of its own
CAMERAS = {1: 0, 2: -45, 3: 45}  # degrees about the vertical axis
# A body's line: id, eight values of no use here, tracking state. A joint's line: x y z, eight values, tracking state.
BODY_LINES = '%d 0 1 1 1 1 0 0 0 2\n25\n' + 25 * '%.5f %.5f %.5f 0 0 0 0 0 0 0 0 2\n'


def groups_of_people(count):
    """Return the numbers of the people to train on and of those to test on, `count` in all."""
    testing = count // 4
    return sorted(SUBJECTS_60)[:count - testing], sorted({*range(1, 41)} - SUBJECTS_60)[:testing]


def recordings(count):
    """Yield (name of the file, joints (M, T, 25, 3)) of every person, action and camera.

    Partners are from the same group, so that no person of the test part appears in training.
    """
    for group in groups_of_people(count):
        people = [Person(np.random.default_rng([SEED, number])) for number in group]
        for number, person, partner in zip(group, people, [*people[1:], people[0]]):
            for label, action in enumerate(ACTIONS, start=1):
                rng = np.random.default_rng([SEED, number, label])
                joints = perform(action, person, partner, rng)
                for camera, degrees in CAMERAS.items():
                    name = f'S{SETUP:03d}C{camera:03d}P{number:03d}R001A{label:03d}.skeleton'
                    yield name, measured(joints, degrees, rng)


def skeleton_text(joints):
    """Return the text of a `.skeleton` file of joints (M, T, 25, 3)."""
    lines = [f'{joints.shape[1]}\n']
    for frame in joints.swapaxes(0, 1):
        lines += [f'{len(frame)}\n', *(BODY_LINES % (number, *body.ravel()) for number, body in enumerate(frame))]
    return ''.join(lines)


def parse_arguments():
    parser = Parser(__doc__.splitlines()[0])
    parser.add_argument('--out_folder', type=pathlib.Path, default='./data/demo_raw', help='output folder')
    parser.add_argument('--people', type=int, choices=range(8, 27), default=16, metavar='8…26',
                        help='number of people, a quarter of them for testing')
    return parser.parse_args()


def main():
    arg = parse_arguments()
    folder, written = arg.out_folder / 'nturgb+d_skeletons', set()
    total = arg.people * len(ACTIONS) * len(CAMERAS)
    for name, joints in tqdm(recordings(arg.people), total=total, unit=' files', disable=None):
        with write_whole(folder / name, 'w', encoding='ascii') as file:
            file.write(skeleton_text(joints))
        written.add(name)
    if others := sorted({path.name for path in folder.glob('*.skeleton')} - written):
        raise UserError(f'{folder}: it contains {len(others)} recordings of another run, such as {others[0]}: '
                        'remove them or choose another --out_folder')
    with write_whole(arg.out_folder / 'class_names.txt', 'w', encoding='ascii') as file:
        file.writelines(action.name + '\n' for action in ACTIONS)
    (arg.out_folder / 'samples_with_missing_skeletons.txt').touch()
    print(f'{total} recordings of {arg.people} people, {len(ACTIONS)} actions and {len(CAMERAS)} cameras '
          f'in {arg.out_folder}')


if __name__ == '__main__':
    run_command(main)
