"""Files that are complete or absent: written under a temporary name, then renamed."""
import contextlib
import os
import pathlib


def part_path(path):
    """Return where a file is written until it is whole: `folder/name.npy` → `folder/name.npy.part`."""
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
    part = part_path(path)
    try:
        with named(path), open(part, mode, encoding=encoding) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def named(path):
    """Within this block, an error of the operating system, such as a full disk, names the file at `path`."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
