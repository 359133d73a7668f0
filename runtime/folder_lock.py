"""One run at a time in a folder, also among runs that know nothing of each other."""
import contextlib

import filelock

from runtime.errors import UserError

LOCK = 'run.lock'


@contextlib.contextmanager
def only_run_in(folder, flag):
    """Make `folder` and keep other runs out of it while the block lasts; UserError if one is there already.

    `flag` is the command's flag that names the folder. The lock ends with this process, even a killed one: filelock
    closes it in worker processes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise UserError(f'{folder}: another run is writing there: wait for it, or choose another {flag}') from None
    except OSError:  # a file system without locks keeps no runs apart
        yield
        return
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows keeps a file that is open
            (folder / LOCK).unlink()
        lock.release()
