"""Raw recordings as clips, prepared as the published data sets are, and the clips that a command has written."""
import pickle

import numpy as np

from data_gen.formats import read_recording
from data_gen.formats.sample import BrokenSample
from data_gen.preparation import published

NTU, KINETICS = 'graph.ntu_rgb_d.Graph', 'graph.kinetics.Graph'


def clip_of(path, graph=NTU):
    """Return the clip (C, T, V, M) of the recording at `path`; BrokenSample if nobody is there."""
    clip, _ = published()[graph].clip(read_recording(path))
    if not clip.any():
        raise BrokenSample(f'{path}: without a skeleton in any frame')
    return clip


def load(out, part):
    """Return (names, labels, data) of one part in the folder `out`."""
    names, labels = pickle.loads((out / f'{part}_label.pkl').read_bytes())
    return names, labels, np.load(out / f'{part}_data_joint.npy')
