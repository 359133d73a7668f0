"""How fast data are prepared and fed: files and items each second.

    python -m benchmarks.data --ntu_tree FOLDER --kinetics_tree FOLDER

The folders hold raw files: `.skeleton` files of NTU RGB+D, and Kinetics-Skeleton as it is published. "Plain" is a plain
transcription of the published code: one process, Python loops over persons, frames and joints.
"""
import argparse
import pathlib
import pickle
import random
import subprocess
import sys
import tempfile

import numpy as np

from benchmarks.timing import Table, seconds
from feeders.feeder import Feeder
from runtime.arguments import cores, get_parser
from runtime.errors import UserError, run_command
from tests.data_gen import plain_kinetics, plain_ntu

ROOT = pathlib.Path(__file__).resolve().parents[1]
PLAIN_FILES = 60  # that are prepared the plain way
CONFIGS = ('nturgbd-cross-subject/train_joint', 'nturgbd-cross-subject/train_bone_motion',
           'kinetics-skeleton/train_joint', 'kinetics-skeleton/train_bone_motion')

# Runs a command; prints its seconds and the peak memory of its largest process in MB. It is a process of its own
# because Linux counts the memory of the process that starts a command as the command's.
LAUNCHER = '''
import resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
if done.returncode not in (0, 1):  # 1: broken recordings were left out
    sys.exit(done.stdout)
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3)
'''


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--ntu_tree', type=pathlib.Path, required=True, metavar='FOLDER')
    parser.add_argument('--kinetics_tree', type=pathlib.Path, required=True, metavar='FOLDER')
    parser.add_argument('--items', type=int, default=2000, help='items that the feeder gives')
    arg = parser.parse_args()
    random.seed(0)
    np.random.seed(0)
    with tempfile.TemporaryDirectory() as scratch:
        measure_preparation(arg, pathlib.Path(scratch))
        measure_feeder(arg.items, pathlib.Path(scratch))


def measure_preparation(arg, scratch):
    """Print how fast the scripts for raw data are, with each number of workers, and how much memory they take."""
    ntu_files = sorted(arg.ntu_tree.rglob('*.skeleton'))
    kinetics_files = sorted(arg.kinetics_tree.rglob('kinetics_*/*.json'))
    ntu_flags = ['--data_path', *sorted({path.parent for path in ntu_files}),
                 '--ignored_sample_path', arg.ntu_tree / 'samples_with_missing_skeletons.txt']
    table = Table(('raw files', 'workers', 's', 'files/s', 'peak MB', '× plain'))
    for name, files, plain_clip, flags in (
            ('ntu', ntu_files, lambda path: plain_ntu.plain_clip(plain_ntu.plain_bodies(path)), ntu_flags),
            ('kinetics', kinetics_files, plain_kinetics.plain_clip, ['--data_path', arg.kinetics_tree])):
        if not files:
            raise UserError(f'there are no raw files of {name}: check --{name}_tree')
        some = files[::max(1, len(files) // PLAIN_FILES)]
        plain = seconds(list, map(plain_clip, some)) / len(some) * len(files)
        for workers in sorted({1, 2, cores()}):
            taken, megabytes = min(run(f'data_gen/{name}_gendata.py', *flags, '--out_folder', scratch / name,
                                       '--overwrite', '--workers', workers) for _ in range(3))
            table.add(f'{len(files)} of {name}', workers, f'{taken:.2f}', f'{len(files) / taken:.0f}',
                      f'{megabytes:.0f}', f'{plain / taken:.1f}')


def run(*arguments):
    """Run Python with the arguments in the project's root; return its seconds and its peak memory in MB."""
    done = subprocess.run([sys.executable, '-c', LAUNCHER, sys.executable, *map(str, arguments)], cwd=ROOT,
                          stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    return tuple(map(float, done.stdout.split()))


def measure_feeder(items, scratch):
    """Print how many items a second the feeder gives, as some of the configs ask for them."""
    print()
    table = Table(('feeder of', 'items/s in one process'))
    data_path, label_path = scratch / 'joint.npy', scratch / 'label.pkl'
    label_path.write_bytes(pickle.dumps(([str(i) for i in range(64)], [0] * 64)))
    for name in CONFIGS:
        config = get_parser().parse_with_config(['--config', str(ROOT / f'config/{name}.yaml')])
        shape = 64, 3, 300, config.model_args['num_point'], 2
        np.save(data_path, np.random.default_rng(0).normal(size=shape).astype(np.float32))
        feeder = Feeder(**{**config.train_feeder_args, 'data_path': str(data_path), 'label_path': str(label_path)})
        best = min(seconds(lambda feeder=feeder: [feeder[i % 64] for i in range(items)]) for _ in range(3))
        table.add(name, f'{items / best:.0f}')


if __name__ == '__main__':
    run_command(main)
