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
    """A running `python <script> <arguments>` in the folder `cwd`, with `env` beside the environment of the tests.

    `script` may be -m, followed by a module. `input` is the text of its standard input. With `watched`, `lines` is its
    standard output as it comes, and ends when all processes that share it have ended.
    """

    def __init__(self, script, arguments, cwd, env=None, input='', watched=False):
        self.arguments = [str(script), *map(str, arguments)]
        self.folder = tempfile.TemporaryDirectory()
        files = [pathlib.Path(self.folder.name, name) for name in ('stdin', 'stdout', 'stderr')]
        files[0].write_text(input, encoding='utf-8')
        if watched:
            os.mkfifo(files[1])
        self.process = FORKS.Process(target=be_command, args=(
            self.arguments, str(cwd), {**os.environ, **(env or {})}, files))
        self.process.start()
        self.lines = files[1].open(encoding='utf-8') if watched else None
        self.outputs = files[1:]

    def ends_within(self, seconds):
        self.process.join(seconds)
        return self.process.exitcode is not None

    def finish(self, timeout=300):
        """Wait for its end and return the subprocess.CompletedProcess."""
        rest = self.lines.read() if self.lines else None
        if not self.ends_within(timeout):
            self.process.kill()
            raise subprocess.TimeoutExpired(self.arguments, timeout)
        texts = [rest if path.is_fifo() else path.read_text(encoding='utf-8') for path in self.outputs]
        self.folder.cleanup()
        return subprocess.CompletedProcess(self.arguments, self.process.exitcode, *texts)


def be_command(arguments, cwd, environment, files):
    """Be the command, in the forked process: its input and its outputs are `files`."""
    for number, path in enumerate(files):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT if number else os.O_RDONLY), number)
    sys.stdin, sys.stdout = os.fdopen(0, encoding='utf-8'), os.fdopen(1, 'w', encoding='utf-8')
    sys.stderr = os.fdopen(2, 'w', encoding='utf-8', buffering=1)
    multiprocessing.set_start_method(None, force=True)  # its workers are started as without the server
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    tests = str(pathlib.Path(__file__).parent)
    script, *sys.argv = arguments if arguments[0] == '-m' else [arguments[0], *arguments]
    first = cwd if script == '-m' else str(pathlib.Path(script).parent)
    sys.path[:] = [first, *(path for path in sys.path if not path.startswith(tests))]
    add_to_path(environment.get('PYTHONPATH', ''))
    if script == '-m':
        runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)
    else:
        runpy.run_path(script, run_name='__main__')


def add_to_path(folders):
    """Do what Python does at its start with PYTHONPATH `folders`: their sitecustomize.py is run.

    A package that it makes unimportable takes its imported modules along.
    """
    for folder in filter(None, folders.split(os.pathsep)):
        sys.path.insert(1, folder)
        site = pathlib.Path(folder, 'sitecustomize.py')
        if site.exists():
            runpy.run_path(str(site))
    for name in [name for name in sys.modules if sys.modules.get(name.partition('.')[0], name) is None]:
        sys.modules[name] = None


def run_as_ranks(number, script, arguments, cwd):
    """Run a command as `number` processes that find each other as under torchrun; return those that finished."""
    with socket.create_server(('localhost', 0)) as free:
        port = free.getsockname()[1]
    group = {'WORLD_SIZE': str(number), 'MASTER_ADDR': 'localhost', 'MASTER_PORT': str(port)}
    ranks = [Command(script, arguments, cwd, {**group, 'RANK': str(rank), 'LOCAL_RANK': str(rank)})
             for rank in range(number)]
    return [rank.finish() for rank in ranks]
