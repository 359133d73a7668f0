"""How fast main.py trains, beside the model alone: what the loader, logging and waiting for the device cost.

    python -m benchmarks.training --device auto --precision bf16
    python -m benchmarks.training --samples 64 --clips 16 --frames 32 --batch-size 4 --steps 4   # a quick look

main.py trains two epochs on synthetic data of the size of NTU's cross-subject training part (7 GB, memory-mapped, with
4,000 different clips), and the second epoch is timed. The data have just been written, so that the system still holds
them in memory if it can. The model alone takes the same steps, with the optimizer's, on batches that are already on
the device. TF32 is what PyTorch sets, here as in main.py.
"""
import collections
import contextlib
import io
import pathlib
import pickle
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
import yaml
from torch.profiler import ProfilerActivity, profile

from benchmarks.model import BATCH_SIZE, DATA_SETS, NETWORKS, Case, find_device, machine, make_step
from benchmarks.timing import Table, seconds
from feeders.batches import BatchOrder, make_loader
from feeders.feeder import Feeder
from main import Processor
from prediction.cross_validation import MAIN
from runtime.arguments import Parser, count, whole_number
from runtime.arguments import get_parser as get_run_parser
from runtime.device import PRECISIONS, choose_execution, compile_training
from runtime.errors import UserError, run_command

PROFILED = 1, 3  # steps of the two runs that are profiled: their difference has neither start nor end in it
WAITS = 'cudaDeviceSynchronize', 'cudaStreamSynchronize', 'cudaEventSynchronize', 'cudaMemcpy'
READS = 'aten::_local_scalar_dense'  # what tensor.item(), float(tensor) and `if tensor` call


def main():
    arg = get_parser().parse_args()
    device = find_device(arg.device)
    batch_size = arg.batch_size or BATCH_SIZE[device]['train' if device == 'cpu' else arg.data]
    if arg.samples < batch_size:
        raise UserError(f'--samples {arg.samples}: not one batch of {batch_size}')
    case = Case(arg.model, arg.data, 'train', device, batch_size, arg.frames or DATA_SETS[arg.data][-1],
                torch.get_num_threads())
    print(f'{machine(device, case.threads)}; {arg.model}, {arg.data}, {case.frames} frames, batches of {batch_size}, '
          f'{arg.precision}; TF32: matrix products {torch.backends.cuda.matmul.allow_tf32}, '
          f'cuDNN {torch.backends.cudnn.allow_tf32}')
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        write_data(scratch / 'test', case, batch_size, arg.clips)
        write_data(scratch / 'train', case, arg.samples, arg.clips)
        print_rates(arg, case, scratch)
        print_synchronisations(arg, case, scratch)


def get_parser():
    parser = Parser(__doc__.partition('\n')[0])
    add = parser.add_argument
    add('--device', default='cpu', choices=('cpu', 'cuda', 'auto'), help='auto is cuda where there is a CUDA device')
    add('--model', choices=NETWORKS, default='agcn')
    add('--data', choices=DATA_SETS, default='ntu', help='the shape of the clips')
    add('--frames', type=count, help="default: the data set's")
    add('--batch-size', type=count, help='default: that of benchmarks.model')
    add('--precision', choices=PRECISIONS, default='fp32')
    add('--compile', action='store_true', help='compile the network, as main.py does it')
    add('--workers', type=whole_number, help='processes that load data (default: as main.py)')
    add('--samples', type=count, default=40091, help='samples of an epoch')
    add('--clips', type=count, default=4000, help='clips that differ')
    add('--steps', type=count, default=100, help='steps of the model alone')
    add('--log-intervals', type=count, nargs='+', default=[1, 100], help='train once with each of these --log-interval')
    add('--json', type=pathlib.Path, metavar='FILE', help='append the figures to this file, a line of JSON a row')
    return parser


def write_data(folder, case, samples, clips):
    """Write so many samples, of which `clips` differ, as data preparation writes them."""
    folder.mkdir()
    x, y, _ = case._replace(batch_size=min(clips, samples), device='cpu').batch(0)
    data = np.lib.format.open_memmap(folder / 'data_joint.npy', 'w+', np.float32, (samples, *x.shape[1:]))
    for begin in range(0, samples, len(x)):
        data[begin:begin + len(x)] = x[:samples - begin]
    names = [f'clip{i}' for i in range(samples)]
    (folder / 'label.pkl').write_bytes(pickle.dumps((names, np.resize(y, samples).tolist())))


def print_rates(arg, case, scratch):
    """Print the samples per second of the model alone, of the loader alone and of main.py."""
    sides = {
        'model alone': lambda: step_seconds(arg, case, reads_loss=False),
        'model alone, the loss read after every step': lambda: step_seconds(arg, case, reads_loss=True),
        'loader alone': lambda: loader_seconds(arg, case, scratch / 'train'),
        **{f'main.py, log_interval {interval}': lambda interval=interval: main_seconds(arg, case, scratch, interval)
           for interval in arg.log_intervals}}
    table = Table(('what', 'samples per second', 'ms a batch', 'times the model alone'), arg.json)
    alone = None
    for name, measure in sides.items():
        taken = measure()
        alone = alone or taken
        table.add(name, f'{case.batch_size / taken:.3g}', f'{taken * 1e3:.3g}', f'{alone / taken:.3g}')


def step_seconds(arg, case, reads_loss):
    """Return the seconds of a training step of the model alone, the mean of --steps."""
    network = case.model().to(case.device)
    execution = choose_execution(network, arg.precision, arg.compile, case.device)
    if execution.compiled:
        compile_training(network, [torch.device(case.device)])
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=.9)
    step = make_step(case, network, execution)
    batches = [case.batch(number) for number in range(min(8, arg.steps))]

    def take_steps(number):
        for i in range(number):
            loss = step(*batches[i % len(batches)])
            optimizer.step()
            if reads_loss:
                loss.item()
        if case.device == 'cuda':
            torch.cuda.synchronize()

    take_steps(len(batches))  # warms up
    return seconds(take_steps)(arg.steps) / arg.steps


def loader_seconds(arg, case, folder):
    """Return the seconds that the loader takes for a batch, the mean of the second epoch."""
    feeder = Feeder(folder / 'data_joint.npy', folder / 'label.pkl')
    order = BatchOrder(len(feeder), case.batch_size, 1, training=True)
    loader = make_loader(feeder, order, arg.workers, case.device)

    def epoch():
        for _ in loader:
            pass

    epoch()  # starts the workers
    return seconds(epoch)() / len(loader)


def main_seconds(arg, case, scratch, interval):
    """Run main.py for two epochs and return the seconds of a batch of the second, by when its lines come."""
    config = write_config(arg, case, scratch, 'train', f'main{interval}', num_epoch=2, log_interval=interval)
    lines, times = [], {}
    with subprocess.Popen([sys.executable, '-u', MAIN, '--config', config], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout:
            lines.append(line)
            times.update({words: time.perf_counter() for words in ('Training epoch: 2', 'Mean training loss')
                          if words in line})
    if process.returncode:
        raise UserError(f'main.py: {lines[-1] if lines else "status " + str(process.returncode)}')
    return (times['Mean training loss'] - times['Training epoch: 2']) / (arg.samples // case.batch_size)


def write_config(arg, case, scratch, part, name, **changes):
    """Write a config that trains on the data of `part`, and return its path."""
    def feeder(part):
        return {'data_path': str(scratch / part / 'data_joint.npy'), 'label_path': str(scratch / part / 'label.pkl')}

    graph, joints, classes, _ = DATA_SETS[case.data]
    path = scratch / f'{name}.yaml'
    path.write_text(yaml.safe_dump({
        'work_dir': str(scratch / name), 'model': f'model.{case.network}.Model', 'feeder': 'feeders.feeder.Feeder',
        'model_args': {'num_class': classes, 'num_point': joints, 'graph': graph}, 'base_lr': 1e-3, 'step': [],
        'train_feeder_args': feeder(part), 'test_feeder_args': feeder('test'), 'batch_size': case.batch_size,
        'test_batch_size': case.batch_size, 'num_worker': arg.workers, 'device': [case.device],
        'precision': arg.precision, 'compile': arg.compile, 'eval_interval': 1000, **changes}))
    return path


def print_synchronisations(arg, case, scratch):
    """Print how often a training step of main.py waits for the device, and how often it reads from a tensor."""
    few, many = (profiled_calls(arg, case, scratch, steps) for steps in PROFILED)
    print()
    table = Table(('a step of main.py calls', 'times'), arg.json)
    for name in (*WAITS, READS):
        table.add(name, f'{(many[name] - few[name]) / (PROFILED[1] - PROFILED[0]):g}')


def profiled_calls(arg, case, scratch, steps):
    """Return name → number of calls while main.py's Processor trains so many steps."""
    write_data(scratch / f'{steps}', case, steps * case.batch_size, arg.clips)
    config = write_config(arg, case, scratch, f'{steps}', f'profiled{steps}', num_epoch=1, log_interval=1000)
    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * (case.device == 'cuda')
    with contextlib.redirect_stdout(io.StringIO()):
        processor = Processor(get_run_parser().parse_with_config(['--config', str(config)]))
        with profile(activities=activities) as profiled:
            processor.start()
    # key_averages() counts them too, but takes forty times as long.
    return collections.Counter(event.name() for event in profiled.profiler.kineto_results.events())


if __name__ == '__main__':
    run_command(main)
