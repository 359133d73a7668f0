"""How many times faster the networks are than the plain transcription in tests/plain_agcn.py: a table of ratios.

    python -m benchmarks.model                                  # all cases on the CPU, at full size
    python -m benchmarks.model --device cuda                    # on a GPU: NTU and Kinetics, TF32 too
    python -m benchmarks.model --models agcn --work test --precisions bf16 --compile no
    python -m benchmarks.model --frames 60 --rounds 3           # a quick look

On the CPU every side of a case runs in a process of its own, so that its peak memory is its own. The sides take turns,
batch by batch, because other programs may use the machine; all of them hold their memory at the same time, and 24 GB
are too little for training in all ways at once. On a GPU the sides run one after the other, timed by CUDA events.
All sides get the same batches, ours with the bodies that differ, as from main.py. Five of six samples show one person,
and how many do differs from batch to batch, so that times are means over all of them. All ratios refer to the plain
model in float32, eager. TF32 is off except in rows that say tf32. User time is the sum over all threads; on a shared
machine it is more reliable than wall time.
"""
import concurrent.futures
import contextlib
import functools
import itertools
import multiprocessing
import resource
import statistics
import time
from typing import NamedTuple

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.timing import Table, in_turns
from model import aagcn, agcn
from model.empty_bodies import distinct_bodies
from runtime.arguments import Parser, count
from runtime.device import choose_devices, choose_execution, keep_freed_memory
from runtime.dotted import build
from runtime.errors import UserError, print_error, run_command
from tests.plain_agcn import PlainModel, plain_twin

NETWORKS = {'agcn': agcn.Model, 'aagcn': aagcn.Model}
WORK = 'test', 'train'
PRECISIONS = {'cpu': ('fp32', 'bf16'), 'cuda': ('fp32', 'tf32', 'bf16')}
DATA_OF = {'cpu': ['ntu'], 'cuda': ['ntu', 'kinetics']}
MATRIX_RATE_IN = {'cpu': torch.float32, 'cuda': torch.bfloat16}
# Name → graph, joints, classes, frames.
DATA_SETS = {'ntu': ('graph.ntu_rgb_d.Graph', 25, 60, 300), 'kinetics': ('graph.kinetics.Graph', 18, 400, 150)}
BATCH_SIZE = {'cpu': {'test': 24, 'train': 8}, 'cuda': {'ntu': 64, 'kinetics': 128}}
FORWARDS = {'test': 1, 'train': 3}  # a backward pass has the arithmetic of two forward passes


class Side(NamedTuple):
    """One way to run a network: the plain model or ours, in which precision, compiled, keeping freed memory or not."""

    plain: bool
    precision: str
    compiled: bool = False
    keep_memory: bool = False


class Case(NamedTuple):
    """What several sides do, on the same batches."""

    network: str
    data: str
    work: str
    device: str
    batch_size: int
    frames: int
    threads: int

    def batch(self, number):
        """Return batch `number`: x (N, 3, T, V, 2), one sample in six with two persons, labels (N,), and its Bodies."""
        _, joints, classes, _ = DATA_SETS[self.data]
        rng = np.random.default_rng(number)
        x = rng.standard_normal((self.batch_size, 3, self.frames, joints, 2), dtype=np.float32)
        x[rng.random(self.batch_size) > 1 / 6, ..., 1] = 0
        y = rng.integers(classes, size=self.batch_size)
        x, y, device = torch.from_numpy(x), torch.from_numpy(y), torch.device(self.device)
        return x.to(device), y.to(device), distinct_bodies(x).to(device)

    def model(self, plain=False):
        """Return our network, or its plain twin, with initial weights, in the mode of the work, on the CPU."""
        graph, joints, classes, _ = DATA_SETS[self.data]
        torch.manual_seed(1)
        network = NETWORKS[self.network](num_class=classes, num_point=joints, graph=graph)
        network.train(self.work == 'train')
        return plain_twin(network, build(graph, {}, 'graph').A) if plain else network


def main():
    arg = get_parser().parse_args()
    device = find_device(arg.device)
    if 'tf32' in (arg.precisions or ()) and device != 'cuda':
        raise UserError('--precisions tf32: only CUDA devices have it')
    rate = matrix_product_rate(device, arg.threads)
    print(f'{machine(device, arg.threads)}; matrix product in {str(MATRIX_RATE_IN[device])[6:]}: {rate:.0f} GFLOP/s. '
          'GFLOP/s counts the arithmetic of the plain model.')
    table = Table(('network', 'data', 'work', 'how', 'ms a sample', 'times faster', 'by user time', 'GFLOP/s',
                   'of matrix rate', 'peak GB'), arg.json)
    for network, data, work in itertools.product(arg.models, arg.data or DATA_OF[device], arg.work):
        batch_size = arg.batch_size or BATCH_SIZE[device][work if device == 'cpu' else data]
        frames = arg.frames or DATA_SETS[data][-1]
        add_case(table, Case(network, data, work, device, batch_size, frames, arg.threads), arg, rate)


def get_parser():
    parser = Parser(__doc__.partition('\n')[0])
    add = parser.add_argument
    add('--device', default='cpu', choices=('cpu', 'cuda', 'auto'), help='auto is cuda where there is a CUDA device')
    add('--models', nargs='+', choices=NETWORKS, default=list(NETWORKS))
    add('--data', nargs='+', choices=DATA_SETS, help='default: ntu on the CPU, both on a GPU')
    add('--work', nargs='+', choices=WORK, default=WORK)
    add('--precisions', nargs='+', choices=PRECISIONS['cuda'], help='default: all that the device supports')
    add('--compile', nargs='+', choices=('no', 'yes'), default=('no', 'yes'))
    add('--keep-memory', nargs='+', choices=('no', 'yes'), default=('yes',), help='keep freed memory, as main.py does')
    add('--frames', type=count, help="default: the data set's")
    add('--batch-size', type=count, help='default: on the CPU 24 for testing and 8 for training, on a GPU 64 of NTU '
                                         'and 128 of Kinetics')
    add('--rounds', type=count, default=8, help='batches measured; every side warms up on as many')
    add('--threads', type=count, default=torch.get_num_threads())
    add('--json', metavar='FILE', help='append the figures to this file, a line of JSON a row')
    return parser


def find_device(asked):
    """Return 'cpu' or 'cuda' for one of these or 'auto'; UserError if there is no CUDA device."""
    (device, *_), _ = choose_devices([asked])
    if asked == 'cuda' and device.type != 'cuda':
        raise UserError('--device cuda: PyTorch finds no CUDA device here')
    return device.type if device.type in PRECISIONS else 'cpu'


def machine(device, threads):
    """Return a line that describes the machine."""
    card = f', {torch.cuda.get_device_name()}, CUDA {torch.version.cuda}' if device == 'cuda' else ''
    return f'{threads} threads, torch {torch.__version__}{card}'


def add_case(table, case, arg, rate):
    """Add the rows of one case; `rate` is that of the machine's matrix product, in GFLOP/s."""
    gflop = plain_gflop(case) * FORWARDS[case.work]
    plain = None
    run_sides = run_in_processes if case.device == 'cpu' else run_one_by_one
    for how, times, peak in run_sides(case, sides_of(arg, case.device), arg.rounds):
        wall, user = (statistics.mean(column) / case.batch_size for column in zip(*times))
        plain = (wall, user) if how == 'plain fp32' else plain
        faster = f'{plain[0] / wall:.2f}' if plain else ''
        by_user = f'{plain[1] / user:.2f}' if plain and case.device == 'cpu' else ''
        table.add(case.network, case.data, case.work, how, f'{wall * 1e3:.3g}', faster, by_user,
                  f'{gflop / wall:.0f}', f'{gflop / wall / rate:.0%}', f'{peak:.2f}')


def sides_of(arg, device):
    """Return how → Side of all sides, the plain model in float32 first."""
    precisions = arg.precisions or PRECISIONS[device]
    sides = {f'plain {precision}': Side(True, precision) for precision in dict.fromkeys(('fp32', *precisions))}
    for precision, compiled, keep in itertools.product(precisions, arg.compile, arg.keep_memory):
        how = precision + ' compiled' * (compiled == 'yes') + ', freed memory given back' * (keep == 'no')
        sides[how] = Side(False, precision, compiled == 'yes', keep == 'yes')
    return sides


def run_one_by_one(case, sides, rounds):
    """Give (how, [(seconds, user seconds) of each batch], peak GB) of each of `sides`, measured on a GPU in turn."""
    for how, side in sides.items():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        try:
            step, _ = prepare_side(case, side)
            times = [time_of(step, case.batch(number), case.device) for number in range(2 * rounds)]
        except torch.OutOfMemoryError:
            print_error(f'{case.network}, {case.work}, {how}: out of GPU memory: lower --batch-size')
            continue  # the other rows can still be measured
        yield how, times[rounds:], peak_memory(case.device)


def run_in_processes(case, sides, rounds):
    """Return [(how, [(seconds, user seconds) of each batch], peak GB)] of `sides`, which take turns on the CPU."""
    with contextlib.ExitStack() as stack:
        own_process = functools.partial(concurrent.futures.ProcessPoolExecutor, 1, multiprocessing.get_context('spawn'))
        ask = {how: functools.partial(stack.enter_context(own_process()).submit, run_batch, case, side)
               for how, side in sides.items()}
        try:
            times = in_turns({how: lambda number, ask=ask[how]: ask(number).result() for how in sides}, rounds,
                             warm_up=rounds)
            return [(how, [time for time, _ in times[how]], times[how][-1][1]) for how in sides]
        except concurrent.futures.process.BrokenProcessPool:
            raise UserError(f'{case.network}, {case.work}: the process of a side has ended, see above: if memory was '
                            'short, lower --batch-size, or measure fewer ways at once') from None


def run_batch(case, side, number):
    """Return ((seconds, user seconds) of batch `number`, the peak GB so far) of one side, in a process of its own."""
    step, start = prepared_side(case, side)
    return time_of(step, case.batch(number), case.device), peak_memory(case.device) - start


def prepare_side(case, side):
    """Return (the step of one side, the memory in GB that this process held before it)."""
    torch.set_num_threads(case.threads)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = side.precision == 'tf32'
    torch.backends.cudnn.benchmark = True  # as main.py does
    if side.keep_memory:
        keep_freed_memory()
    network = case.model(side.plain).to(case.device)
    execution = choose_execution(network, 'bf16' if side.precision == 'bf16' else 'fp32', side.compiled, case.device)
    for note in execution.notes:
        print(note, flush=True)
    if execution.compiled and case.work == 'train':
        network.compile_for_training()  # main.py does it on GPUs only
    return make_step(case, network, execution), peak_memory('cpu') if case.device == 'cpu' else 0


prepared_side = functools.cache(prepare_side)


def make_step(case, network, execution):
    """Return the function of a batch that tests it, or takes the gradients of its loss and returns that."""
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
        return loss

    return test if case.work == 'test' else train


def time_of(step, batch, device):
    """Return (seconds, user seconds of this process) of a step; on a GPU the seconds are between two CUDA events."""
    if device == 'cuda':
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda.synchronize()
        user = time.process_time()
        begin.record()
        step(*batch)
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / 1e3, time.process_time() - user
    wall, user = time.perf_counter(), time.process_time()
    step(*batch)
    return time.perf_counter() - wall, time.process_time() - user


def peak_memory(device):
    """Return the most memory that this process has held so far on the device, in GB."""
    if device == 'cuda':
        return torch.cuda.max_memory_allocated() / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def plain_gflop(case):
    """Return the arithmetic of a forward pass of one sample in the plain model, multiply and add counted apart."""
    shape = 1, 3, case.frames, DATA_SETS[case.data][1], 2
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        case.model(plain=True).to('meta')(torch.zeros(shape, device='meta'))
    return counter.get_total_flops() / 1e9


def matrix_product_rate(device, threads, repeats=10):
    """Return the GFLOP/s of this machine's matrix product, the best of some: bfloat16 on a GPU, else float32."""
    torch.set_num_threads(threads)
    size = 8192 if device == 'cuda' else 2048
    a = torch.randn(size, size, device=device, dtype=MATRIX_RATE_IN[device])
    return 2 * size ** 3 / min(time_of(torch.mm, (a, a), device)[0] for _ in range(repeats)) / 1e9


if __name__ == '__main__':
    run_command(main)
