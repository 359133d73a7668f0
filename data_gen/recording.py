"""A Recording: what was seen, before anything is prepared for a network."""
from typing import Any, NamedTuple

import numpy as np

METRES, PIXELS, FRACTIONS = 'metres', 'pixels', 'fractions'
CENTRED = 'metres, centred by CTR-GCN'
# Fractions of an image lie between these, also where a person is partly outside of it.
MIN_FRACTION, MAX_FRACTION = -0.5, 1.5


class Recording(NamedTuple):
    """The joints of one recording, whatever its source; every reader of raw files returns one.

    - `joints`: float64 (M, T, V, C), all persons and all frames; C is x y z in 3D, and x y score in 2D. Where nobody
      is, and where a joint was not found, all values are 0.
    - `joint_names`: the names of the V joints, in the order of the array.
    - `dimensions`: 2 or 3.
    - `units`: METRES or CENTRED in 3D, PIXELS or FRACTIONS of the image in 2D, y downwards; None if nothing says them.
    - `image_size`: (width, height) of the image in pixels, None if it is not known.
    - `fps`: frames per second, None if they are not known.
    - `followed`: whether person m is the same person in all frames; else m is a position in its list.
    - `ids`: int64 (M, T), who is in each position of each frame, −1 for nobody; None if the source does not say.
    - `label`: the class that the file itself names, if it does.
    - `remarks`: lines on how the joints were made.
    """

    joints: np.ndarray
    joint_names: tuple
    dimensions: int
    units: Any = None
    image_size: Any = None
    fps: Any = None
    followed: bool = False
    ids: Any = None
    label: Any = None
    remarks: tuple = ()

    @property
    def size(self):
        """(width, height) of the image in the units of x and y: (1, 1) for fractions; None if it is not known."""
        return (1, 1) if self.units == FRACTIONS else self.image_size if self.units == PIXELS else None

    def part(self, first, end):
        """Return the Recording of the frames `first` to `end`, `end` excluded."""
        ids = None if self.ids is None else self.ids[:, first:end]
        return self._replace(joints=self.joints[:, first:end], ids=ids)
