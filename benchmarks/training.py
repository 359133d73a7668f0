"""How fast main.py trains AGCN, beside the model alone: what loading and logging cost.

    python -m benchmarks.training --device cuda --precision bf16

main.py's Processor trains two epochs on synthetic data of NTU's shape, and the second epoch is timed. The data have
just been written, so that the system still holds them in memory if it can. The model alone takes the same steps, with
the optimizer's, on batches that are already on the device.
"""
import contextlib
import io
import pathlib
import pickle
import tempfile

import numpy as np
import torch
import yaml

from benchmarks.model import BATCH_SIZE, GRAPH, Case, machine, make_step, require_device
from benchmarks.timing import Table, seconds
from main import Processor
from runtime.arguments import Parser, count
from runtime.arguments import get_parser as get_run_parser
from runtime.device import PRECISIONS, choose_execution, keep_freed_memory
from runtime.errors import run_command


def main():
    arg = get_parser().parse_args()
    require_device(arg.device)
    batch_size = arg.batch_size or BATCH_SIZE[arg.device]['train']
    case = Case('agcn', 'train', arg.device, batch_size, arg.frames)
    print(f'{machine(arg.device)}; {arg.frames} frames, batches of {batch_size}, {arg.precision}')
    keep_freed_memory()  # as main.py does
    table = Table(('what', 'samples per second', 'ms a batch', 'times the model alone'), arg.json)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_data(folder, case, arg.steps)
        alone = model_seconds(arg, case)
        for name, taken in ('model alone', alone), ('main.py', main_seconds(arg, case, folder)):
            table.add(name, f'{batch_size / taken:.3g}', f'{taken * 1e3:.3g}', f'{alone / taken:.3g}')


def get_parser():
    parser = Parser(__doc__.partition('\n')[0])
    add = parser.add_argument
    add('--device', default='cpu', choices=('cpu', 'cuda'))
    add('--frames', type=count, default=300)
    add('--batch-size', type=count, help='default: that of benchmarks.model')
    add('--precision', choices=PRECISIONS, default='fp32')
    add('--steps', type=count, default=60, help='batches of an epoch')
    add('--json', type=pathlib.Path, metavar='FILE', help='append the figures to this file, a line of JSON a row')
    return parser


def write_data(folder, case, batches):
    """Write joints and labels of so many batches, as data preparation writes them."""
    shape = batches * case.batch_size, 3, case.frames, 25, 2
    data, labels = np.lib.format.open_memmap(folder / 'joint.npy', 'w+', np.float32, shape), []
    for number in range(batches):
        x, y, _ = case._replace(device='cpu').batch(number)
        data[len(labels):len(labels) + len(y)] = x
        labels += y.tolist()
    (folder / 'label.pkl').write_bytes(pickle.dumps(([f'clip{i}' for i in range(len(labels))], labels)))


def model_seconds(arg, case):
    """Return the seconds of a training step of the model alone."""
    network = case.model()
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=.9)
    step = make_step(case, network, choose_execution(network, arg.precision, device=case.device))
    batches = [case.batch(number) for number in range(min(8, arg.steps))]

    def take_steps(number):
        for i in range(number):
            step(*batches[i % len(batches)])
            optimizer.step()

    take_steps(len(batches))  # warms up
    return seconds(take_steps, arg.steps) / arg.steps


def main_seconds(arg, case, folder):
    """Return the seconds of a batch of the second epoch that main.py's Processor trains."""
    feeder_args = {'data_path': str(folder / 'joint.npy'), 'label_path': str(folder / 'label.pkl')}
    (folder / 'config.yaml').write_text(yaml.safe_dump({
        'work_dir': str(folder / 'work_dir'), 'model': 'model.agcn.Model', 'model_args': {'graph': GRAPH},
        'feeder': 'feeders.feeder.Feeder', 'train_feeder_args': feeder_args,
        'test_feeder_args': {**feeder_args, 'debug': True}, 'batch_size': case.batch_size, 'device': case.device,
        'precision': arg.precision, 'base_lr': 1e-3, 'step': []}))
    with contextlib.redirect_stdout(io.StringIO()):
        processor = Processor(get_run_parser().parse_with_config(['--config', str(folder / 'config.yaml')]))
        processor.train(0)  # starts the workers
        return seconds(processor.train, 1) / arg.steps


if __name__ == '__main__':
    run_command(main)
