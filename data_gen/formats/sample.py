"""The samples of a data set, as the readers of raw files list them, and what can be wrong with one."""
from typing import Any, NamedTuple

from runtime.errors import UserError


class Sample(NamedTuple):
    """One raw recording: its name and label as in the label files, the parts it goes to, and where it is read from.

    `parts` names parts as paths under the output folder, 'xsub/train' or 'train'. `source` is what the format's
    `read_recording` takes, such as a path. A sample that is known to be broken before it is read has no parts, and
    `problem` says why, beginning with the file's name.
    """

    name: str
    label: int
    parts: tuple
    source: Any = None
    problem: str = ''


class BrokenSample(UserError):
    """The raw data of one sample are damaged. The text names the file and what is wrong with it."""
