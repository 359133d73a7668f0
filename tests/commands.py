"""The project's commands in processes of their own, without the seconds that each would take to import torch.

They are forked from a server that has imported the libraries, but no module of the project.
"""
import multiprocessing
import os
import pathlib
import runpy
import socket
import subprocess
import sys
import tempfile

FORKS = multiprocessing.get_context('forkserver')
FORKS.set_forkserver_preload([
    'numpy', 'torch', 'torch._dynamo', 'torch.utils.data', 'yaml', 'tqdm', 'tensorboardX', 'matplotlib.figure',
    'matplotlib.backends.backend_agg'])


class Command:
    """A running `python <script> <arguments>` in the folder `cwd`, with `env` beside the environment of the tests."""

    def __init__(self, script, arguments, cwd, env=None):
        self.arguments = [str(script), *map(str, arguments)]
        self.folder = tempfile.TemporaryDirectory()
        self.outputs = [pathlib.Path(self.folder.name, name) for name in ('stdout', 'stderr')]
        self.process = FORKS.Process(target=be_command, args=(
            self.arguments, str(cwd), {**os.environ, **(env or {})}, self.outputs))
        self.process.start()

    def ends_within(self, seconds):
        self.process.join(seconds)
        return self.process.exitcode is not None

    def finish(self, timeout=300):
        """Wait for its end and return the subprocess.CompletedProcess."""
        if not self.ends_within(timeout):
            self.process.kill()
            raise subprocess.TimeoutExpired(self.arguments, timeout)
        texts = [path.read_text(encoding='utf-8') for path in self.outputs]
        self.folder.cleanup()
        return subprocess.CompletedProcess(self.arguments, self.process.exitcode, *texts)


def be_command(arguments, cwd, environment, outputs):
    """Be the command, in the forked process: its output goes to the files `outputs`."""
    for number, path in enumerate(outputs, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    sys.stdout.reconfigure(encoding='utf-8')
    sys.stderr.reconfigure(encoding='utf-8', line_buffering=True)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    script, tests = arguments[0], str(pathlib.Path(__file__).parent)
    sys.argv = arguments
    sys.path[:] = [str(pathlib.Path(script).parent), *(path for path in sys.path if not path.startswith(tests))]
    runpy.run_path(script, run_name='__main__')


def run_as_ranks(number, script, arguments, cwd, timeout=300):
    """Run a command as `number` processes that find each other as under torchrun; return those that finished."""
    with socket.create_server(('localhost', 0)) as free:
        port = free.getsockname()[1]
    group = {'WORLD_SIZE': str(number), 'MASTER_ADDR': 'localhost', 'MASTER_PORT': str(port)}
    ranks = [Command(script, arguments, cwd, {**group, 'RANK': str(rank), 'LOCAL_RANK': str(rank)})
             for rank in range(number)]
    return [rank.finish(timeout) for rank in ranks]
