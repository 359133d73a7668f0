"""The libraries that only videos and pose estimators' files need, imported where they are used."""
import importlib

from runtime.errors import UserError


def library(name):
    """Return the module `name`; UserError, which says how to install it, if it is missing."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise UserError(f'{error.name} is needed here: pip install -r requirements-video.txt') from None
