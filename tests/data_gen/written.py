"""What a command of data preparation has written."""
import pickle

import numpy as np


def load(out, part):
    """Return (names, labels, data) of one part in the folder `out`."""
    names, labels = pickle.loads((out / f'{part}_label.pkl').read_bytes())
    return names, labels, np.load(out / f'{part}_data_joint.npy')
