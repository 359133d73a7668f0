"""A command of data preparation that is killed at work."""
import contextlib
import shutil
import signal
import subprocess
import sys

from tests.conftest import ROOT


def kill_at_work(script, arguments, out):
    """Run the command until its journal in the folder `out` has some lines, then kill it with SIGKILL."""
    for _ in range(10):  # a machine that is very fast, or very slow to tell, may end the run before it is killed
        command = subprocess.Popen([sys.executable, str(ROOT / script), *map(str, arguments)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        journal = out / 'gendata.journal'
        while command.poll() is None:
            with contextlib.suppress(FileNotFoundError):
                if journal.read_bytes().count(b'\n') >= 4:
                    command.kill()
        if command.returncode == -signal.SIGKILL and journal.exists():
            return
        shutil.rmtree(out)
    raise AssertionError(f'{script} was never killed at work')
