"""Freed memory is kept for the next array, where the C library can be told so."""
import platform
import subprocess
import sys

import pytest

from tests.conftest import ROOT

FAULTS = """
import resource
import numpy as np
from runtime.memory import keep_freed_memory

keep_freed_memory()
for number in range(2):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(2 ** 23)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='another C library than glibc')
def test_a_second_array_takes_the_memory_of_the_first():
    process = subprocess.run([sys.executable, '-c', FAULTS], cwd=ROOT, capture_output=True, text=True, check=True)
    first, second = map(int, process.stdout.split())
    assert first > 100 and second < first / 10


def test_another_c_library_changes_nothing(monkeypatch):
    from runtime import memory

    def no_such_library(_name):
        raise OSError('none')
    monkeypatch.setattr(memory.ctypes, 'CDLL', no_such_library)
    memory.keep_freed_memory()
