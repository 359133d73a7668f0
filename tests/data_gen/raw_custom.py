"""Clips of a skeleton that no module knows, for tests: five joints, people who differ by how they swing an arm."""
import csv

import numpy as np
import yaml

from data_gen.preparation import BEST_OF_CLIP, FLAT, MOST_ACTIVE, OWN, Preparation

SKELETON = {'joints': ['hand', 'elbow', 'chest', 'left hip', 'right hip'],
            'inward': [['hand', 'elbow'], ['elbow', 'chest'], ['left hip', 'chest'], ['right hip', 'chest']],
            'center': 'chest', 'pairs': [['left hip', 'right hip']]}
JOINTS = SKELETON['joints']


def own_preparation(dimensions=3, frames=9, persons=1, **more):
    """Return the Preparation that custom_gendata.py writes for such clips, without flags."""
    kind, choose = (OWN, MOST_ACTIVE) if dimensions == 3 else (FLAT, BEST_OF_CLIP)
    return Preparation(kind, choose, SKELETON, dimensions, frames=frames, persons=persons, **more)


def random_clip(rng, frames=9, persons=1, dimensions=3):
    """Return (M, T, 5, C): random people, a standing body each, who move a little; C = x y z, or x y score."""
    bodies = rng.normal(size=(persons, 1, 5, 3)) + rng.normal(size=(persons, 1, 1, 3)) * 3
    bodies = bodies + np.cumsum(rng.normal(scale=0.1, size=(persons, frames, 5, 3)), 1)
    if dimensions == 2:
        bodies = np.concatenate((200 + 20 * bodies[..., :2], rng.uniform(.1, 1, (persons, frames, 5, 1))), 3)
    return bodies


def write_skeleton(path):
    path.write_text(yaml.safe_dump(SKELETON))
    return path


def write_csv(path, bodies, axes, frames=None, **columns):
    """Write bodies (M, T, 5, C) as a table, its lines sorted by frame; NaN becomes an empty cell.

    `frames` numbers the frames. `columns` have a value that is the same on each line.
    """
    header = ['frame', 'person', *(f'{joint}_{axis}' for joint in JOINTS for axis in axes), *columns]
    rows = [[frames[t] if frames else t, f'person {m}',
             *('' if np.isnan(value) else repr(float(value)) for value in bodies[m, t].ravel()), *columns.values()]
            for t in range(bodies.shape[1]) for m in range(len(bodies))]
    write_table(path, header, rows)


def write_table(path, header, rows):
    with open(path, 'w', newline='', encoding='utf-8') as file:
        csv.writer(file).writerows([header, *rows])


def write_clips(folder, people=4, actions=('wave', 'sit', 'fall'), dimensions=3):
    """Write folder/clips/*.npy, a clip for each person and action, labels.csv and skeleton.yaml; return name → clip.

    The persons are p0, p1 and so on, of whom the last one's clips are the part val. Every third clip is of two.
    """
    (folder / 'clips').mkdir(parents=True)
    rows, clips = [], {}
    for person in range(people):
        for action in actions:
            rng = np.random.default_rng([person, len(clips)])
            bodies = random_clip(rng, 6 + len(clips), 1 + (len(clips) % 3 == 2), dimensions)
            name = f'p{person}_{action}.npy'
            clips[name] = bodies
            np.save(folder / 'clips' / name, bodies[0] if len(bodies) == 1 else bodies)
            rows.append([name, action, f'p{person}', 'val' if person == people - 1 else 'train'])
    write_table(folder / 'labels.csv', ['file', 'class', 'person', 'part'], rows)
    write_skeleton(folder / 'skeleton.yaml')
    return clips


def flags(folder, out):
    """Return the flags of custom_gendata.py that name what write_clips has written."""
    return ('--clips', folder / 'clips', '--labels', folder / 'labels.csv', '--skeleton', folder / 'skeleton.yaml',
            '--out_folder', out)
