"""What every test may use: the folder of reference answers, and commands run as a user runs them."""
import os
import pathlib
import pickle

os.environ.setdefault('OMP_NUM_THREADS', '1')  # tiny models gain nothing from threads, and tests run side by side

import numpy as np  # noqa: E402
import pytest  # noqa: E402
from commands import Command  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / 'shared'


def pytest_addoption(parser):
    parser.addoption('--device', default='cuda', help='where the tests marked cuda run; cpu tries them without a GPU')
    parser.addoption('--long', action='store_true', help='run the long mode of the tests that have one')


@pytest.fixture(scope='session')
def long_mode(request):
    return request.config.getoption('--long')


def shared_path(relative):
    """Return ../shared/<relative>, or skip the test where that folder is not there."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f'needs ../shared/{relative}, which is not here')
    return path


@pytest.fixture(scope='session')
def golden():
    """A function: the name of a file in ../shared/golden → its arrays, by name."""
    def load(name):
        with np.load(shared_path('golden') / name) as arrays:
            return dict(arrays)
    return load


def run_script(script, *arguments, cwd, status=0, env=None):
    """Run `python <script> <arguments>` in the folder `cwd` and return the finished process.

    A script is named from the project's root; the process's standard input is empty, and `status` is asserted.
    """
    process = Command(ROOT / script, arguments, cwd, env).finish()
    assert process.returncode == status, f'{script}: {process.returncode}\n{process.stdout}\n{process.stderr}'
    return process


@pytest.fixture
def run(tmp_path):
    """The function `run_script`, in a temporary folder if no other is given."""
    def run_there(script, *arguments, cwd=tmp_path, **options):
        return run_script(script, *arguments, cwd=cwd, **options)
    return run_there


def assert_one_line_error(process, *words):
    """The process said what is wrong in one line, without a traceback, and that line holds all `words`."""
    lines = [line for line in process.stderr.splitlines() if line.startswith('error: ')]
    assert len(lines) == 1, process.stderr
    assert 'Traceback' not in process.stderr
    for word in words:
        assert str(word) in lines[0], lines[0]


@pytest.fixture
def data(tmp_path):
    """The folder of a tiny data set: 16 training clips and 8 test clips."""
    from tiny import write_dataset  # brings torch, which most tests of commands do without
    write_dataset(tmp_path / 'data')
    return tmp_path / 'data'


@pytest.fixture
def processor(data, tmp_path):
    """A function that makes a Processor on `data`, with changes of the tiny config."""
    from tiny import config, write_config

    from main import Processor, get_parser

    def make(**changes):
        path = write_config(tmp_path / 'c.yaml', config(data, tmp_path, **changes))
        return Processor(get_parser().parse_with_config(['--config', str(path)]))
    return make


@pytest.fixture
def train(run, data, tmp_path):
    """A function that trains on `data` by command, with flags and changes of the config; returns the process."""
    from tiny import config, write_config

    def train_with(*flags, status=0, folder='.', **changes):
        work = tmp_path / folder
        work.mkdir(exist_ok=True)
        path = write_config(work / 'train.yaml', config(data, work, **changes))
        return run('main.py', '--config', path, *flags, status=status)
    return train_with


@pytest.fixture
def feed(tmp_path):
    """A function: array (N, C, T, V, M), arguments → a Feeder over it, all labels 0."""
    from feeders.feeder import Feeder

    def make(x, **arguments):
        np.save(tmp_path / 'joint.npy', x)
        (tmp_path / 'label.pkl').write_bytes(pickle.dumps((list(map(str, range(len(x)))), [0] * len(x))))
        return Feeder(tmp_path / 'joint.npy', tmp_path / 'label.pkl', **arguments)
    return make
