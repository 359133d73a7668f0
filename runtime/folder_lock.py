"""One run at a time in a folder, across processes."""
import contextlib
import pathlib

import filelock

from runtime.errors import UserError

LOCK = 'run.lock'
PATIENCE = 2  # seconds in which the workers of a run that was killed notice it


@contextlib.contextmanager
def only_run_on(folder, flag):
    """Make `folder` and hold it against other runs while the block lasts; UserError if another run has it.

    `flag` is the command's flag that names the folder. The lock of a killed run is free, even if its worker
    processes still run: filelock closes it in them. A folder made here that stays empty is removed again.
    """
    folder = pathlib.Path(folder)
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / LOCK, timeout=PATIENCE)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise UserError(f'{folder}: another run is using this folder: wait for it, or choose another {flag}') from None
    except OSError:  # a file system without locks
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
