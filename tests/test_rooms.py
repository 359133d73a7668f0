"""Which part of the project may import which, and that every module can be imported first."""
import importlib
import re
import sys

import pytest
from commands import FORKS
from conftest import ROOT

# Package → the packages of the project that its modules import.
MAY_IMPORT = {
    'graph': {'graph', 'runtime'},
    'data_gen': {'data_gen', 'graph', 'runtime'},
    'feeders': {'feeders', 'graph', 'runtime'},
    'runtime': {'runtime'},
}
PACKAGES = 'data_gen', 'feeders', 'figures', 'graph', 'model', 'prediction', 'runtime'
MODULES = sorted('.'.join(path.relative_to(ROOT).with_suffix('').parts).removesuffix('.__init__')
                 for package in PACKAGES for path in (ROOT / package).rglob('*.py'))


@pytest.mark.parametrize('package', MAY_IMPORT)
def test_data_go_one_way(package):
    for path in (ROOT / package).rglob('*.py'):
        found = set(re.findall(r'^\s*(?:from|import) (\w+)', path.read_text(), re.MULTILINE))
        assert found & {*PACKAGES, 'main', 'predict', 'ensemble', 'tests'} <= MAY_IMPORT[package], path


def test_preparing_data_needs_no_torch():
    assert not [path for path in (ROOT / 'data_gen').rglob('*.py')
                if re.search(r'^\s*(?:from|import) torch', path.read_text(), re.MULTILINE)]


@pytest.mark.parametrize('module', MODULES)
def test_every_module_imports_alone(module):
    process = FORKS.Process(target=import_first, args=(module,))
    process.start()
    process.join()
    assert process.exitcode == 0


def import_first(module):
    """Import a module into a process that has imported no other one of the project."""
    sys.path.insert(0, str(ROOT))
    importlib.import_module(module)
