"""The network that a config names, with its weights, and the arguments that it is made with."""
import inspect

import torch

from model.pyskl_names import in_our_names, is_theirs
from runtime.dotted import build, import_class, remember_plug_in
from runtime.errors import UserError
from runtime.weights import find_weights, load_weights


def build_network(arg):
    """Return the model that the arguments of a run name, with initial weights."""
    if not arg.model:
        raise UserError('model: name the class of the model, such as model.agcn.Model, in the config')
    remember_plug_in(str(arg.model_args.get('graph')), 'graph')  # models of others import their graph themselves
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
    parameters = inspect.signature(import_class(arg.model, 'model')).parameters
    return {**{name: parameter.default for name, parameter in parameters.items()}, **arg.model_args}


def class_count(arg):
    """Return the number of classes that the model is made for; UserError if its arguments do not say."""
    number = model_arguments(arg).get('num_class')
    if not isinstance(number, int):
        raise UserError(f'{arg.config}: model_args name no num_class')
    return number


def load_into(model, path, ignored=()):
    """Fill `model` with the weights at `path`, without those whose name contains one of the texts `ignored`.

    Returns (names left out, names that the file lacks, which keep their initial values). Files of PYSKL's and
    MMAction2's must lack none. Errors: see `load_weights` and `fill_model`.
    """
    loaded = load_weights(path)
    theirs = is_theirs(loaded)
    if theirs:
        loaded = in_our_names(loaded)
    left_out = [name for name in loaded if any(text in name for text in ignored)]
    kept = {name: value for name, value in loaded.items() if name not in left_out}
    missing = fill_model(model, kept, path)
    if theirs and set(missing) - set(left_out):
        check_same_model(loaded, model.state_dict(), path)
        raise UserError(f'{path}: it lacks {len(missing)} names of this model, such as {missing[0]}: '
                        'name model.aagcn.Model, which such weights are of')
    return left_out, missing


def fill_model(model, weights, path):
    """Load `weights` (name → tensor) from `path` into `model` and return the names that they lack.

    Those keep their initial values. Raises UserError if a value is NaN, and if a shape differs or a name is unknown to
    the model: both mean that the weights are another model's.
    """
    own = model.state_dict()
    unknown = [name for name in weights if name not in own]
    differing = [name for name in weights if name in own and weights[name].shape != own[name].shape]
    if unknown or differing:
        check_same_model(weights, own, path)
    if unknown:
        raise UserError(f'{path}: {len(unknown)} of its names are not in the model, such as {unknown[0]}: '
                        'name the model that wrote it, or leave them out with --ignore-weights')
    if differing:
        name = differing[0]
        raise UserError(f'{path}: {name} is {tuple(weights[name].shape)} there and {tuple(own[name].shape)} in this '
                        'model: check model_args, or leave it out with --ignore-weights')
    for name, value in weights.items():
        if value.isnan().any():
            raise UserError(f'{path}: {name} holds NaN: the training had failed: take weights from before')
    model.load_state_dict({**own, **weights})
    return [name for name in own if name not in weights]


def check_same_model(weights, own, path):
    """Raise UserError if `weights`, from `path`, are seen to be of another model than the state dict `own`."""
    theirs, ours = arguments_seen_in(weights), arguments_seen_in(own)
    differing = [key for key in ours if key in theirs and ours[key] != theirs[key]]
    if differing:
        said = [', '.join(kind[key] for key in differing) for kind in (theirs, ours)]
        raise UserError(f'{path}: it is of a model with {said[0]}, but this model has {said[1]}: check '
                        f'{", ".join(differing)} in model_args, or take other weights')


def arguments_seen_in(weights):
    """Return the arguments of their model that show in `weights` (name → tensor): argument → value, in words."""
    found = {}
    if 'fc.weight' in weights:
        found['num_class'] = f'{len(weights["fc.weight"])} classes'
    if 'l1.gcn1.PA' in weights:
        found['num_point'] = f'{weights["l1.gcn1.PA"].size(-1)} joints'
    if 'l1.gcn1.alpha' in weights:  # AAGCN's
        found['attention'] = 'attention' if 'l1.gcn1.fc1c.weight' in weights else 'no attention'
    return found
