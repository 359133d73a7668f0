"""The network that a config names, with its weights, and what shape of clip it takes."""
import inspect
import math

import numpy as np
import torch

from runtime.dotted import build, import_class, remember_plug_in
from runtime.errors import UserError
from runtime.weights import find_weights, load_into


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


def answer(model, data, average='score'):
    """Return the scores (N, num_class), float32, of data (N, C, T, V, M): the sum over the model's heads."""
    heads, _ = heads_and_l1(model, data, average)
    return heads.sum(0)


def heads_and_l1(model, data, average='score'):
    """Return (scores (heads, N, num_class), l1 ()), float32, of data (N, C, T, V, M).

    The model returns scores (N, num_class); or a tuple (scores, l1), whose l1, of at most one dimension, is averaged,
    and is 0 without such a tuple; or a list of scores, one a head. UserError for anything else. Of data
    (N, draws, C, T, V, M), several draws of each clip, scores are the mean over the draws, or, where `average` is
    'probability', the logarithm of the mean of their probabilities.
    """
    draws = data.dim() == 6
    clips = data.flatten(0, 1) if draws else data
    output = model(clips)
    first, l1 = output if isinstance(output, tuple) and len(output) == 2 else (output, None)
    heads = output if isinstance(output, list) else [first]
    are_scores = [isinstance(head, torch.Tensor) and head.dim() == 2 and head.size(0) == clips.size(0)
                  and head.shape == heads[0].shape for head in heads]
    is_l1 = l1 is None or isinstance(l1, torch.Tensor) and l1.dim() <= 1
    if not (heads and all(are_scores) and is_l1):
        raise UserError(f'the model returned {described(output)} for {len(clips)} clips; taken are scores (N, '
                        'num_class), a tuple (scores, l1) with l1 of at most one dimension, and a list of scores, one '
                        'a head')
    scores = torch.stack(heads).float()
    if draws:
        scores = scores.unflatten(1, data.shape[:2])
        if average == 'probability':
            scores = scores.log_softmax(3).logsumexp(2) - math.log(scores.size(2))
        else:
            scores = scores.mean(2)
    return scores, scores.new_zeros(()) if l1 is None else l1.float().mean()


def described(output):
    """Return in words what `output` is: the shapes of its tensors, the types of other things."""
    if isinstance(output, torch.Tensor):
        return str(tuple(output.shape))
    inside = f' of {", ".join(map(described, output)) or "nothing"}' if isinstance(output, tuple | list) else ''
    return f'a {type(output).__name__}{inside}'


def average_of(feeder):
    """Return what of a clip's draws a feeder wants averaged: 'score' if it does not say, or 'probability'."""
    return getattr(feeder, 'average', 'score')


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


def check_shape(shape, arg, path):
    """Raise UserError if clips of `shape` (…, C, T, V, M), from `path`, do not fit model_args."""
    made_for = model_arguments(arg)
    for name, axis in (('in_channels', -4), ('num_point', -2), ('num_person', -1)):
        if isinstance(made_for.get(name), int) and shape[axis] != made_for[name]:
            raise UserError(f'{path}: its shape is {shape}, and model_args {name} is {made_for[name]}, not '
                            f'{shape[axis]}')


def check_fits_model(feeder, arg, key):
    """Raise UserError if the feeder's data or labels do not fit model_args."""
    shape = feeder.data.shape if hasattr(feeder, 'data') else getattr(feeder, 'clip_shape', None)
    if not arg.model or shape is None or not hasattr(feeder, 'label'):
        return
    files = {'data_path': key, 'label_path': key, **getattr(arg, key)}
    check_shape(shape, arg, files.get('recordings', files['data_path']))
    label = np.asarray(feeder.label)
    num_class = model_arguments(arg).get('num_class')
    if isinstance(num_class, int) and len(label):
        at = int(label.argmax())
        check_label(label[at], num_class, sample_names(feeder, [at])[0],
                    files.get('recordings', files['label_path']))


def check_item(item, arg, key):
    """Raise UserError if `item`, of the feeder that `key` holds the arguments of, is not (clip, label, index)."""
    if not isinstance(item, tuple | list) or len(item) != 3:
        number = f'{len(item)} values' if isinstance(item, tuple | list) else f'a {type(item).__name__}'
        raise UserError(f'{key}: {arg.feeder}: an item of it is {number}, and (clip, label, index) is needed')


def check_label(label, num_class, name, path):
    """Raise UserError if the label of the sample `name`, from `path`, is beyond the `num_class` of model_args."""
    if label >= num_class:
        raise UserError(f'{path}: {name} has label {label}, and model_args num_class is {num_class}: '
                        'labels count from 0')


def bad_clip(feeder, index):
    """Return the line that names the first of the samples `index` whose clip is not finite; None if all are."""
    for i in index:
        if not np.isfinite(np.asarray(feeder[i][0])).all():
            return (f'{sample_names(feeder, [i])[0]}: a value of its clip is not finite: correct the recording and '
                    'prepare the data again')
    return None


def sample_names(feeder, index):
    """Return the names of the samples `index`; a feeder without names has their numbers."""
    names = getattr(feeder, 'sample_name', None)
    return [str(i) if names is None else names[i] for i in index]
