"""Files of pose estimators for tests, in the words of their documentation."""
import json

import numpy as np


def person(V, frames, start, step, seed=0, scale=60):
    """Return (T, V, 3): a stiff person of V joints, x y in pixels, who moves by `step` pixels a frame, and scores."""
    rng = np.random.default_rng(seed)
    pose = rng.uniform(-scale, scale, (V, 2)) + start
    xy = pose + np.arange(frames)[:, None, None] * np.asarray(step)
    return np.concatenate((xy, rng.uniform(.2, 1, (frames, V, 1))), 2).round(3)


def shuffled(M, t):
    """Return the M persons in the order in which frame t has them: every other frame has another one."""
    return range(M) if t % 2 else reversed(range(M))


def write_openpose(folder, people, ids=None):
    """Write a folder of OpenPose's frames of `people` (M, T, V, 3), without those who are zero; `ids` are (M, T)."""
    folder.mkdir(parents=True, exist_ok=True)
    M, T = people.shape[:2]
    for t in range(T):
        persons = [{'person_id': [-1 if ids is None else int(ids[m][t])],
                    'pose_keypoints_2d': people[m, t].ravel().tolist(), 'face_keypoints_2d': []}
                   for m in shuffled(M, t) if people[m, t].any()]
        (folder / f'clip_{t:012d}_keypoints.json').write_text(json.dumps({'version': 1.3, 'people': persons}))
    return folder


def write_results(path, people, ids=None, image_id='{}.jpg'):
    """Write AlphaPose's list of results, or with an `image_id` of None COCO's, whose images are numbers."""
    M, T = people.shape[:2]
    rows = [{'image_id': t if image_id is None else image_id.format(t), 'category_id': 1,
             'keypoints': people[m, t].ravel().tolist(), 'score': 2.5, 'box': [1.0, 2.0, 30.0, 40.0],
             'idx': [0.0] if ids is None else [float(ids[m][t])]}
            for t in range(T) for m in shuffled(M, t) if people[m, t].any()]
    path.write_text(json.dumps(rows))
    return path


def write_mmpose(path, people, bare=False, ids=None):
    """Write MMPose's frames, under instance_info with frames from 1, or `bare`, as a list with frames from 0."""
    M, T = people.shape[:2]
    frames = [{'frame_id': t + (not bare), 'instances': [
        {'keypoints': people[m, t, :, :2].tolist(), 'keypoint_scores': people[m, t, :, 2].tolist(),
         'bbox': [[1, 2, 3, 4]], 'bbox_score': .9, **({} if ids is None else {'track_id': int(ids[m][t])})}
        for m in shuffled(M, t) if people[m, t].any()]} for t in range(T)]
    meta_info = {'dataset_name': 'coco' if people.shape[2] == 17 else 'halpe26'}
    path.write_text(json.dumps(frames if bare else {'meta_info': meta_info, 'instance_info': frames}))
    return path
