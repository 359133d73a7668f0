"""Files that are complete or absent, and folders in which one run at a time writes."""
import contextlib
import os
import pathlib

import filelock

from runtime.errors import UserError


def temporary_path(path):
    """Return where a file is written until it is complete: `folder/name.npy` → `folder/name.npy.part`."""
    path = pathlib.Path(path)
    return path.with_name(path.name + '.part')


@contextlib.contextmanager
def write_whole(path, mode='wb', encoding=None):
    """Open a file that gets its final name `path` only when the block ends without an error.

    Missing folders are created. The content is on the disk before the rename, so that after a power failure either
    the old or the new file exists. After an error nothing is left, and an earlier file of that name is unchanged.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_path(path)
    try:
        with errors_name(path), open(temporary, mode, encoding=encoding) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def errors_name(path):
    """Within this block, an error of the operating system, such as a full disk, names the file at `path`."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


@contextlib.contextmanager
def only_run_on(folder, flag):
    """Make `folder` and hold it against other runs while the block lasts; UserError if another run has it.

    `flag` is the command's flag that names the folder. The lock of a killed run is free.
    """
    path = pathlib.Path(folder, 'run.lock')
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(path, timeout=2)  # seconds in which the workers of a killed run notice it
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
            path.unlink()
        lock.release()
