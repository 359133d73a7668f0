"""Where the Preparation of a data set is found: in `preparation.yaml` beside it, or by the graph of a config."""
import dataclasses
import pathlib

from data_gen.preparation import (
    BEST_OF_CLIP,
    CHOICES,
    CTRGCN,
    FLAT,
    KINDS,
    MOST_ACTIVE,
    NTU,
    OWN,
    Preparation,
    published,
    pyskl,
)
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
        content = content if 'kind' in content else before_kinds(content, path)
        fields = {field.name: field for field in dataclasses.fields(Preparation)}
        if unknown := content.keys() - fields.keys():
            raise ValueError(f"there is no key '{min(unknown)}'")
        needed_keys = {name for name, field in fields.items() if field.default is dataclasses.MISSING}
        if missing := needed_keys - content.keys():
            raise ValueError(f'no {", ".join(sorted(missing))}')
        return checked(Preparation(**content))
    except (ValueError, TypeError) as error:
        raise UserError(f'{path}: {error}: prepare the data again with data_gen/') from None


def before_kinds(content, path):
    """Return the content of a file from before there were kinds, as of now; ValueError if it says too little."""
    if 'joints' not in content:
        raise ValueError(f'no kind: one of {", ".join(KINDS)}')
    content = dict(content)
    joints, dimensions = content.pop('joints'), content.get('dimensions')
    skeleton = read_yaml(path.with_name(SKELETON))
    if skeleton.get('joints') != joints:
        raise ValueError(f'its joints are not those of the {SKELETON} beside it')
    if dimensions == 3:
        return {'kind': OWN, 'choose': MOST_ACTIVE, 'skeleton': skeleton, **content}
    if content.get('image_size') is None:
        raise ValueError('it does not say what its x and y are')
    return {'kind': FLAT, 'choose': BEST_OF_CLIP, 'skeleton': skeleton, 'units': FRACTIONS, **content}


def checked(preparation):
    """Return the Preparation; ValueError, which names the key, if it cannot be followed."""
    number = {name: i for i, name in enumerate(Graph(**preparation.skeleton).joint_names)}
    for key, known in (('kind', KINDS), ('choose', CHOICES), ('dimensions', (2, 3)),
                       ('units', (METRES, FRACTIONS, CENTRED, None))):
        if getattr(preparation, key) not in known:
            raise ValueError(f'{key}: {short_repr(getattr(preparation, key))} is none of {", ".join(map(str, known))}')
    if preparation.dimensions != {NTU: 3, OWN: 3, CTRGCN: 3, FLAT: 2}.get(preparation.kind, preparation.dimensions):
        raise ValueError(f'dimensions: clips of the kind {preparation.kind} have others than {preparation.dimensions}')
    for key in ('frames', 'persons', 'bodies'):
        value = getattr(preparation, key)
        if value is not None and (not isinstance(value, int) or value < 1):
            raise ValueError(f'{key}: {short_repr(value)} is no number from 1')
    for key, count in (('center', 1), ('up', 2), ('right', 2)):
        value = getattr(preparation, key)
        if value is None:
            continue
        if preparation.dimensions != 3:
            raise ValueError(f'{key}: only joints in 3 dimensions are centred and turned')
        names = [value] if count == 1 else value
        if not isinstance(names, list) or len({joint_number(name, key, number) for name in names}) != count:
            raise ValueError(f'{key}: {short_repr(value)} is no pair of joints')
    if preparation.fps is not None and not is_positive(preparation.fps):
        raise ValueError(f'fps: {short_repr(preparation.fps)} is no number above 0')
    size = preparation.image_size
    if size is not None and not (isinstance(size, list) and len(size) == 2 and all(map(is_positive, size))):
        raise ValueError(f'image_size: {short_repr(size)} is no width and height')
    if size is not None and preparation.dimensions != 2:
        raise ValueError('image_size: only joints in 2 dimensions are in an image')
    return preparation


def is_positive(value):
    return isinstance(value, int | float) and 0 < value < float('inf')
