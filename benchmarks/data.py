"""How fast data are prepared and fed: files, megabytes and items each second.

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
from typing import NamedTuple

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

# Runs a command; prints its seconds, its seconds of the processor, and the peak memory of its largest process in MB. It
# is a process of its own because Linux counts the memory of the process that starts a command as the command's.
LAUNCHER = '''
import resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
if done.returncode not in (0, 1):  # 1: broken recordings were left out
    sys.exit(done.stdout)
print(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e3)
'''


def main():
    arg = parse_arguments()
    random.seed(0)
    np.random.seed(0)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        measure_raw_data(arg, scratch / 'data')
        measure_derived_data(scratch / 'data')
        measure_feeder(arg, scratch)


def measure_raw_data(arg, out):
    """Print rate and memory of both scripts for raw data, for each number of workers, and how often the plain rate."""
    ntu_files = sorted(arg.ntu_tree.rglob('*.skeleton'))
    scripts = {
        'ntu': (ntu_files, lambda path: plain_ntu.plain_clip(plain_ntu.plain_bodies(path)), [
            '--data_path', *sorted({path.parent for path in ntu_files}),
            '--ignored_sample_path', arg.ntu_tree / 'samples_with_missing_skeletons.txt']),
        'kinetics': (sorted(arg.kinetics_tree.rglob('kinetics_*/*.json')), plain_kinetics.plain_clip,
                     ['--data_path', arg.kinetics_tree])}
    table = Table(('raw files', 'workers', 's', 's of the processor', 'files/s', 'MB/s', 'peak MB', '× plain'))
    for name, (files, plain, flags) in scripts.items():
        if not files:
            raise UserError(f'there are no raw files of {name}: check --{name}_tree')
        megabytes = sum(path.stat().st_size for path in files) / 1e6
        some = files[::max(1, len(files) // PLAIN_FILES)]
        plain_seconds = seconds(list)(map(plain, some)) / len(some) * len(files)
        for workers in sorted({1, 2, cores()}):
            used = run([f'data_gen/{name}_gendata.py', *flags, '--out_folder', out / name, '--overwrite',
                        '--workers', workers])
            table.add(f'{len(files)} of {name}', workers, f'{used.seconds:.2f}', f'{used.cpu_seconds:.2f}',
                      f'{len(files) / used.seconds:.0f}', f'{megabytes / used.seconds:.1f}', f'{used.megabytes:.0f}',
                      f'{plain_seconds / used.seconds:.1f}')


def measure_derived_data(data):
    """Print the rates of bones and motion over all joints that were prepared, in MB written each second."""
    print()
    table = Table(('derived by', 'MB', 'MB/s, with start-up', 'peak MB'))
    for script, streams in (('gen_bone_data', ['bone']), ('gen_motion_data', ['joint_motion', 'bone_motion'])):
        used = run([f'data_gen/{script}.py', '--data_root', data])
        written = sum(path.stat().st_size for stream in streams for path in data.rglob(f'*_data_{stream}.npy')) / 1e6
        table.add(script, f'{written:.0f}', f'{written / used.seconds:.0f}', f'{used.megabytes:.0f}')


def measure_feeder(arg, scratch):
    """Print how many items a second the feeder gives, as some of the configs ask for them."""
    print()
    table = Table(('feeder of', 'items/s in one process'))
    for name in CONFIGS:
        config = get_parser().parse_with_config(['--config', str(ROOT / f'config/{name}.yaml')])
        points = config.model_args['num_point']
        data_path, label_path = scratch / f'feeder_{points}.npy', scratch / 'feeder.pkl'
        np.save(data_path, np.random.default_rng(0).normal(size=(64, 3, 300, points, 2)).astype(np.float32))
        label_path.write_bytes(pickle.dumps(([str(i) for i in range(64)], [0] * 64)))
        feeder = Feeder(**{**config.train_feeder_args, 'data_path': str(data_path), 'label_path': str(label_path)})
        numbers = [i % 64 for i in range(arg.items)]
        best = min(seconds(list)(map(feeder.__getitem__, numbers)) for _ in range(3))
        table.add(name, f'{len(numbers) / best:.0f}')


class Used(NamedTuple):
    """The resources of a command: wall time, processor time, and the peak memory of its largest process."""

    seconds: float
    cpu_seconds: float
    megabytes: float


def run(arguments):
    """Run Python with the arguments in the project's root and return what it Used: the fastest of three runs."""
    def once():
        done = subprocess.run([sys.executable, '-c', LAUNCHER, sys.executable, *map(str, arguments)], cwd=ROOT,
                              stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit(done.returncode)
        return Used(*map(float, done.stdout.split()))

    return min(once() for _ in range(3))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--ntu_tree', type=pathlib.Path, required=True, metavar='FOLDER')
    parser.add_argument('--kinetics_tree', type=pathlib.Path, required=True, metavar='FOLDER')
    parser.add_argument('--items', type=int, default=2000, help='items of each round of the feeder')
    return parser.parse_args()


if __name__ == '__main__':
    run_command(main)
