"""Plug-ins: models, feeders and graphs of other authors, which a config names by their dotted names."""
import contextlib
import importlib.util
import traceback

OURS = {'feeders.feeder', 'feeders.parts', 'feeders.pyskl', 'graph.coco', 'graph.kinetics', 'graph.ntu_rgb_d',
        'graph.skeleton', 'model.aagcn', 'model.agcn'}

_sources = {}  # source file → the config's key and value


def remember(name, key):
    """Remember that the config's `key` names the class `name`, which may not exist."""
    module_name = name.rpartition('.')[0]
    with contextlib.suppress(ImportError, ValueError):
        spec = importlib.util.find_spec(module_name)
        if spec is not None and module_name not in OURS:
            _sources[spec.origin] = f'{key}: {name}'


def origin(error):
    """Return the line that says which plug-in raised `error`, None if none did.

    It is the last one in the traceback. That of a DataLoader's worker process is part of the error's text.
    """
    text = ''.join(traceback.format_exception(error))
    *_, (at, source) = sorted([(-1, ''), *((text.rfind(f'"{source}"'), source) for source in _sources)])
    return f'{source}: this plug-in ({_sources[source]}) raised the following exception' if at >= 0 else None
