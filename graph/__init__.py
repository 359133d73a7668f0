"""Skeletons as graphs: one file each, with its joints, links and adjacency."""
import pkgutil

from runtime.dotted import submodules

__path__ = pkgutil.extend_path(__path__, __name__)  # beside ours, what folders of this name on PYTHONPATH hold
__getattr__ = submodules(__name__)
