"""What only a GPU can show. `--device cpu` tries the same tests without one: python -m pytest -m cuda --device cpu."""
import copy
import os
import subprocess
import sys

import pytest
import torch
from conftest import ROOT
from tiny import MODEL_ARGS, config, write_config, write_dataset, write_weights
from torch.nn import functional as F
from torch.nn.parallel import DataParallel

from tests.golden_models import MODELS, assert_close, build_golden, check_against_golden, golden_answers

pytestmark = pytest.mark.cuda
WIDE_ENOUGH = {**MODEL_ARGS, 'base_channels': 16}  # with 8, training on a CPU can crash in PyTorch's convolutions
# Runs main.py where it may take almost nothing of the GPU's memory.
SHORT_OF_MEMORY = ('import runpy, sys, torch; torch.cuda.set_per_process_memory_fraction(1e-5); '
                   "sys.argv[0] = 'main.py'; runpy.run_path('main.py', run_name='__main__')")


@pytest.fixture
def device(request):
    name = request.config.getoption('--device')
    if name == 'cuda' and not torch.cuda.is_available():
        pytest.skip('there is no CUDA device')
    return name


@pytest.fixture
def data(tmp_path):
    write_dataset(tmp_path / 'data', [('train', 32), ('val', 16)])
    return tmp_path / 'data'


def python(*arguments, status=0):
    """Run Python in the project's root, in a process that no other has started CUDA in; return the finished process."""
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    process = subprocess.run([sys.executable, *map(str, arguments)], cwd=ROOT, env=environment, capture_output=True,
                             text=True, timeout=120)
    assert process.returncode == status, f'{process.stdout}\n{process.stderr}'
    return process


def train(folder, data, device, *flags, **changes):
    """Train in `folder`; return the last top-1 accuracy in the log, and the last weights."""
    folder.mkdir(exist_ok=True)
    content = config(data, folder, device=device, optimizer='AdamW', model_args=WIDE_ENOUGH,
                     **{'num_epoch': 12, 'step': [9], **changes})
    log = python('main.py', '--config', write_config(folder / 'c.yaml', content), *flags).stdout
    weights = max((folder / 'runs').glob('tiny-[0-9]*.pt'), key=lambda path: int(path.stem.split('-')[1]))
    accuracy = log.split('Top1: ')[-1].split('%')[0]
    return float(accuracy), torch.load(weights, weights_only=True)


@pytest.mark.parametrize('name', MODELS)
def test_answers_are_the_published_ones(name, golden, device):
    network, x, y = build_golden(name)
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        check_against_golden(network.to(device), x.to(device), y.to(device), golden_answers(golden, name))


def test_every_precision_learns_as_on_the_cpu(device, data, tmp_path):
    accuracy, _ = train(tmp_path / 'cpu', data, 'cpu')
    assert accuracy == 100
    for precision in ('fp32', 'bf16', 'fp16'):
        assert train(tmp_path / precision, data, device, precision=precision)[0] == accuracy, precision


def test_a_resumed_run_ends_as_an_unbroken_one(device, data, tmp_path):
    _, whole = train(tmp_path / 'whole', data, device, num_epoch=2)
    train(tmp_path / 'halves', data, device, num_epoch=1)
    _, resumed = train(tmp_path / 'halves', data, device, '--resume', num_epoch=2)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_torchrun_with_one_process(device, data, tmp_path):
    content = config(data, tmp_path, device=device, num_epoch=1, model_args=WIDE_ENOUGH)
    python('-m', 'torch.distributed.run', '--standalone', '--nproc_per_node=1', 'main.py',
           '--config', write_config(tmp_path / 'c.yaml', content))
    assert list((tmp_path / 'runs').glob('tiny-0-8.pt'))


def test_data_parallel(device):
    network, x, _ = build_golden('agcn_ntu')
    network, x = network.to(device).eval(), x.to(device)
    with torch.no_grad():
        assert_close(DataParallel(network)(x), network(x))


@pytest.mark.parametrize('name', ['agcn_ntu', 'aagcn_ntu'])
def test_compiled(name, device, long_mode):
    if device == 'cpu' and not long_mode:
        pytest.skip('compiling takes minutes on a CPU: --long')
    network, x, y = build_golden(name)
    network.double().to(device).train()
    compiled = copy.deepcopy(network)
    compiled.compile_for_training()
    compiled.compile_for_testing()
    x, y = torch.cat((x, x.flip(4))).double().to(device), torch.cat((y, y)).to(device)
    for N in (6, 4):
        for each in (network, compiled):
            F.cross_entropy(each(x[:N]), y[:N]).backward()
        for ours, theirs in zip(compiled.parameters(), network.parameters()):
            torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-6, atol=1e-9)
    with torch.no_grad():
        assert_close(compiled.eval()(x), network.eval()(x), 1e-6)


def test_a_network_on_the_device_is_exported(device, data, tmp_path):
    for package in ('onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(package)
    write_weights(tmp_path / 'weights.pt')
    content = config(data, tmp_path, device=device, phase='test', weights=str(tmp_path / 'weights.pt'))
    python('export.py', '--config', write_config(tmp_path / 'c.yaml', content), '--frames', 12, '--out',
           tmp_path / 'tiny.onnx')
    assert (tmp_path / 'tiny.onnx').stat().st_size


def test_memory_that_ran_out_gets_one_line(device, data, tmp_path):
    if device == 'cpu':
        pytest.skip('PyTorch limits the memory of a GPU only')
    path = write_config(tmp_path / 'c.yaml', config(data, tmp_path, device=device))
    errors = python('-c', SHORT_OF_MEMORY, '--config', path, status=2).stderr
    assert 'error: out of memory: use smaller batches' in errors and 'Traceback' not in errors
