"""Recordings that are longer than a clip, and a small model that judges them."""
import json

import numpy as np
import torch
from tiny import NUM_CLASS, config, write_config

from tests.data_gen.raw_ntu import random_bodies, skeleton_text
from tests.small_model import Model

WINDOW, STRIDE = 20, 8
ALL_CLASSES = '--top-k', NUM_CLASS


def write_road(folder, points=25, graph='graph.ntu_rgb_d.Graph', num_class=NUM_CLASS, **feeder_args):
    """Write the config `c.yaml`, with weights, for the joints of a data set, and return its path."""
    model_args = {'num_class': num_class, 'num_point': points, 'graph': graph}
    torch.manual_seed(0)
    torch.save(Model(**model_args).state_dict(), folder / 'w.pt')
    content = config(folder, folder, phase='test', weights=str(folder / 'w.pt'), model='tests.small_model.Model',
                     model_args=model_args, test_feeder_args={'uniform_sample': 8, **feeder_args})
    return write_config(folder / 'c.yaml', {k: v for k, v in content.items() if k != 'train_feeder_args'})


def people(frames, seed=0):
    """Return (2, frames, 25, 3): two people, rounded as a file has them; the second one comes late."""
    bodies = random_bodies(np.random.default_rng(seed), frames, 2).round(3)
    bodies[1, :frames // 3] = np.nan
    return bodies


def write_skeleton(path, bodies):
    """Write bodies (M, T, 25, 3), NaN where they are not there, as a `.skeleton` file, and return the path."""
    path.write_text(skeleton_text(bodies), encoding='ascii')
    return path


def lines_of(bodies):
    """Return bodies as the lines of JSON that --live takes, one a frame."""
    frames = ([body.tolist() for body in frame if not np.isnan(body).any()] for frame in bodies.transpose(1, 0, 2, 3))
    return [json.dumps({'persons': persons, 'time': t / 10}) for t, persons in enumerate(frames)]


def scores_by_window(windows):
    """Return (from, to) → scores in the order of the classes, of windows as --json has them with all classes."""
    def scores(top):
        return [row['score'] for row in sorted(top, key=lambda row: row['label'])]
    return {(window['from'], window['to']): scores(window['top']) for window in windows}
