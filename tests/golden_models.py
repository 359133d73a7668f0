"""The five models of ../shared/golden, with the weights and the batch that the published code was asked about."""
import math
import zlib

import numpy as np
import torch
from torch.nn import functional as F

import model.aagcn
import model.agcn

NTU = {'num_class': 60, 'num_point': 25, 'num_person': 2, 'graph': 'graph.ntu_rgb_d.Graph'}
KINETICS = {'num_class': 400, 'num_point': 18, 'num_person': 2, 'graph': 'graph.kinetics.Graph'}
MODELS = {
    'agcn_ntu': (model.agcn.Model, NTU),
    'agcn_kinetics': (model.agcn.Model, KINETICS),
    'aagcn_ntu': (model.aagcn.Model, NTU),
    'aagcn_kinetics': (model.aagcn.Model, KINETICS),
    'aagcn_ntu_no_attention': (model.aagcn.Model, {**NTU, 'attention': False}),
}


def recipe_value(key, shape):
    """Return the float32 array (int64 for a counter) that golden/README.md gives the state dict's `key`."""
    rng = np.random.default_rng([20, zlib.crc32(key.encode())])
    last = key.rsplit('.', 1)[-1]
    if last == 'num_batches_tracked':
        return np.array(0)
    if last == 'running_mean':
        value = .1 * rng.standard_normal(shape)
    elif last == 'running_var':
        value = 6 * (.5 + rng.random(shape))
    elif last in ('bias', 'PA', 'A'):  # A: PA by PYSKL's name
        value = .05 * rng.standard_normal(shape)
    elif last == 'alpha':
        value = .3 * rng.standard_normal(shape)
    elif len(shape) == 1:
        value = .4 + .4 * rng.random(shape)
    else:
        value = rng.standard_normal(shape) * math.sqrt(2 / math.prod(shape[1:]))
    return np.asarray(value, dtype=np.float32)


def fill_by_recipe(network):
    """Give `network` the recipe's weights and return it."""
    own = network.state_dict()
    network.load_state_dict({k: torch.from_numpy(recipe_value(k, tuple(v.shape))) for k, v in own.items()})
    return network


def recipe_batch(num_class, num_point):
    """Return x (3, 3, 40, V, 2), whose second sample has one person, and y (3,)."""
    rng = np.random.default_rng([20, 1])
    x = (.5 * rng.standard_normal((3, 3, 40, num_point, 2))).astype(np.float32)
    x[1, ..., 1] = 0
    return torch.from_numpy(x), torch.from_numpy(rng.integers(num_class, size=3))


def build_golden(name):
    """Return the model `name` with the recipe's weights, and its batch x, y."""
    model_class, arguments = MODELS[name]
    network = fill_by_recipe(model_class(**arguments))
    return network, *recipe_batch(arguments['num_class'], arguments['num_point'])


def assert_close(actual, expected, relative=1e-4):
    """Every value agrees within `relative` of the largest of them: sums run in another order than the published."""
    actual, expected = (np.asarray(torch.as_tensor(a).detach().cpu(), np.float64) for a in (actual, expected))
    assert actual.shape == expected.shape
    error = np.abs(actual - expected).max() / np.abs(expected).max()
    assert error < relative, f'{error:.2e}'


def assert_gradients(network, names, norms):
    """Each named parameter's gradient has the golden L2 norm, to 1e-4 of the largest of all."""
    own = dict(network.named_parameters())
    assert sorted(own) == sorted(names)
    actual = np.array([own[name].grad.norm().item() for name in names])
    wrong = np.abs(actual - norms) > 1e-4 * norms.max()
    assert not wrong.any(), [(n, a, e) for n, a, e, w in zip(names, actual, norms, wrong) if w]


def golden_answers(golden, name):
    """Return the results of the published code for the model `name`; `golden` is the fixture."""
    return {key.split('/')[1]: value for key, value in golden('model.npz').items() if key.startswith(name + '/')}


def check_against_golden(network, x, y, expected):
    """Compare the scores, the loss and the gradients of one pass with those in golden/model.npz."""
    network.eval()
    with torch.no_grad():
        assert_close(network(x), expected['eval_logits'])
    network.train()
    logits = network(x)
    loss = F.cross_entropy(logits, y)
    loss.backward()
    assert_close(logits, expected['train_logits'])
    assert_close(loss, expected['loss'])
    assert_gradients(network, expected['grad_names'], expected['grad_norms'])
    assert_close(network.data_bn.running_mean, expected['data_bn_running_mean'])


def assert_sgd_losses(name, network, x, y, expected):
    """The losses of six steps on one batch agree to 1e-4 of the largest: all of AGCN's on NTU, the others' first three.

    Each step feeds the rounding of the one before through ReLUs, and small differences grow tenfold a step: the exact
    losses of steps four to six, in float64, are themselves up to 2e-3 from the published ones, which are float32. The
    others agree to 4e-3, then.
    """
    network.train()
    optimizer = torch.optim.SGD(network.parameters(), lr=.005, momentum=.9, nesterov=True, weight_decay=1e-4)
    losses = []
    for _ in range(6):
        loss = F.cross_entropy(network(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert_close(losses[:3], expected[:3])
    assert_close(losses, expected, 1e-4 if name == 'agcn_ntu' else 4e-3)
