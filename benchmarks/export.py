"""How fast an exported network is: onnxruntime beside PyTorch, eager and compiled, in milliseconds per clip.

    python -m benchmarks.export
    python -m benchmarks.export --frames 64 --batch-sizes 1 --threads 1 --rounds 3   # a quick look

The three take turns on the same clips of NTU, of which one in six has two persons; times are medians. They are followed
by the time that predict.py takes for one clip, from start to end.
"""
import concurrent.futures
import multiprocessing
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import torch
import yaml

from benchmarks.model import DATA_SETS, NETWORKS, Case, machine
from benchmarks.timing import in_turns, print_head, print_row, seconds
from runtime.arguments import Parser, count
from runtime.errors import run_command
from runtime.precision import prepare

ROOT = pathlib.Path(__file__).resolve().parents[1]


def main():
    arg = get_parser().parse_args()
    print(f'{machine("cpu", torch.get_num_threads())}; {arg.model}')
    print_head(('frames', 'threads', 'batch', 'onnxruntime, ms per clip', 'PyTorch', 'PyTorch, compiled'))
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        config, weights = write_network(folder, arg.model)
        source = '--config', config, '--weights', weights
        for frames in arg.frames:
            run_script('export.py', *source, '--frames', frames, '--out', folder / f'{frames}.onnx')
            for threads in arg.threads:
                cases = [Case(arg.model, 'ntu', 'test', 'cpu', size, frames, threads) for size in arg.batch_sizes]
                # In a process of its own: compiled code keeps the number of threads that it was compiled for.
                with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as process:
                    for case in cases:
                        times = process.submit(measure, case, folder / f'{frames}.onnx', arg.rounds).result()
                        print_row((frames, threads, case.batch_size, *(f'{1e3 * time:.0f}' for time in times)))
        print()
        print_head(('predict.py of one clip', 's'))
        np.save(folder / 'clip.npy', cases[0].batch(0)[0][0].numpy())
        ways = {'--onnx': ('--onnx', folder / f'{frames}.onnx'), '--config': source}
        times = in_turns({way: seconds(lambda _, flags=flags: run_script('predict.py', *flags, folder / 'clip.npy'))
                          for way, flags in ways.items()}, arg.rounds)
        for way, of_way in times.items():
            print_row((way, f'{statistics.median(of_way):.2f}'))


def get_parser():
    parser = Parser(__doc__.partition('\n')[0])
    add = parser.add_argument
    add('--model', choices=NETWORKS, default='agcn')
    add('--frames', nargs='+', type=count, default=[300, 64])
    add('--threads', nargs='+', type=count, default=[1, 2])
    add('--batch-sizes', nargs='+', type=count, default=[1, 16])
    add('--rounds', type=count, default=10, help='batches measured')
    return parser


def write_network(folder, model, feeder_args=None):
    """Write a config for clips of NTU and initial weights; return the paths of both."""
    network = Case(model, 'ntu', 'test', 'cpu', 1, 1, 1).model()
    torch.save(network.state_dict(), folder / 'weights.pt')
    graph, joints, classes, _ = DATA_SETS['ntu']
    content = {'model': f'model.{model}.Model', 'device': 'cpu', 'test_feeder_args': feeder_args or {},
               'model_args': {'num_class': classes, 'num_point': joints, 'graph': graph}}
    (folder / 'config.yaml').write_text(yaml.safe_dump(content))
    return folder / 'config.yaml', folder / 'weights.pt'


def run_script(script, *arguments):
    subprocess.run([sys.executable, ROOT / script, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def measure(case, path, rounds):
    """Return the median seconds per clip: onnxruntime with the file at `path`, PyTorch, and PyTorch compiled."""
    import onnxruntime
    torch.set_num_threads(case.threads)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = case.threads
    session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    eager, compiled = case.model(), case.model()
    for note in prepare(compiled, compiled=True).notes:
        print(note, flush=True)
    batches = [case.batch(number)[0] for number in range(2 + rounds)]
    with torch.inference_mode():
        times = in_turns({'onnxruntime': seconds(lambda n: session.run(None, {'joints': batches[n].numpy()})),
                          'eager': seconds(lambda n: eager(batches[n])),
                          'compiled': seconds(lambda n: compiled(batches[n]))}, rounds, warm_up=2)
    return [statistics.median(of_side) / case.batch_size for of_side in times.values()]


if __name__ == '__main__':
    run_command(main)
