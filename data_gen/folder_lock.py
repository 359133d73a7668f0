"""One run at a time on a folder, also among runs that know nothing of each other."""
import contextlib
import fcntl
import os
import pathlib
import time

from runtime.errors import UserError

PATIENCE = 2  # seconds in which the processes of a run that was killed notice it


@contextlib.contextmanager
def only_run_on(folder):
    """Make `folder` and hold it against other runs while the block lasts; UserError if another run has it.

    The system lets go of the lock when the last process of a run has ended, however it ended: those that were forked
    hold it too, so that nothing of a killed run can still be writing when the next one starts.
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / 'gendata.lock'
    patience = time.monotonic() + PATIENCE
    while (lock := try_to_lock(path)) is None:
        if time.monotonic() > patience:
            raise UserError(f'{folder}: another run is writing there: wait for it, or choose another --out_folder')
        time.sleep(0.05)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(lock)


def try_to_lock(path):
    """Return the open file that holds the lock at `path`, None if another process holds it."""
    lock = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(lock), os.stat(path)):
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass  # held by another run, or removed by one that has just ended
    os.close(lock)
    return None
