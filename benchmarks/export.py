"""How fast an exported network is: onnxruntime beside PyTorch, eager and compiled, in milliseconds a clip.

    python -m benchmarks.export
    python -m benchmarks.export --frames 64 --batch-sizes 1 --threads 1 --rounds 3  # a quick look

The three take turns, batch by batch, on the same clips of NTU's skeleton, of which one in six shows two persons; times
are medians. They are followed by the time from the start of predict.py to its end, with one clip.
"""
import argparse
import concurrent.futures
import multiprocessing
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnxruntime
import torch
import yaml

from benchmarks.model import NETWORKS, make_batch
from runtime.precision import prepare

ROOT = pathlib.Path(__file__).resolve().parents[1]
GRAPH = {'graph': 'graph.ntu_rgb_d.Graph'}
WARM_UP = 2  # batches; the first compiles


def main():
    options = parse_options()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_network(folder, options.model)
        print(f'{options.model}, torch {torch.__version__}, onnxruntime {onnxruntime.__version__}; ms a clip')
        print('| frames | threads | batch | onnxruntime | PyTorch | PyTorch, compiled |')
        print('| --- | --- | --- | --- | --- | --- |')
        for frames in options.frames:
            run('export.py', *of_network(folder), '--frames', frames, '--out', folder / f'{frames}.onnx')
            for threads in options.threads:
                # In a process of its own: compiled code keeps the number of threads that it was compiled for.
                with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as process:
                    for batch_size in options.batch_sizes:
                        times = process.submit(measure, folder, frames, threads, batch_size, options).result()
                        row = frames, threads, batch_size, *(f'{1e3 * seconds:.0f}' for seconds in times)
                        print('| ' + ' | '.join(map(str, row)) + ' |', flush=True)
        frames = options.frames[0]
        np.save(folder / 'clip.npy', make_batch(0, 1, frames)[0].numpy()[0])
        print('\n| predict.py, one clip, from start to end | s |\n| --- | --- |')
        for how, flags in (('--onnx', ['--onnx', folder / f'{frames}.onnx']), ('--config', of_network(folder))):
            seconds = [run('predict.py', *flags, folder / 'clip.npy') for _ in range(options.rounds)]
            print(f'| {how} | {statistics.median(seconds):.2f} |', flush=True)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--model', choices=NETWORKS, default='agcn')
    parser.add_argument('--frames', nargs='+', type=int, default=[300, 64])
    parser.add_argument('--threads', nargs='+', type=int, default=[1, 2])
    parser.add_argument('--batch-sizes', nargs='+', type=int, default=[1, 16])
    parser.add_argument('--rounds', type=int, default=10, help='batches measured')
    return parser.parse_args()


def write_network(folder, model):
    """Write a config and random weights."""
    torch.manual_seed(1)
    torch.save(NETWORKS[model](**GRAPH).state_dict(), folder / 'weights.pt')
    content = {'model': f'model.{model}.Model', 'model_args': {'num_class': 60, **GRAPH}, 'device': 'cpu'}
    (folder / 'config.yaml').write_text(yaml.safe_dump(content))


def of_network(folder):
    return ['--config', folder / 'config.yaml', '--weights', folder / 'weights.pt']


def run(*command):
    """Run a command of the project and return the seconds that it took."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *map(str, command)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def measure(folder, frames, threads, batch_size, options):
    """Return the median seconds a clip of onnxruntime, of PyTorch, and of PyTorch compiled."""
    torch.set_num_threads(threads)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(folder / f'{frames}.onnx', settings, providers=['CPUExecutionProvider'])
    networks = []
    for compiled in (False, True):
        network = NETWORKS[options.model](**GRAPH).eval()
        network.load_state_dict(torch.load(folder / 'weights.pt', weights_only=True))
        for note in prepare(network, compiled=compiled).notes:
            print(note, flush=True)
        networks.append(network)
    sides = [lambda x: session.run(None, {'joints': x.numpy()}), *networks]
    times = [[] for _ in sides]
    with torch.inference_mode():
        for number in range(WARM_UP + options.rounds):
            x, _ = make_batch(number, batch_size, frames)
            for side, of_side in zip(sides, times):
                start = time.perf_counter()
                side(x)
                of_side.append((time.perf_counter() - start) / batch_size)
    return [statistics.median(of_side[WARM_UP:]) for of_side in times]


if __name__ == '__main__':
    main()
