"""Dotted names of classes, by which a config names its feeder, model and graph: ours, and plug-ins of other authors."""
import importlib
import inspect
import re

from runtime.errors import UserError, short_repr

OURS = {'feeders.feeder', 'feeders.parts', 'feeders.pyskl', 'graph.coco', 'graph.kinetics', 'graph.ntu_rgb_d',
        'graph.skeleton', 'model.aagcn', 'model.agcn'}


def import_class(name):
    """Return the class with the dotted name `name`, such as 'model.agcn.Model'.

    It may be a function that returns an instance. Raises UserError if its module or the class in it does not exist.
    """
    if not re.fullmatch(r'\w+(\.\w+)+', str(name)):
        raise UserError(f'{short_repr(name)} is not a dotted class name, such as feeders.feeder.Feeder')
    module_name, _, class_name = name.rpartition('.')
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise UserError(f"'{name}': {error}: check the name, or install it") from None
    if not callable(getattr(module, class_name, None)):
        raise UserError(f"'{name}': module {module_name} has no class {class_name}")
    return getattr(module, class_name)


def build(name, arguments, key):
    """Return an instance of the class with the dotted name `name`, made with the dict `arguments`.

    `key` is the config's key that holds the arguments, for the line that a wrong or a missing one gets.
    """
    built_class = import_class(name)
    signature = inspect.signature(built_class)
    try:
        given = signature.bind(**arguments).arguments
    except TypeError as error:
        raise UserError(f'{key}: {name}: {error} (it takes {", ".join(signature.parameters)})') from None
    for argument, value in given.items():
        default = signature.parameters[argument].default
        if isinstance(default, int | float) and isinstance(value, str):
            raise UserError(f'{key}: {name}: {argument}: {short_repr(value)} is text, but a value such as {default} is '
                            'needed (to YAML 1e-2 is text; 0.01 and 1.0e-2 are numbers)')
    try:
        return built_class(**arguments)
    except ValueError as error:
        if built_class.__module__ not in OURS:  # authors of plug-ins need the traceback
            raise
        raise UserError(f'{key}: {name}: {error}') from error


def submodules(package):
    """Return a package's `__getattr__` by which its submodules are attributes, imported when asked for.

    Other authors' models and feeders rely on it: they import `graph` and use `graph.ntu_rgb_d.Graph`.
    """
    def module_getattr(name):
        try:
            return importlib.import_module(f'{package}.{name}')
        except ModuleNotFoundError as error:
            if error.name != f'{package}.{name}':
                raise
            raise AttributeError(f"module '{package}' has no attribute '{name}'") from None
    return module_getattr
