"""One run at a time on a folder, also among runs that know nothing of each other."""
import contextlib
import pathlib

import filelock

from runtime.errors import UserError

LOCK = 'gendata.lock'
PATIENCE = 2  # seconds in which the workers of a run that was killed notice it


@contextlib.contextmanager
def only_run_on(folder):
    """Make `folder` and hold it against other runs while the block lasts; UserError if another run has it.

    A lock of a run that was killed does not hold. What the folder lacks in the end, because nothing was written, is not
    left behind.
    """
    folder = pathlib.Path(folder)
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / LOCK, timeout=PATIENCE)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise UserError(f'{folder}: another run is writing there: wait for it, or choose another '
                        '--out_folder') from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows keeps a file that is open
            (folder / LOCK).unlink()
        lock.release()
        with contextlib.suppress(OSError):
            for path in made:
                path.rmdir()
