"""What the rest of the program needs of a feeder, ours or a plug-in, and the checks of it."""
import numpy as np

from runtime.errors import UserError


def average_of(feeder):
    """Return what of a clip's draws a feeder wants averaged: 'score' if it does not say, or 'probability'."""
    return getattr(feeder, 'average', 'score')


def sample_names(feeder, index):
    """Return the names of the samples `index`; a feeder without names has their numbers."""
    names = getattr(feeder, 'sample_name', None)
    return [str(i) if names is None else names[i] for i in index]


def check_item(item, arg, key):
    """Raise UserError if `item`, of the feeder that `key` holds the arguments of, is not (clip, label, index)."""
    if not isinstance(item, tuple | list) or len(item) != 3:
        number = f'{len(item)} values' if isinstance(item, tuple | list) else f'a {type(item).__name__}'
        raise UserError(f'{key}: {arg.feeder}: an item of it is {number}, and (clip, label, index) is needed')


def check_fits_model(feeder, feeder_args, key, model_args):
    """Raise UserError if the data or labels of the feeder, made with the `feeder_args` of `key`, do not fit model_args.
    """
    shape = feeder.data.shape if hasattr(feeder, 'data') else getattr(feeder, 'clip_shape', None)
    if shape is None or not hasattr(feeder, 'label'):
        return
    files = {'data_path': key, 'label_path': key, **feeder_args}
    check_shape(shape, model_args, files.get('recordings', files['data_path']))
    label = np.asarray(feeder.label)
    num_class = model_args.get('num_class')
    if isinstance(num_class, int) and len(label):
        at = int(label.argmax())
        check_label(label[at], num_class, sample_names(feeder, [at])[0],
                    files.get('recordings', files['label_path']))


def check_shape(shape, model_args, path):
    """Raise UserError if clips of `shape` (…, C, T, V, M), from `path`, do not fit model_args."""
    for name, axis in (('in_channels', -4), ('num_point', -2), ('num_person', -1)):
        if isinstance(model_args.get(name), int) and shape[axis] != model_args[name]:
            raise UserError(f'{path}: its shape is {shape}, and model_args {name} is {model_args[name]}, not '
                            f'{shape[axis]}')


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
