"""How fast data are prepared and fed: `python -m benchmarks.data`.

Trees of raw files are made up, in the length and number of persons that real ones have, unless existing ones are
named. "Plain" is the published way, transcribed plainly: one process, Python loops over persons, frames and joints.
"""
import argparse
import json
import os
import pathlib
import pickle
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from typing import NamedTuple

import numpy as np

from feeders.feeder import Feeder
from graph import ntu_rgb_d
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


def main():
    arg = parse_arguments()
    random.seed(0)
    np.random.seed(0)
    with tempfile.TemporaryDirectory(dir=arg.scratch) as scratch:
        scratch = pathlib.Path(scratch)
        measure_raw_data(arg, scratch)
        measure_derived_data(scratch)
        measure_feeder(arg, scratch)


def measure_raw_data(arg, scratch):
    """Print rate and memory of both scripts for raw data, for each number of workers, and the rate of the plain way."""
    ntu = arg.ntu_tree or make_ntu(scratch / 'raw_ntu', arg.ntu_files)
    kinetics = arg.kinetics_tree or make_kinetics(scratch / 'raw_kinetics', arg.kinetics_files)
    scripts = (
        ('ntu', sorted(ntu.rglob('*.skeleton')), lambda path: plain_ntu_clip(plain_bodies(path)), [
            'data_gen/ntu_gendata.py', '--data_path', *sorted({path.parent for path in ntu.rglob('*.skeleton')}),
            '--ignored_sample_path', ntu / 'samples_with_missing_skeletons.txt']),
        ('kinetics', sorted(kinetics.rglob('kinetics_*/*.json')), plain_kinetics_clip, [
            'data_gen/kinetics_gendata.py', '--data_path', kinetics]))
    print(f"numpy alone: {peak_megabytes([sys.executable, '-c', 'import time, numpy; time.sleep(0.2)']):.0f} MB")
    for name, files, plain, command in scripts:
        if not files:
            raise SystemExit(f'error: no raw files of {name} there')
        megabytes = sum(path.stat().st_size for path in files) / 1e6
        some = files[::max(1, len(files) // arg.plain_files)]
        start = time.perf_counter()
        for path in some:
            plain(path)
        plain_seconds = (time.perf_counter() - start) / len(some) * len(files)
        print(f'\n{name}: {len(files)} raw files, {megabytes:.0f} MB; plain: {len(files) / plain_seconds:.1f} files/s '
              f'(measured on {len(some)})')
        for workers in sorted({1, 2, cores()}):
            settings = ['--out_folder', scratch / 'data' / name, '--overwrite', '--workers', workers]
            used, peak = (measure([sys.executable, *command, *settings]) for measure in (run, peak_megabytes))
            print(f'  {workers} workers: {used.seconds:6.2f} s ({used.cpu_seconds:.2f} s of the processor), '
                  f'{len(files) / used.seconds:.0f} files/s, {megabytes / used.seconds:.1f} MB/s, '
                  f'peak {peak:.0f} MB, {plain_seconds / used.seconds:.1f} x plain')


def measure_derived_data(scratch):
    """Print the rates of bones and motion over all joints that are there, in MB written each second."""
    print('\nderived from joints, MB written each second (start-up included)')
    data = scratch / 'data'
    for script, streams in (('gen_bone_data', ['bone']), ('gen_motion_data', ['joint_motion', 'bone_motion'])):
        again = [sys.executable, f'data_gen/{script}.py', '--data_root', data]
        used, peak = (measure(again) for measure in (run, peak_megabytes))
        written = sum(path.stat().st_size for stream in streams for path in data.rglob(f'*_data_{stream}.npy')) / 1e6
        print(f'  {script}: {written:.0f} MB in {used.seconds:.2f} s, {written / used.seconds:.0f} MB/s, '
              f'peak {peak:.0f} MB')
    path = next(data.rglob('ntu/*/train_data_joint.npy'))
    start = time.perf_counter()
    joints = np.load(path)
    bones = np.lib.format.open_memmap(scratch / 'plain.npy', 'w+', np.float32, joints.shape)
    bones[:, :3] = joints
    for joint, partner in enumerate(ntu_rgb_d.BONE_PARTNERS):
        bones[:, :, :, joint] = joints[:, :, :, joint] - joints[:, :, :, partner]
    bones.flush()
    print(f'  plain bones: {joints.nbytes / 1e6 / (time.perf_counter() - start):.0f} MB/s')


def measure_feeder(arg, scratch):
    """Print how many items a second the feeder gives, as some of the configs ask for them."""
    print('\nfeeder, items each second in one process')
    for name in CONFIGS:
        config = get_parser().parse_with_config(['--config', str(ROOT / f'config/{name}.yaml')])
        settings = config.train_feeder_args
        points = config.model_args['num_point']
        data_path, label_path = scratch / f'feeder_{points}.npy', scratch / 'feeder.pkl'
        np.save(data_path, np.random.default_rng(0).normal(size=(64, 3, 300, points, 2)).astype(np.float32))
        label_path.write_bytes(pickle.dumps(([str(i) for i in range(64)], [0] * 64)))
        feeder = Feeder(**{**settings, 'data_path': str(data_path), 'label_path': str(label_path)})
        rates = [items_per_second(lambda i, feeder=feeder: feeder[i % 64], arg.items)]
        if name == 'kinetics-skeleton/train_joint':
            rates.append(items_per_second(lambda i, data=feeder.data: plain_item(data[i % 64], 150), arg.items // 8))
        plain = f', plain {rates[1]:.0f}: {rates[0] / rates[1]:.1f} x' if len(rates) > 1 else ''
        print(f'  {name}: {rates[0]:.0f}{plain}')


def plain_item(clip, window):
    """Return an item of Kinetics training the plain way: a random window, moved frame by frame."""
    begin = random.randint(0, clip.shape[1] - window)
    clip = np.array(clip[:, begin:begin + window])
    return moved_frame_by_frame(clip, [-10, -5, 0, 5, 10], [.9, 1, 1.1], [-.2, -.1, 0, .1, .2], [1])


def items_per_second(item, count):
    """Return how many times a second item(i) can be called, the best of three rounds."""
    best = 0
    for _ in range(3):
        start = time.perf_counter()
        for i in range(max(1, count)):
            item(i)
        best = max(best, max(1, count) / (time.perf_counter() - start))
    return best


def make_ntu(folder, count):
    """Make up `count` recordings of NTU: 40 to 140 frames, every fifth of two people; return the folder."""
    folder.mkdir()
    for number, name in enumerate(raw_ntu.names_of(count, setups=range(1, 18), actions=MOST_CLASSES)):
        rng = np.random.default_rng(number)
        bodies = raw_ntu.random_bodies(rng, int(rng.integers(40, 140)), 1 + (number % 5 == 0))
        text = raw_ntu.skeleton_text(bodies)
        (folder / f'{name}.skeleton').write_text(text, encoding='ascii')
    return folder


def make_kinetics(folder, count):
    """Make up `count` clips of Kinetics-Skeleton, of 150 or 299 frames and up to five people; return the folder."""
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
    """What a command took: time, and time of the processor."""

    seconds: float
    cpu_seconds: float


def run(command):
    """Run a command from the project's root and return what it Used: the best of three runs."""
    def once():
        start, cpu_start = time.perf_counter(), cpu_of_children()
        read_output(start_command(command))
        return Used(time.perf_counter() - start, cpu_of_children() - cpu_start)

    return min(once() for _ in range(3))


def peak_megabytes(command):
    """Run a command as `run` does and return the peak of the memory of all its processes.

    That is the sum of what each process has in RAM, looked up every 5 ms: pages that processes share count for each
    of them, so it is never less than what they take together. Looking takes time, which is why `run` does not.
    """
    process = start_command(command)
    peak = 0

    def watch():
        nonlocal peak
        while process.poll() is None:
            peak = max(peak, sum(map(resident, family(process.pid))))
            time.sleep(0.005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    read_output(process)
    watcher.join()
    return peak / 1e6


def start_command(command):
    return subprocess.Popen(list(map(str, command)), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def read_output(process):
    output = process.stdout.read()
    if process.wait() not in (0, 1):
        raise SystemExit(output.decode())


def cpu_of_children():
    """Return the seconds of the processor that all processes took which were started from here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def family(pid):
    """Return the ids of a process and of all that it has started."""
    try:
        children = pathlib.Path(f'/proc/{pid}/task/{pid}/children').read_text(encoding='ascii').split()
    except OSError:
        children = []
    return [pid, *(other for child in children for other in family(int(child)))]


def resident(pid):
    """Return the bytes that a process has in RAM, 0 if it has ended."""
    try:
        pages = int(pathlib.Path(f'/proc/{pid}/statm').read_text(encoding='ascii').split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf('SC_PAGE_SIZE')


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--ntu_files', type=int, default=500, help='files to make up')
    parser.add_argument('--kinetics_files', type=int, default=200, help='files to make up')
    parser.add_argument('--plain_files', type=int, default=15, help='files of each kind to prepare the plain way')
    parser.add_argument('--items', type=int, default=2000, help='items of each round of the feeder')
    parser.add_argument('--ntu_tree', type=pathlib.Path, help='folder of .skeleton files, instead of made-up ones')
    parser.add_argument('--kinetics_tree', type=pathlib.Path, help='raw Kinetics-Skeleton, instead of a made-up one')
    parser.add_argument('--scratch', type=pathlib.Path, help='where a temporary folder is made')
    return parser.parse_args()


if __name__ == '__main__':
    main()
