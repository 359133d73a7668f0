"""Persons for tests of estimators' files, and these files in the words of their documentation."""
import csv
import json

import numpy as np

from data_gen.formats.mediapipe_landmarks import NAMES


def person(V, frames, start, step, seed=0, scale=60):
    """Return (T, V, 3): a stiff person of V joints, x y in pixels, who moves by `step` pixels a frame, and scores."""
    rng = np.random.default_rng(seed)
    pose = rng.uniform(-scale, scale, (V, 2)) + start
    xy = pose + np.arange(frames)[:, None, None] * np.asarray(step)
    return np.concatenate((xy, rng.uniform(.2, 1, (frames, V, 1))), 2).round(3)


def crossing(V, frames=20, seeds=(1, 1)):
    """Return two persons (2, T, V, 3) who walk towards each other, through each other and apart, in one pose.

    Where they pass each other, each is nearer to where the other was. Different `seeds` give them different poses.
    """
    starts, steps = ((200, 300), (580, 300)), ((20, 0), (-20, 0))
    return np.stack([person(V, frames, *walk) for walk in zip(starts, steps, seeds)])


def write_openpose(folder, people, shown=None, ids=None):
    """Write a folder of OpenPose's frames: of `people` (M, T, V, 3) those of `shown` (M, T), every other frame in
    another order."""
    folder.mkdir(parents=True, exist_ok=True)
    M, T = people.shape[:2]
    for t in range(T):
        order = range(M) if t % 2 else reversed(range(M))
        persons = [{'person_id': [-1 if ids is None else int(ids[m][t])],
                    'pose_keypoints_2d': people[m, t].ravel().tolist(), 'face_keypoints_2d': [],
                    'hand_left_keypoints_2d': [], 'hand_right_keypoints_2d': [], 'pose_keypoints_3d': []}
                   for m in order if shown is None or shown[m][t]]
        (folder / f'clip_{t:012d}_keypoints.json').write_text(json.dumps({'version': 1.3, 'people': persons}))
    return folder


def write_results(path, people, shown=None, ids=None, image_id='{}.jpg'):
    """Write AlphaPose's list of results, or with an `image_id` of None COCO's, whose images are numbers."""
    M, T = people.shape[:2]
    rows = [{'image_id': t if image_id is None else image_id.format(t), 'category_id': 1,
             'keypoints': people[m, t].ravel().tolist(), 'score': 2.5, 'box': [1.0, 2.0, 30.0, 40.0],
             'idx': [0.0] if ids is None else [float(ids[m][t])]}
            for t in range(T) for m in (range(M) if t % 2 else reversed(range(M))) if shown is None or shown[m][t]]
    path.write_text(json.dumps(rows))
    return path


def write_mmpose(path, people, shown=None, bare=False):
    """Write MMPose's frames, under instance_info with frames from 1, or `bare`, as a list with frames from 0."""
    M, T = people.shape[:2]
    frames = [{'frame_id': t + (not bare), 'instances': [
        {'keypoints': people[m, t, :, :2].tolist(), 'keypoint_scores': people[m, t, :, 2].tolist(),
         'bbox': [[1, 2, 3, 4]], 'bbox_score': .9}
        for m in (range(M) if t % 2 else reversed(range(M))) if shown is None or shown[m][t]]} for t in range(T)]
    path.write_text(json.dumps(frames if bare else {'meta_info': {'dataset_name': 'coco'}, 'instance_info': frames}))
    return path


def landmarks(frames=6, persons=1, seed=0):
    """Return image landmarks and world landmarks (M, T, 33, 4), x y z visibility."""
    rng = np.random.default_rng(seed)
    image = rng.uniform(.2, .4, (persons, frames, 33, 4)) + np.arange(persons)[:, None, None, None] * [.4, 0, 0, 0]
    world = rng.uniform(-.8, .8, (persons, frames, 33, 4))
    hips = NAMES.index('left_hip'), NAMES.index('right_hip')
    world[..., :3] -= world[:, :, hips, :3].mean(2, keepdims=True)
    world[..., 3] = image[..., 3]
    return image, world


def points(person):
    return [dict(zip(('x', 'y', 'z', 'visibility', 'presence'), [*map(float, row), .9])) for row in person]


def write_table(path, header, rows):
    with open(path, 'w', newline='') as file:
        csv.writer(file).writerows([header, *rows])
    return path
