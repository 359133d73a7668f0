"""One run at a time in a folder, also among runs that know nothing of each other."""
import contextlib
import pathlib

import filelock

from runtime.errors import UserError

LOCK = 'run.lock'
PATIENCE = 2  # seconds in which the workers of a run that was killed notice it


@contextlib.contextmanager
def only_run_on(folder, flag):
    """Make `folder` and hold it against other runs while the block lasts; UserError if another run has it.

    `flag` is the command's flag that names the folder. The lock of a killed run does not hold, whatever became of its
    worker processes: filelock closes it in them. A folder that was made for nothing is removed again.
    """
    folder = pathlib.Path(folder)
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / LOCK, timeout=PATIENCE)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise UserError(f'{folder}: another run is writing there: wait for it, or choose another {flag}') from None
    except OSError:  # a file system without locks keeps no runs apart
        pass
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows keeps a file that is open
            (folder / LOCK).unlink()
        lock.release()
        with contextlib.suppress(OSError):
            for path in made:
                path.rmdir()
