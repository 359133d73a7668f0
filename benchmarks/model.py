"""How many times faster the networks are than the plain transcription in tests/plain_agcn.py: a table of ratios.

    python -m benchmarks.model                                  # all cases, at full size
    python -m benchmarks.model --models agcn --work test --precisions bf16 --compile no
    python -m benchmarks.model --frames 60 --rounds 3           # a quick look

Every side of every case runs in a process of its own, so that its peak memory is its own. The sides of a case take
turns, batch by batch, on the same batches; five of six samples show one person, and how many do differs from batch to
batch, so that times are means over them all. The plain model in float32, eager, is what all ratios refer to. User time
is that of all threads: on a machine that others use too it says more than the clock. Our sides keep freed memory, as
main.py does; with --keep-memory no yes others that do not are measured too. All sides hold their memory at the same
time: 24 GB are too few for training in both precisions and all these ways at once.
"""
import argparse
import itertools
import multiprocessing
import resource
import statistics
import time

import numpy as np
import torch

from graph.ntu_rgb_d import Graph
from model import aagcn, agcn
from runtime.memory import keep_freed_memory
from runtime.precision import prepare
from tests.plain_agcn import plain_twin

NETWORKS = {'agcn': agcn.Model, 'aagcn': aagcn.Model}
BATCH_SIZE = {'test': 24, 'train': 8}
GFLOP_PER_SAMPLE = 38.8  # a forward pass at 300 frames, two bodies; contract, section 3
FORWARDS_PER_SAMPLE = {'test': 1, 'train': 3}  # a backward pass is two forward passes' arithmetic


def main():
    options = parse_options()
    context = multiprocessing.get_context('spawn')
    rate = matrix_product_rate(options.threads)
    print(f'{options.threads} threads, torch {torch.__version__}; matrix product in float32: {rate:.0f} GFLOP/s. '
          'GFLOP/s counts the arithmetic of the plain model.')
    print('| network | work | how | ms a sample | times faster | by user time | GFLOP/s | of matrix rate | peak GB |')
    print('| --- | --- | --- | --- | --- | --- | --- | --- | --- |')
    for kind in options.models:
        for work in options.work:
            for row in measure(kind, work, options, rate, context):
                print('| ' + ' | '.join(row) + ' |', flush=True)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--models', nargs='+', choices=NETWORKS, default=list(NETWORKS))
    parser.add_argument('--work', nargs='+', choices=BATCH_SIZE, default=list(BATCH_SIZE))
    parser.add_argument('--precisions', nargs='+', choices=['fp32', 'bf16'], default=['fp32', 'bf16'])
    parser.add_argument('--compile', nargs='+', choices=['no', 'yes'], default=['no', 'yes'])
    parser.add_argument('--keep-memory', nargs='+', choices=['no', 'yes'], default=['yes'],
                        help='keep freed memory, as main.py does (default: yes)')
    parser.add_argument('--frames', type=int, default=300)
    parser.add_argument('--batch-size', type=int, help='default: 24 for testing, 8 for training')
    parser.add_argument('--rounds', type=int, default=8, help='batches measured; a compiled side warms up on as many')
    parser.add_argument('--threads', type=int, default=torch.get_num_threads())
    return parser.parse_args()


def measure(kind, work, options, rate, context):
    """Yield the rows of the table for one network and one kind of work."""
    batch_size = options.batch_size or BATCH_SIZE[work]
    sides = {'plain fp32': ('plain', 'fp32', False, False)}
    if 'bf16' in options.precisions:
        sides['plain bf16'] = ('plain', 'bf16', False, False)
    for precision, compiled, kept in itertools.product(options.precisions, options.compile, options.keep_memory):
        how = precision + ' compiled' * (compiled == 'yes') + ', freed memory given back' * (kept == 'no')
        sides[how] = ('ours', precision, compiled == 'yes', kept == 'yes')
    workers = {}
    for how, side in sides.items():
        pipe, end = context.Pipe()
        process = context.Process(target=serve, args=(end, kind, work, side, batch_size, options), daemon=True)
        process.start()
        workers[how] = process, pipe
    walls, users = ({how: [] for how in sides} for _ in range(2))
    for number in range(2 * options.rounds):
        for how, (_, pipe) in workers.items():
            pipe.send(number)
            wall, user = pipe.recv()
            if number >= options.rounds:
                walls[how].append(wall / batch_size)
                users[how].append(user / batch_size)
    for how, (process, pipe) in workers.items():
        pipe.send(None)
        peak = pipe.recv()
        process.join()
        wall, user = statistics.mean(walls[how]), statistics.mean(users[how])
        achieved = GFLOP_PER_SAMPLE * options.frames / 300 * FORWARDS_PER_SAMPLE[work] / wall
        yield (kind, work, how, f'{wall * 1e3:.0f}', f"{statistics.mean(walls['plain fp32']) / wall:.2f}",
               f"{statistics.mean(users['plain fp32']) / user:.2f}", f'{achieved:.0f}', f'{achieved / rate:.0%}',
               f'{peak:.2f}')


def serve(pipe, kind, work, side, batch_size, options):
    """Run one side in this process: a batch for each number received; its peak memory, beyond its start's, at last."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    who, precision, compiled, kept = side
    network = NETWORKS[kind](graph='graph.ntu_rgb_d.Graph')
    if who == 'plain':
        network = plain_twin(network, Graph().A)
    if kept:
        keep_freed_memory()
    network.train(work == 'train')
    execution = prepare(network, precision, compiled)
    for note in execution.notes:
        print(note, flush=True)
    if execution.compiled and work == 'train' and who == 'ours':
        network.compile_for_training()  # which main.py does on GPUs only
    start = peak_memory()
    while (number := pipe.recv()) is not None:
        x, y = make_batch(number, batch_size, options.frames)
        wall, user = time.perf_counter(), time.process_time()
        if work == 'test':
            with torch.no_grad(), execution.autocast():
                network(x)
        else:
            with execution.autocast():
                loss = torch.nn.functional.cross_entropy(network(x).float(), y)
            network.zero_grad()
            loss.backward()
        pipe.send((time.perf_counter() - wall, time.process_time() - user))
    pipe.send(peak_memory() - start)


def make_batch(number, batch_size, frames):
    """Return batch `number`: x (N, 3, T, 25, 2), one sample in six with two persons, and labels (N,)."""
    rng = np.random.default_rng(number)
    x = rng.standard_normal((batch_size, 3, frames, 25, 2), dtype=np.float32)
    x[rng.random(batch_size) > 1 / 6, ..., 1] = 0
    return torch.from_numpy(x), torch.from_numpy(rng.integers(60, size=batch_size))


def peak_memory():
    """Return the most memory this process has held so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def matrix_product_rate(threads, size=2048, repeats=10):
    """Return the GFLOP/s of this machine's float32 matrix product, the best of some."""
    torch.set_num_threads(threads)
    a = torch.randn(size, size)
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        a @ a
        times.append(time.perf_counter() - start)
    return 2 * size ** 3 / min(times) / 1e9


if __name__ == '__main__':
    main()
