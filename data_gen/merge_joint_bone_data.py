"""Joints and bones as one: `{train,val}_data_joint_bone.npy`, the channels of the joints, then those of the bones."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

import numpy as np

from data_gen.writing.derived import derive, parse_folders
from runtime.errors import run_command


def main():
    folders, parts = parse_folders(__doc__)
    for folder in folders:
        for part in parts:
            derive(folder, part, ['joint', 'bone'], 'joint_bone', lambda joint, bone: np.concatenate((joint, bone), 1))


if __name__ == '__main__':
    run_command(main)
