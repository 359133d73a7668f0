"""Bones: `{train,val}_data_bone.npy` from the joints of all existing data sets."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

from data_gen.writing.derived import derive_all, partners_of
from graph.streams import bones
from runtime.errors import run_command

if __name__ == '__main__':
    run_command(lambda: derive_all(__doc__, {
        'bone': (['joint'], lambda folder, joints: bones(joints, partners_of(folder, joints.shape[-2])))}))
