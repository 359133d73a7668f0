"""What a reader of raw files returns: the samples that there are, and one recording as joints."""
from typing import Any, NamedTuple

import numpy as np

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


class Recording(NamedTuple):
    """The joints of one recording, as every `read_recording` returns them.

    `joints` is float64 (M, T, V, C): all persons and all frames that the file holds. C is x y z in 3D; in 2D it is x y
    score. Where nobody is, and where a joint was not found, all values are 0. `label` is the class that the file
    itself names, if it does. `image_size` (width, height) is the image of a 2D recording in the units of x and y:
    pixels, or (1, 1) for shares of the image; None if it is not known. `remarks` are lines on how the joints were made.
    """

    joints: np.ndarray
    label: Any = None
    image_size: Any = None
    remarks: tuple = ()


class BrokenSample(UserError):
    """The raw data of one sample are damaged. The text names the file and what is wrong with it."""
