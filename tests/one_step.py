"""Run by test_processes.py, alone or under torchrun: one training step, then the weights, in float64.

    one_step.py CONFIG WEIGHTS.pt train|eval    # the mode of batch norm
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from main import Processor, get_parser  # noqa: E402
from runtime.weights import save_weights  # noqa: E402

processor = Processor(get_parser().parse_with_config(['--config', sys.argv[1]]))
processor.net.double()
processor.model = processor.processes.divide(processor.net, processor.devices)
processor.model.train(sys.argv[3] == 'train')
data, label, index = next(iter(processor.loader['train']))
processor.step(data.double(), label)
if processor.processes.is_main:
    save_weights(processor.net, sys.argv[2])
processor.processes.disconnect()
