"""What the rest of the program needs of a feeder, ours or another author's, and the checks of it."""
import numpy as np

from runtime.errors import UserError


def average_of(feeder):
    """Return what of a clip's draws a feeder wants averaged: 'score' if it does not say, or 'probability'."""
    return getattr(feeder, 'average', 'score')


def sample_names(feeder, index):
    """Return the names of the samples `index`; those of a feeder without names are numbers."""
    names = getattr(feeder, 'sample_name', None)
    return [str(i) if names is None else names[i] for i in index]


def check_feeder(feeder, item, key, feeder_args, model_args):
    """Raise UserError if the feeder, made with the `feeder_args` of `key`, does not fit the model.

    `item`, one of its items, must be (clip, label, index), and its clip and labels must fit `model_args`.
    """
    if not isinstance(item, tuple | list) or len(item) != 3:
        number = f'{len(item)} values' if isinstance(item, tuple | list) else f'a {type(item).__name__}'
        raise UserError(f'{key}: {type(feeder).__module__}.{type(feeder).__name__}: an item of it is {number}, and '
                        '(clip, label, index) is needed')
    recordings = feeder_args.get('recordings')
    if np.ndim(item[0]) < 4:
        raise UserError(f'{key}: a clip has the shape {np.shape(item[0])}, and (C, T, V, M) is needed')
    check_shape(np.shape(item[0]), model_args, recordings or feeder_args.get('data_path', key))
    labels, num_class = np.asarray(feeder.label), model_args.get('num_class')
    if isinstance(num_class, int):
        highest = int(labels.argmax())
        check_label(labels[highest], num_class, sample_names(feeder, [highest])[0],
                    recordings or feeder_args.get('label_path', key))


def check_shape(shape, model_args, path):
    """Raise UserError if clips of `shape` (…, C, T, V, M), from `path`, do not fit model_args."""
    for name, axis in (('in_channels', -4), ('num_point', -2), ('num_person', -1)):
        if isinstance(model_args.get(name), int) and shape[axis] != model_args[name]:
            raise UserError(f'{path}: clips have the shape {shape}, and model_args {name} is {model_args[name]}, not '
                            f'{shape[axis]}')


def check_label(label, num_class, name, path):
    """Raise UserError if the label of the sample `name`, from `path`, is beyond the `num_class` of model_args."""
    if label >= num_class:
        raise UserError(f'{path}: {name} has label {label}, and model_args num_class is {num_class}: '
                        'labels count from 0')


def check_clips(feeder, index):
    """Raise UserError, which names it, for the first of the samples `index` whose clip is not finite."""
    for i in index:
        if not np.isfinite(np.asarray(feeder[i][0])).all():
            raise UserError(f'{sample_names(feeder, [i])[0]}: a value of its clip is not finite: correct the recording '
                            'and prepare the data again')
