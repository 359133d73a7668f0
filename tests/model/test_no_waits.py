"""No pass through a network reads from the device: the CPU would wait there for all the work that it has sent."""
import collections
import contextlib
import io

import pytest
import torch
from tiny import config, write_config, write_dataset
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.profiler import ProfilerActivity, profile

import model.aagcn
import model.agcn
from main import Processor, get_parser
from model.empty_bodies import Bodies, distinct_bodies
from tests.golden_models import NTU

READS = {'aten::_local_scalar_dense', 'aten::nonzero', 'aten::bincount', 'aten::masked_select'}


def clips(persons):
    """Return three clips x (3, 3, 8, 25, 2) in which so many persons are seen."""
    x = torch.randn(3, 3, 8, 25, 2)
    x[..., persons:] = 0
    return x


def calls(work):
    """Return operation → how often work() calls it."""
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        work()
    return collections.Counter(event.name for event in profiled.events())


@pytest.mark.parametrize('module', [model.agcn, model.aagcn])
@pytest.mark.parametrize('training', [True, False])
@pytest.mark.parametrize('persons', [0, 1, 2])
def test_no_value_is_read(module, training, persons):
    network, x = module.Model(**NTU, base_channels=8).train(training), clips(persons)
    bodies = distinct_bodies(x)
    called = calls(lambda: network(x, bodies).square().sum().backward())
    assert called['aten::convolution'] and not READS & set(called)
    if torch.backends.cuda.is_built():  # tensors without values, as on a GPU, cannot be read
        with FakeTensorMode() as fake:
            with torch.device('cuda'):
                network = module.Model(**NTU, base_channels=8).train(training)
            scores = network(clips(persons).cuda(), Bodies(*(fake.from_tensor(part).cuda() for part in bodies)))
        assert scores.device.type == 'cuda' and scores.shape == (3, 60)


def test_steps_of_a_run_read_no_value(tmp_path):
    write_dataset(tmp_path / 'data', [('train', 16), ('val', 4)])
    found = []
    for steps in (1, 3):
        content = config(tmp_path / 'data', tmp_path / str(steps), num_epoch=1, batch_size=16 // steps, num_worker=0)
        run = Processor(get_parser().parse_with_config(['--config', str(write_config(tmp_path / 'c.yaml', content))]))
        with contextlib.redirect_stdout(io.StringIO()):
            found.append(calls(run.start)['aten::_local_scalar_dense'])
    assert found[0] == found[1]
