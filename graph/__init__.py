"""Skeletons as graphs: one file each, with its joints, links and adjacency."""
from runtime.dotted import submodules

__getattr__ = submodules(__name__)
