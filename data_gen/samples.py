"""What the scripts of data preparation say of a sample: where it comes from, where it goes, why it is left out."""
from typing import Any, NamedTuple

from runtime.errors import UserError


class Sample(NamedTuple):
    """One raw recording: its name and label as in the label files, the parts it goes to, and where it is read from.

    `parts` names parts as paths under the output folder, 'xsub/train' or 'train'. A sample that is known to be broken
    before it is read has none: it takes no room, and the function that makes clips only says what is wrong. `source`
    is whatever that function needs, such as a path. `stamp` is anything that changes when the raw data change, such
    as a file's size and time; work that was broken off is only continued if it is the same.
    """

    name: str
    label: int
    parts: tuple
    source: Any
    stamp: Any = None


def stamp_of(entry):
    """Return what changes when the file changes that os.scandir found, None where that cannot be told."""
    try:
        status = entry.stat()
    except OSError:
        return None  # a link that leads nowhere: whoever reads the file says so
    return status.st_size, status.st_mtime_ns


class BrokenSample(UserError):
    """The raw data of one sample are damaged. The text names the file and what is wrong with it."""


class EmptySample(Exception):
    """One sample has nothing to learn from. The text is the reason, the same for all such samples."""
