"""Datasets that hand clips to the model, and what is done to a clip on the way."""
from runtime.dotted import submodules

__getattr__ = submodules(__name__)
