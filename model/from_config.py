"""The network that a config names, with its weights, and the arguments that it is made with.

PYSKL and MMAction2 give the parameters of AAGCN other names. Source: the checkpoints of
https://github.com/kennymckormick/pyskl and https://github.com/open-mmlab/mmaction2, whose AAGCN equals model.aagcn, and
whose AGCN is that AAGCN without attention.
"""
import inspect
import re

import torch

from runtime.dotted import build, import_class
from runtime.errors import UserError
from runtime.weights import find_weights, load_weights

NO_PARAMETER = re.compile(r'backbone\.A|data_preprocessor\.(mean|std)')  # the graph of the body, and video input


def build_network(arg):
    """Return the model that the arguments of a run name, with initial weights."""
    if not arg.model:
        raise UserError('model: name the class of the model, such as model.agcn.Model, in the config')
    network = build(arg.model, arg.model_args, 'model_args')
    if not isinstance(network, torch.nn.Module):
        raise UserError(f'{arg.model}: it makes a {type(network).__name__}, and a torch.nn.Module is needed')
    parameters = inspect.signature(network.forward).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if len(needed) > 1:
        raise UserError(f'{arg.model}: its forward needs {", ".join(needed)}, but a model is given the clips alone: '
                        'give the others a default, or wrap the model in one that computes them')
    return network


def load_trained(arg, weights=None):
    """Return (model, path): the model of a run's arguments, in eval mode, on the CPU, and where its weights are from.

    They are `weights`, or else those that the config names, looked for as `find_weights` does. Raises
    UserError if there are none, or if they lack some of the model's: such a model has not been trained.
    """
    if not weights and not arg.weights:
        raise UserError(f'{arg.config}: it names no weights: give --weights FILE')
    network = build_network(arg)
    path = find_weights(weights or arg.weights)
    _, missing = load_into(network, path, arg.ignore_weights)
    if missing:
        raise UserError(f'{path}: it lacks {missing[0]} and {len(missing) - 1} more: '
                        f'give the weights of the model in {arg.config}')
    return network.eval(), path


def build_graph(arg):
    """Return the graph that model_args name; UserError if they name none."""
    if 'graph' not in arg.model_args:
        raise UserError(f'{arg.config}: model_args name no graph, such as graph.ntu_rgb_d.Graph')
    return build(arg.model_args['graph'], arg.model_args.get('graph_args', {}), 'graph_args')


def model_arguments(arg):
    """Return what the model is made with: model_args, and the defaults of its class for the others."""
    parameters = inspect.signature(import_class(arg.model)).parameters
    return {**{name: parameter.default for name, parameter in parameters.items()}, **arg.model_args}


def class_count(arg):
    """Return the number of classes that the model is made for; UserError if its arguments do not say."""
    number = model_arguments(arg).get('num_class')
    if not isinstance(number, int):
        raise UserError(f'{arg.config}: model_args name no num_class')
    return number


def load_into(model, path, ignored=()):
    """Fill `model` with the weights at `path`, without those whose name contains one of the texts `ignored`.

    Returns (names left out, names that the file lacks, which keep their initial values). Raises UserError if a value
    is NaN, and if the weights are of another model: a shape differs, the model has no parameter of that name, or, in
    files of PYSKL and MMAction2, one is missing.
    """
    weights, own = load_weights(path), model.state_dict()
    by_others = any(name.startswith('backbone.gcn.') for name in weights)
    if by_others:
        weights = {our_name(name): value for name, value in weights.items() if not NO_PARAMETER.fullmatch(name)}
    left_out = [name for name in weights if any(text in name for text in ignored)]
    weights = {name: value for name, value in weights.items() if name not in left_out}
    missing = [name for name in own if name not in weights]
    wrong = [name for name, value in weights.items() if name not in own or value.shape != own[name].shape]
    if by_others and not wrong:
        wrong = [name for name in missing if name not in left_out]
    if wrong:
        shapes = [tuple(state[wrong[0]].shape) if wrong[0] in state else 'missing' for state in (weights, own)]
        raise UserError(f'{path}: its parameters are not those of the model, such as {wrong[0]}: {shapes[0]} there, '
                        f'{shapes[1]} in this model: check model and model_args, or use --ignore-weights')
    for name, value in weights.items():
        if value.isnan().any():
            raise UserError(f'{path}: {name} holds NaN: the training had failed: take weights from before')
    model.load_state_dict({**own, **weights})
    return left_out, missing


def our_name(name):
    """Return our name of the parameter that PYSKL and MMAction2 call `name`; their units count from 0."""
    name = name.removeprefix('backbone.').replace('cls_head.fc_cls.', 'fc.').replace('cls_head.fc.', 'fc.')
    name = re.sub(r'^gcn\.(\d+)\.', lambda match: f'l{int(match[1]) + 1}.', name)
    name = re.sub(r'^(l\d+)\.(gcn|tcn)\.', r'\1.\g<2>1.', name)
    return name.replace('.gcn1.A', '.gcn1.PA')
