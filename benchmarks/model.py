"""How many times faster the networks are than the plain transcription in tests/plain_agcn.py: a table of ratios.

    python -m benchmarks.model                                  # all cases on the CPU, at full size
    python -m benchmarks.model --device cuda                    # on a GPU, in TF32 too
    python -m benchmarks.model --models agcn --work test --precisions bf16 --compile no
    python -m benchmarks.model --frames 60 --rounds 3           # a quick look

A case is a network that tests or trains on random clips of NTU's shape, of which one in six shows two persons. It is
run in several ways: the plain model and ours, in each precision, compiled and not. All ways get the same batches, ours
with the bodies that differ, as from main.py. TF32 is off except in rows that say tf32. All ratios refer to the plain
model in float32.
"""
import concurrent.futures
import contextlib
import functools
import itertools
import multiprocessing
import resource
import statistics
from typing import NamedTuple

import numpy as np
import torch

from benchmarks.timing import Table, seconds
from model import aagcn, agcn
from model.empty_bodies import distinct_bodies
from runtime.arguments import Parser, count
from runtime.device import choose_execution, keep_freed_memory
from runtime.dotted import build
from runtime.errors import UserError, run_command
from tests.plain_agcn import PlainModel, plain_twin

NETWORKS = {'agcn': agcn.Model, 'aagcn': aagcn.Model}
GRAPH = 'graph.ntu_rgb_d.Graph'
PRECISIONS = {'cpu': ('fp32', 'bf16'), 'cuda': ('fp32', 'tf32', 'bf16')}
BATCH_SIZE = {'cpu': {'test': 24, 'train': 8}, 'cuda': {'test': 64, 'train': 64}}
GFLOP_A_FRAME = 38.8 / 300  # of the plain model's forward pass of one sample, multiply and add counted apart
FORWARDS = {'test': 1, 'train': 3}  # a backward pass has the arithmetic of two forward passes


class Way(NamedTuple):
    """A way to run a network."""

    plain: bool
    precision: str
    compiled: bool = False

    def __str__(self):
        return 'plain ' * self.plain + self.precision + ' compiled' * self.compiled


class Case(NamedTuple):
    """A network that tests or trains (`work`) on batches of clips."""

    network: str
    work: str
    device: str
    batch_size: int
    frames: int

    def batch(self, number):
        """Return batch `number`: x (N, 3, T, 25, 2), labels (N,), and the Bodies of x."""
        rng = np.random.default_rng(number)
        x = rng.standard_normal((self.batch_size, 3, self.frames, 25, 2), dtype=np.float32)
        x[rng.random(self.batch_size) > 1 / 6, ..., 1] = 0
        y = rng.integers(60, size=self.batch_size)
        x, y, device = torch.from_numpy(x), torch.from_numpy(y), torch.device(self.device)
        return x.to(device), y.to(device), distinct_bodies(x).to(device)

    def model(self, plain=False):
        """Return our network, or its plain twin, with initial weights, on the device."""
        torch.manual_seed(1)
        network = NETWORKS[self.network](graph=GRAPH).train(self.work == 'train')
        return (plain_twin(network, build(GRAPH, {}, 'graph').A) if plain else network).to(self.device)


def main():
    arg = get_parser().parse_args()
    require_device(arg.device)
    precisions = arg.precisions or PRECISIONS[arg.device]
    ways = [Way(True, precision) for precision in dict.fromkeys(('fp32', *precisions))]
    ways += [Way(False, precision, compiled == 'yes') for precision in precisions for compiled in arg.compile]
    rate = matrix_product_rate(arg.device)
    print(f'{machine(arg.device)}; matrix product: {rate:.0f} GFLOP/s')
    print('GFLOP/s counts the arithmetic of the plain model.\n')
    table = Table(('network', 'work', 'how', 'ms a sample', 'times faster', 'GFLOP/s', 'of matrix rate', 'peak GB'),
                  arg.json)
    for network, work in itertools.product(arg.models, arg.work):
        case = Case(network, work, arg.device, arg.batch_size or BATCH_SIZE[arg.device][work], arg.frames)
        add_rows(table, case, measure(case, ways, arg.rounds), rate)


def get_parser():
    parser = Parser(__doc__.partition('\n')[0])
    add = parser.add_argument
    add('--device', default='cpu', choices=('cpu', 'cuda'))
    add('--models', nargs='+', choices=NETWORKS, default=list(NETWORKS))
    add('--work', nargs='+', choices=FORWARDS, default=list(FORWARDS))
    add('--precisions', nargs='+', choices=PRECISIONS['cuda'], help='default: all of the device')
    add('--compile', nargs='+', choices=('no', 'yes'), default=('no', 'yes'))
    add('--frames', type=count, default=300)
    add('--batch-size', type=count, help='default: on the CPU 24 for testing and 8 for training, on a GPU 64')
    add('--rounds', type=count, default=8, help='batches measured; every way warms up on as many')
    add('--json', metavar='FILE', help='append the figures to this file, a line of JSON a row')
    return parser


def require_device(name):
    if name == 'cuda' and not torch.cuda.is_available():
        raise UserError('--device cuda: PyTorch finds no CUDA device here')


def machine(device):
    """Return a text that describes the machine."""
    card = f', {torch.cuda.get_device_name()}, CUDA {torch.version.cuda}' if device == 'cuda' else ''
    return f'{torch.get_num_threads()} threads, torch {torch.__version__}{card}'


def matrix_product_rate(device):
    """Return the GFLOP/s of the best of ten matrix products: in bfloat16 on a GPU, else in float32."""
    size, dtype = (8192, torch.bfloat16) if device == 'cuda' else (2048, torch.float32)
    a = torch.randn(size, size, device=device, dtype=dtype)
    return 2 * size ** 3 / min(seconds(torch.mm, a, a) for _ in range(10)) / 1e9


def measure(case, ways, rounds):
    """Return Way → [(seconds, peak GB so far) of each measured batch].

    On a CPU the ways take turns, batch by batch, because other programs may use the machine. Each has a process of its
    own, so that its peak memory is its own; all of them hold their memory at the same time, and 24 GB are too little
    for training in all ways at once. On a GPU the ways run one after the other.
    """
    results = {way: [] for way in ways}
    if case.device == 'cuda':
        for way in ways:
            results[way] = [run_batch(case, way, number) for number in range(2 * rounds)]
    else:
        with contextlib.ExitStack() as stack:
            spawn = multiprocessing.get_context('spawn')
            pools = {way: stack.enter_context(concurrent.futures.ProcessPoolExecutor(1, spawn)) for way in ways}
            for number, way in itertools.product(range(2 * rounds), ways):
                results[way].append(pools[way].submit(run_batch, case, way, number).result())
    return {way: result[rounds:] for way, result in results.items()}


def run_batch(case, way, number):
    """Return (the seconds of batch `number`, the peak memory so far in GB) of a way to run a case."""
    step, memory_before = set_up(case, way)
    return seconds(step, *case.batch(number)), peak_memory(case.device) - memory_before


@functools.lru_cache(1)
def set_up(case, way):
    """Return (the function of a batch that is measured, the memory in GB that this process held before it)."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = way.precision == 'tf32'
    torch.backends.cudnn.benchmark = True  # as main.py does
    if case.device == 'cuda':
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    elif not way.plain:
        keep_freed_memory()  # as main.py does
    memory_before = peak_memory('cpu') if case.device == 'cpu' else 0
    network = case.model(way.plain)
    execution = choose_execution(network, 'bf16' if way.precision == 'bf16' else 'fp32', way.compiled, case.device)
    for note in execution.notes:
        print(note, flush=True)
    if execution.compiled and case.work == 'train':
        network.compile_for_training()  # main.py does it on GPUs only
    return make_step(case, network, execution), memory_before


def make_step(case, network, execution):
    """Return the function of a batch that tests it or takes the gradients of its loss."""
    def scores(x, bodies):
        return network(x) if isinstance(network, PlainModel) else network(x, bodies)

    def test(x, _, bodies):
        with torch.no_grad(), execution.autocast():
            scores(x, bodies)

    def train(x, y, bodies):
        with execution.autocast():
            loss = torch.nn.functional.cross_entropy(scores(x, bodies).float(), y)
        network.zero_grad()
        loss.backward()

    return test if case.work == 'test' else train


def peak_memory(device):
    """Return the most memory in GB that this process has held on the device."""
    if device == 'cuda':
        return torch.cuda.max_memory_allocated() / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def add_rows(table, case, results, rate):
    """Add a row for each Way of the `results` of a case; `rate` is that of the matrix product in GFLOP/s."""
    plain = None
    for way, measured in results.items():
        sample = statistics.mean(taken for taken, _ in measured) / case.batch_size
        plain = plain or sample  # the first way is the plain model in float32
        gflops = GFLOP_A_FRAME * case.frames * FORWARDS[case.work] / sample
        table.add(case.network, case.work, str(way), f'{sample * 1e3:.3g}', f'{plain / sample:.2f}', f'{gflops:.0f}',
                  f'{gflops / rate:.0%}', f'{measured[-1][1]:.2f}')


if __name__ == '__main__':
    run_command(main)
