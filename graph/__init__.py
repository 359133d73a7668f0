"""Skeletons as graphs: one file each, with its joints, links and adjacency."""
import pkgutil

from runtime.dotted import submodules

__path__ = pkgutil.extend_path(__path__, __name__)  # folders of this name on PYTHONPATH belong to it, too
__getattr__ = submodules(__name__)
