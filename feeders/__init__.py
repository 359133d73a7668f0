"""Datasets that hand clips to the model, and what is done to a clip on the way."""
import pkgutil

from runtime.dotted import submodules

__path__ = pkgutil.extend_path(__path__, __name__)  # beside ours, what folders of this name on PYTHONPATH hold
__getattr__ = submodules(__name__)
