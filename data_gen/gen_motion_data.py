"""Motion: `{train,val}_data_{joint,bone}_motion.npy` from the joints and the bones of all data sets that are there."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # started as a script: find the root's packages

from data_gen.writing.derived import derive, parse_folders
from feeders.streams import motion
from runtime.errors import run_command


def main():
    folders, parts = parse_folders(__doc__)
    for folder in folders:
        for part in parts:
            for stream in ('joint', 'bone'):
                derive(folder, part, [stream], f'{stream}_motion', motion)


if __name__ == '__main__':
    run_command(main)
