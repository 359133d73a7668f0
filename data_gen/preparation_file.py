"""Where the Preparation of a data set is found: in `preparation.yaml` beside it, or by the graph of a config."""
import pathlib

from data_gen.preparation import CHOICES, FLAT, KINDS, PYSKL, Preparation, published, pyskl
from data_gen.recording import CENTRED, FRACTIONS, METRES
from graph.skeleton import Graph, joint_number
from runtime.arguments import read_yaml
from runtime.errors import UserError, short_repr

FILE = 'preparation.yaml'
SKELETON = 'skeleton.yaml'  # the same skeleton, for configs of one's own data

# Graphs of configs whose feeder is PYSKL_FEEDER → the dimensions of their joints.
PYSKL_FEEDER = 'feeders.pyskl.Feeder'
PYSKL_GRAPHS = {'graph.ntu_rgb_d.Graph': 3, 'graph.coco.Graph': 2, 'graph.coco.PysklGraph': 2}


def preparation_of(arg):
    """Return the Preparation of the clips that a config's network was trained on, None if nothing says it.

    `arg` holds the arguments of a run. The `preparation.yaml` beside its test data says it; without one, as for data
    made with the published code, the published preparation that its graph stands for.
    """
    beside, graph = folder_of(arg.test_feeder_args), arg.model_args.get('graph')
    if beside and (beside / FILE).is_file():
        return read_preparation(beside / FILE)
    if arg.feeder == PYSKL_FEEDER:
        return pyskl(PYSKL_GRAPHS[graph]) if graph in PYSKL_GRAPHS else None
    return published().get(graph)


def folder_of(feeder_args):
    """Return the folder of the data that a feeder's arguments name, None if they name none."""
    if feeder_args.get('recordings'):
        return pathlib.Path(feeder_args['recordings'])
    return pathlib.Path(feeder_args['data_path']).parent if feeder_args.get('data_path') else None


def needed(preparation, config):
    """Return the Preparation; UserError if nothing says that of `config`."""
    if preparation is None:
        raise UserError(f'{config}: nothing says how recordings become the clips that its network takes: there is no '
                        f'{FILE} beside its test data, and its graph is none of {", ".join(published())}: prepare the '
                        'data with data_gen/, or give prepared clips (.npy)')
    return preparation


def read_preparation(path):
    """Return the Preparation in the YAML file at `path`; UserError, naming it, if there is none."""
    content = read_yaml(path)
    try:
        if 'kind' not in content:
            raise ValueError(f'no kind: one of {", ".join(KINDS)}')
        return checked(Preparation(**content))
    except (ValueError, TypeError) as error:
        raise UserError(f'{path}: {error}: prepare the data again with data_gen/') from None


def checked(how):
    """Return the Preparation `how`; ValueError, which names the key, if it cannot be followed."""
    number = {name: i for i, name in enumerate(Graph(**how.skeleton).joint_names)}
    fits = {
        'kind': how.kind in KINDS,
        'choose': how.choose in CHOICES,
        'dimensions': how.dimensions in {FLAT: (2,), PYSKL: (2, 3)}.get(how.kind, (3,)),
        'units': how.units in (METRES, FRACTIONS, CENTRED, None),
        'fps': how.fps is None or is_positive(how.fps),
        'image_size': how.image_size is None or how.dimensions == 2 and is_list_of_2(how.image_size) and all(
            map(is_positive, how.image_size))}
    for key in ('frames', 'persons', 'bodies'):
        value = getattr(how, key)
        fits[key] = value is None or isinstance(value, int) and value >= 1
    for key in ('up', 'right'):
        pair = getattr(how, key)
        fits[key] = pair is None or how.dimensions == 3 and is_list_of_2(pair) and (
            joint_number(pair[0], key, number) != joint_number(pair[1], key, number))
    fits['center'] = how.center is None or how.dimensions == 3 and joint_number(how.center, 'center', number) >= 0
    for key, is_fit in fits.items():
        if not is_fit:
            raise ValueError(f'{key}: {short_repr(getattr(how, key))} is wrong for clips of the kind {how.kind} in '
                             f'{how.dimensions} dimensions')
    return how


def is_list_of_2(value):
    return isinstance(value, list) and len(value) == 2


def is_positive(value):
    return isinstance(value, int | float) and 0 < value < float('inf')
