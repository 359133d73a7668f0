"""Motion: `{train,val}_data_{joint,bone}_motion.npy` from the joints and the bones of all existing data sets."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

from data_gen.writing.derived import derive_all
from graph.streams import motion
from runtime.errors import run_command

if __name__ == '__main__':
    run_command(lambda: derive_all(__doc__, {
        f'{stream}_motion': ([stream], lambda _, frames: motion(frames)) for stream in ('joint', 'bone')}))
