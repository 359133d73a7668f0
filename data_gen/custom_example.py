"""Write example clips of a skeleton of 15 joints, with the table of their classes and persons.

    OUT/clips/p01_wave_1.npy …   (T, 15, 3), the joints of config/small/skeleton.yaml in metres
    OUT/labels.csv               file,class,person

The people are synthetic, as in the demo. Each performs every action for one person a few times, each time seen from
another angle.
"""
import csv
import pathlib
import sys

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages
from data_gen.demo.actions import ACTIONS, Person, measured, perform
from data_gen.demo.figure import JOINT
from graph.skeleton import Graph
from runtime.arguments import Parser, count
from runtime.atomic_file import write_whole
from runtime.errors import run_command

SKELETON = pathlib.Path(__file__).resolve().parents[1] / 'config/small/skeleton.yaml'
OTHER_NAMES = {'pelvis': 'base of spine'}  # in the demo's figure
ALONE = [action for action in ACTIONS if not action.partner]
TAKES = 3
SEED = 1  # of the people and their motion
MAX_ASIDE = 45  # degrees, of the camera


def takes(people):
    """Yield (person from 1, action, take from 1, joints (T, 25, 3) as a camera measures them)."""
    for number in range(1, people + 1):
        person = Person(np.random.default_rng([SEED, number]))
        for label, action in enumerate(ALONE):
            for take in range(1, TAKES + 1):
                rng = np.random.default_rng([SEED, number, label, take])
                joints, = perform(action, person, None, rng)
                yield number, action, take, measured(joints, rng.uniform(-MAX_ASIDE, MAX_ASIDE), rng)


def parse_arguments():
    parser = Parser(__doc__.splitlines()[0])
    parser.add_argument('--out_folder', default='./data/mine_raw', type=pathlib.Path, help='output folder')
    parser.add_argument('--people', type=count, default=16, help='number of people')
    return parser.parse_args()


def main():
    arg = parse_arguments()
    joints = [JOINT[OTHER_NAMES.get(name, name)] for name in Graph(file=SKELETON).joint_names]
    rows = []
    for person, action, take, clip in tqdm(takes(arg.people), total=arg.people * len(ALONE) * TAKES,
                                           unit=' clips', disable=None):
        name = f'p{person:02d}_{action.name}_{take}.npy'
        with write_whole(arg.out_folder / 'clips' / name) as file:
            np.save(file, clip[:, joints].astype(np.float32))
        rows.append((name, action.name, f'p{person:02d}'))
    with write_whole(arg.out_folder / 'labels.csv', 'w', encoding='utf-8') as file:
        csv.writer(file, lineterminator='\n').writerows([('file', 'class', 'person'), *rows])
    print(f'{len(rows)} clips of {arg.people} people (p01 …) and {len(ALONE)} actions in {arg.out_folder}')


if __name__ == '__main__':
    run_command(main)
