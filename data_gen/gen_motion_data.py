"""Motion: `{train,val}_data_{joint,bone}_motion.npy` from the joints and the bones of all existing data sets."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

from data_gen.writing.derived import derive_all
from graph.streams import motion
from runtime.errors import run_command


def motion_of(_, frames):
    """Return the motion of joints or bones (n, C, T, V, M)."""
    return motion(frames)


if __name__ == '__main__':
    streams = {f'{stream}_motion': ([stream], motion_of) for stream in ('joint', 'bone')}
    run_command(lambda: derive_all(__doc__, streams))
