"""No pass through a network reads from the device: the CPU would wait there for all the work that it has sent."""
import collections
import contextlib
import io
import math

import pytest
import torch
from tiny import config, write_config, write_dataset, write_weights
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.profiler import ProfilerActivity, profile

import model.aagcn
import model.agcn
from main import Processor, get_parser
from model.empty_bodies import Bodies, distinct_bodies, with_bodies
from prediction.streams import Stream
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


def test_a_model_that_takes_clips_alone_is_called_with_clips_alone():
    for network in (torch.nn.Flatten(), torch.nn.DataParallel(model.agcn.Model(**NTU, base_channels=8))):
        assert with_bodies(network, clips(1), torch.device('cpu')) is network


@pytest.mark.parametrize('draws', [(), (3,)])
def test_a_run_and_a_prediction_tell_the_network_which_bodies_differ(draws, tmp_path):
    write_dataset(tmp_path / 'data')
    write_weights(tmp_path / 'w.pt')
    path = write_config(tmp_path / 'c.yaml', config(tmp_path / 'data', tmp_path, weights=str(tmp_path / 'w.pt')))
    run, stream = Processor(get_parser().parse_with_config(['--config', str(path)])), Stream(path)
    given = []
    for network in (run.net, stream.network):
        network.register_forward_pre_hook(lambda _network, _clips, named: given.append(named), with_kwargs=True)
    data = torch.zeros(4, *draws, 3, 12, 25, 2)
    run.forward(run.model, data)
    stream.scores(list(data.numpy()))
    assert [named['bodies'].count.tolist() for named in given] == [[4 * math.prod(draws)] * 2] * 2
