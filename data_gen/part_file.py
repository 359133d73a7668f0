"""One part of a data set on its way to the disk: rows written in any order, by any process, then `.npy` and labels."""
import io
import math
import os
import pickle

import numpy as np

from runtime.atomic_file import named, part_path, write_whole


class PartFile:
    """`{part}_data_joint.npy` (N, *shape) float32 and `{part}_label.pkl` in the folder `out_folder`.

    Row i is for samples[members[i]]. Rows are written beside the final name, into a file made as long as all of them.
    Samples that turn out to be of no use leave holes in it; `finish` closes those, moves the file to its final name
    and writes the labels. All of that can be broken off at any point and be done again: `moved` tells how far the
    closing of the holes has got.
    """

    def __init__(self, out_folder, part, samples, members, shape):
        self.part = part
        self.samples = samples
        self.members = members
        self.shape = shape
        self.data_path = out_folder / f'{part}_data_joint.npy'
        self.label_path = out_folder / f'{part}_label.pkl'
        self.unfinished = part_path(self.data_path)
        self.row_bytes = 4 * math.prod(shape)
        self.header_bytes = len(npy_header((len(members), *shape)))
        self.file = None

    def exists(self):
        """Say whether both files are there, under their final names."""
        return self.data_path.exists() and self.label_path.exists()

    def size(self):
        """Return the number of bytes of the file with all rows."""
        return self.header_bytes + len(self.members) * self.row_bytes

    def create(self):
        """Make the unfinished file anew, as long as it will be and empty."""
        self.close()
        self.unfinished.parent.mkdir(parents=True, exist_ok=True)
        self.file = os.open(self.unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
        with named(self.data_path):
            os.ftruncate(self.file, self.size())

    def reopen(self):
        """Open the unfinished file to go on with it; return whether it is there."""
        if self.unfinished.exists():
            self.file = os.open(self.unfinished, os.O_RDWR)
        return self.file is not None

    def discard(self):
        """Delete the unfinished file."""
        self.close()
        self.unfinished.unlink(missing_ok=True)

    def close(self):
        """Close the unfinished file, if it is open."""
        if self.file is not None:
            os.close(self.file)
            self.file = None

    def offset(self, row):
        """Return where a row's bytes start in the file."""
        return self.header_bytes + row * self.row_bytes

    def write_row(self, row, data):
        """Write the bytes `data` of a row. Any process that was forked may, at any time."""
        rest, offset = memoryview(data), self.offset(row)
        with named(self.data_path):
            while rest:
                written = os.pwrite(self.file, rest, offset)
                rest, offset = rest[written:], offset + written

    def finish(self, kept, moved, note_moved):
        """Give the file and the labels their final names, with only the rows in the sorted list `kept`.

        Returns the number of rows. With none, nothing is left. Before each move of a row, and when all are moved,
        `note_moved` is told how many rows are in their places; `moved` is the last such number of an earlier attempt.
        """
        if not kept:
            self.discard()
            return 0
        if self.file is not None:
            with named(self.data_path):
                self.close_holes(kept, moved, note_moved)
                os.pwrite(self.file, npy_header((len(kept), *self.shape)), 0)
                os.ftruncate(self.file, self.offset(len(kept)))
                os.fsync(self.file)
            self.close()
            self.label_path.unlink(missing_ok=True)  # never new data beside old labels
            os.replace(self.unfinished, self.data_path)
        names, labels = [], []
        for row in kept:
            sample = self.samples[self.members[row]]
            names.append(sample.name)
            labels.append(sample.label)
        with write_whole(self.label_path) as file:
            pickle.dump((names, labels), file)
        return len(kept)

    def close_holes(self, kept, moved, note_moved):
        """Move the rows in `kept` to the front, from row `moved` on, one after the other.

        The place of a row is free when the next but one is moved at the earliest, so a move can be done twice.
        """
        for new, old in enumerate(kept):
            if new < old and new >= moved:
                note_moved(new)
                self.write_row(new, os.pread(self.file, self.row_bytes, self.offset(old)))
        note_moved(len(kept))


def npy_header(shape):
    """Return the bytes before the data of a `.npy` file of float32 in this shape; their number is that of any N."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {'descr': '<f4', 'fortran_order': False, 'shape': shape})
    return header.getvalue()
