"""The preparation of one clip of Kinetics-Skeleton, person by person and frame by frame: what the fast code is compared
with, and the slow side of benchmarks."""
import json

import numpy as np


def plain_clip(path):
    """Return the clip (3, 300, 18, 2) float32 of the JSON file at `path`."""
    with open(path, encoding='utf-8') as file:
        content = json.load(file)
    data = np.zeros((3, 300, 18, 5))
    for frame in content['data']:
        for m, person in enumerate(frame['skeleton'][:5]):
            data[0, frame['frame_index'], :, m] = person['pose'][::2]
            data[1, frame['frame_index'], :, m] = person['pose'][1::2]
            data[2, frame['frame_index'], :, m] = person['score']
    data[:2] -= 0.5
    data[1] = -data[1]
    for c in (0, 1):
        data[c][data[2] == 0] = 0
    for t, order in enumerate((-data[2].sum(1)).argsort(1, kind='stable')):
        data[:, t] = data[:, t][:, :, order]
    return data[..., :2].astype(np.float32)
