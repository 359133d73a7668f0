"""Raw Kinetics-Skeleton files for tests and benchmarks: random people, as OpenPose would find them."""
import json

import numpy as np


def random_content(rng, frames, persons=2, label=0):
    """Return what one JSON file holds: up to `persons` people in each frame, and some joints not found."""
    pose = (0.5 + 0.2 * rng.standard_normal((persons, 1, 18, 2)) + 0.01 * rng.standard_normal((persons, frames, 18, 2)))
    pose = pose.clip(0, 1).round(3)
    score = rng.random((persons, frames, 18)).round(3)
    lost = rng.random(score.shape) < 0.06
    pose[lost], score[lost] = 0, 0
    there = rng.random((persons, frames)) > 0.1
    data = []
    for t in range(frames):
        people = [{'pose': pose[m, t].ravel().tolist(), 'score': score[m, t].tolist()}
                  for m in range(persons) if there[m, t]]
        data.append({'frame_index': t + 1, 'skeleton': people})
    return {'data': data, 'label': f'action {label}', 'label_index': label}


def write_tree(folder, counts, frames=8, seed=0):
    """Write `counts` clips (part → number) below `folder` with their label files; every seventh has no skeleton."""
    for part, count in counts.items():
        (folder / f'kinetics_{part}').mkdir(parents=True, exist_ok=True)
        labels = {}
        for number in range(count):
            rng = np.random.default_rng([seed, number, len(part)])
            content = random_content(rng, frames, number % 7 and 1 + number % 6, number % 400)
            name = f'{part}{number:04d}'
            labels[name] = {'has_skeleton': bool(number % 7), 'label': content['label'], 'label_index': number % 400}
            (folder / f'kinetics_{part}' / f'{name}.json').write_text(json.dumps(content), encoding='ascii')
        (folder / f'kinetics_{part}_label.json').write_text(json.dumps(labels), encoding='ascii')
