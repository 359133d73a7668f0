"""How fast data are prepared and fed: `python -m benchmarks.data`.

Raw files are synthetic, with the lengths and numbers of persons of real ones, unless folders are given. "Plain" is a
plain transcription of the published code: one process, Python loops over persons, frames and joints.
"""
import argparse
import json
import pathlib
import pickle
import random
import subprocess
import sys
import tempfile
from typing import NamedTuple

import numpy as np

from benchmarks.timing import seconds
from feeders.feeder import Feeder
from main import get_parser
from runtime.cores import cores
from tests.data_gen import raw_kinetics, raw_ntu
from tests.data_gen.plain_kinetics import plain_clip as plain_kinetics_clip
from tests.data_gen.plain_ntu import plain_bodies
from tests.data_gen.plain_ntu import plain_clip as plain_ntu_clip
from tests.feeders.test_tools import moved_frame_by_frame

ROOT = pathlib.Path(__file__).resolve().parents[1]
MOST_CLASSES = 60
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
        measure_raw_data(arg, scratch)
        measure_derived_data(scratch)
        measure_feeder(arg, scratch)


def measure_raw_data(arg, scratch):
    """Print rate and memory of both scripts for raw data, for each number of workers, and the rate of the plain way."""
    ntu = arg.ntu_tree or make_ntu(scratch / 'raw_ntu', arg.ntu_files)
    kinetics = arg.kinetics_tree or make_kinetics(scratch / 'raw_kinetics', arg.kinetics_files)
    ntu_files = sorted(ntu.rglob('*.skeleton'))
    scripts = (
        ('ntu', ntu_files, lambda path: plain_ntu_clip(plain_bodies(path)), [
            '--data_path', *sorted({path.parent for path in ntu_files}),
            '--ignored_sample_path', ntu / 'samples_with_missing_skeletons.txt']),
        ('kinetics', sorted(kinetics.rglob('kinetics_*/*.json')), plain_kinetics_clip, ['--data_path', kinetics]))
    print(f"numpy alone: {run(['-c', 'import numpy']).megabytes:.0f} MB")
    for name, files, plain, flags in scripts:
        if not files:
            raise SystemExit(f'error: no raw files of {name}')
        megabytes = sum(path.stat().st_size for path in files) / 1e6
        some = files[::max(1, len(files) // arg.plain_files)]
        plain_seconds = seconds(list)(map(plain, some)) / len(some) * len(files)
        print(f'\n{name}: {len(files)} raw files, {megabytes:.0f} MB; plain: {len(files) / plain_seconds:.1f} files/s '
              f'(measured on {len(some)})')
        for workers in sorted({1, 2, cores()}):
            used = run([f'data_gen/{name}_gendata.py', *flags, '--out_folder', scratch / 'data' / name, '--overwrite',
                        '--workers', workers])
            print(f'  {workers} workers: {used.seconds:6.2f} s ({used.cpu_seconds:.2f} s of the processor), '
                  f'{len(files) / used.seconds:.0f} files/s, {megabytes / used.seconds:.1f} MB/s, '
                  f'peak {used.megabytes:.0f} MB, {plain_seconds / used.seconds:.1f} x plain')


def measure_derived_data(scratch):
    """Print the rates of bones and motion over all joints that were prepared, in MB written each second."""
    print('\nderived from joints, MB written each second (start-up included)')
    data = scratch / 'data'
    for script, streams in (('gen_bone_data', ['bone']), ('gen_motion_data', ['joint_motion', 'bone_motion'])):
        used = run([f'data_gen/{script}.py', '--data_root', data])
        written = sum(path.stat().st_size for stream in streams for path in data.rglob(f'*_data_{stream}.npy')) / 1e6
        print(f'  {script}: {written:.0f} MB in {used.seconds:.2f} s, {written / used.seconds:.0f} MB/s, '
              f'peak {used.megabytes:.0f} MB')


def measure_feeder(arg, scratch):
    """Print how many items a second the feeder gives, as some of the configs ask for them."""
    print('\nfeeder, items each second in one process')
    for name in CONFIGS:
        config = get_parser().parse_with_config(['--config', str(ROOT / f'config/{name}.yaml')])
        points = config.model_args['num_point']
        data_path, label_path = scratch / f'feeder_{points}.npy', scratch / 'feeder.pkl'
        np.save(data_path, np.random.default_rng(0).normal(size=(64, 3, 300, points, 2)).astype(np.float32))
        label_path.write_bytes(pickle.dumps(([str(i) for i in range(64)], [0] * 64)))
        feeder = Feeder(**{**config.train_feeder_args, 'data_path': str(data_path), 'label_path': str(label_path)})
        rate, plain = items_per_second(feeder.__getitem__, arg.items), ''
        if name == 'kinetics-skeleton/train_joint':
            plain_rate = items_per_second(lambda i, data=feeder.data: plain_item(data[i], 150), arg.items // 8)
            plain = f', plain {plain_rate:.0f}: {rate / plain_rate:.1f} x'
        print(f'  {name}: {rate:.0f}{plain}')


def plain_item(clip, window):
    """Return an item of Kinetics training the plain way: a random window, moved frame by frame."""
    begin = random.randint(0, clip.shape[1] - window)
    clip = np.array(clip[:, begin:begin + window])
    return moved_frame_by_frame(clip, [-10, -5, 0, 5, 10], [.9, 1, 1.1], [-.2, -.1, 0, .1, .2], [1])


def items_per_second(item, count):
    """Return how many times a second item(i) can be called, i from 0 to 63, the best of three rounds."""
    numbers = [i % 64 for i in range(max(1, count))]
    return len(numbers) / min(seconds(list)(map(item, numbers)) for _ in range(3))


def make_ntu(folder, count):
    """Write `count` synthetic recordings of NTU: 40 to 140 frames, every fifth of two people; return the folder."""
    folder.mkdir()
    for number, name in enumerate(raw_ntu.names_of(count, setups=range(1, 18), actions=MOST_CLASSES)):
        rng = np.random.default_rng(number)
        bodies = raw_ntu.random_bodies(rng, int(rng.integers(40, 140)), 1 + (number % 5 == 0))
        text = raw_ntu.skeleton_text(bodies)
        (folder / f'{name}.skeleton').write_text(text, encoding='ascii')
    return folder


def make_kinetics(folder, count):
    """Write `count` synthetic clips of Kinetics-Skeleton: 150 or 299 frames, up to five people; return the folder."""
    for part, numbers in (('train', range(count * 4 // 5)), ('val', range(count * 4 // 5, count))):
        (folder / f'kinetics_{part}').mkdir(parents=True)
        labels = {}
        for number in numbers:
            rng = np.random.default_rng(number)
            content = raw_kinetics.random_content(rng, int(rng.choice([299, 299, 150])), 1 + number % 5, number % 400)
            labels[f'clip{number}'] = {'has_skeleton': True, 'label': '', 'label_index': number % 400}
            (folder / f'kinetics_{part}/clip{number}.json').write_text(json.dumps(content), encoding='ascii')
        (folder / f'kinetics_{part}_label.json').write_text(json.dumps(labels), encoding='ascii')
    return folder


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
    parser.add_argument('--ntu_files', type=int, default=500, help='number of synthetic files')
    parser.add_argument('--kinetics_files', type=int, default=200, help='number of synthetic files')
    parser.add_argument('--plain_files', type=int, default=15, help='files of each kind to prepare the plain way')
    parser.add_argument('--items', type=int, default=2000, help='items of each round of the feeder')
    parser.add_argument('--ntu_tree', type=pathlib.Path, help='folder of .skeleton files, instead of synthetic ones')
    parser.add_argument('--kinetics_tree', type=pathlib.Path, help='raw Kinetics-Skeleton, instead of a synthetic one')
    return parser.parse_args()


if __name__ == '__main__':
    main()
