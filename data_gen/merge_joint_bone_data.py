"""Joints and bones as one: `{train,val}_data_joint_bone.npy`, the channels of the joints, then those of the bones."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

import numpy as np

from data_gen.writing.derived import derive_all
from runtime.errors import run_command

if __name__ == '__main__':
    run_command(lambda: derive_all(__doc__, {
        'joint_bone': (['joint', 'bone'], lambda _, *streams: np.concatenate(streams, axis=1))}))
