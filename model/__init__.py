"""The networks AGCN and AAGCN, their parts, and their training recipe."""
import pkgutil

from runtime.dotted import submodules

__path__ = pkgutil.extend_path(__path__, __name__)  # folders of this name on PYTHONPATH belong to it, too
__getattr__ = submodules(__name__)
