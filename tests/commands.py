"""The project's commands in processes of their own, without the seconds that each would take to import torch.

They are forked from a server that has imported the libraries, but no module of the project.
"""
import multiprocessing
import os
import pathlib
import runpy
import subprocess
import sys
import tempfile

FORKS = multiprocessing.get_context('forkserver')
FORKS.set_forkserver_preload(['numpy', 'torch', 'torch._dynamo', 'torch.utils.data', 'yaml', 'tqdm', 'tensorboardX'])


def run_forked(script, arguments, cwd, timeout):
    """Run `python <script> <arguments>` in the folder `cwd`; return the subprocess.CompletedProcess."""
    with tempfile.TemporaryDirectory() as folder:
        outputs = [pathlib.Path(folder, name) for name in ('stdout', 'stderr')]
        process = FORKS.Process(target=be_command, args=(script, arguments, cwd, dict(os.environ), outputs))
        process.start()
        process.join(timeout)
        if process.is_alive():
            process.kill()
            raise subprocess.TimeoutExpired([script, *arguments], timeout)
        texts = [path.read_text(encoding='utf-8') for path in outputs]
    return subprocess.CompletedProcess([script, *arguments], process.exitcode, *texts)


def be_command(script, arguments, cwd, environment, outputs):
    """Be the command, in the forked process: its output goes to the files `outputs`."""
    for number, path in enumerate(outputs, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    sys.stdout.reconfigure(encoding='utf-8')
    sys.stderr.reconfigure(encoding='utf-8', line_buffering=True)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    tests = str(pathlib.Path(__file__).parent)
    sys.argv = [script, *arguments]
    sys.path[:] = [str(pathlib.Path(script).parent), *(path for path in sys.path if not path.startswith(tests))]
    runpy.run_path(script, run_name='__main__')
