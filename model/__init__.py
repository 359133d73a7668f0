"""The networks: AGCN, AAGCN and what they share."""
from runtime.dotted import submodules

__getattr__ = submodules(__name__)
