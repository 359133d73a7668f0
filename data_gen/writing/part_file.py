"""One part of a data set on its way to the disk: rows of clips and their labels, then the two final files."""
import contextlib
import io
import os
import pathlib
import pickle

import numpy as np

from graph.streams import FILE_STREAMS
from runtime.atomic_file import errors_name, temporary_path, write_whole


class PartFile:
    """`{part}_data_joint.npy` (N, *shape) float32 and `{part}_label.pkl` in the folder `out_folder`.

    Rows are written beside the final name, one after the other; `finish` moves the file there and writes the labels.
    """

    def __init__(self, out_folder, part, shape):
        self.part = part
        self.part_name = pathlib.PurePath(part).name
        self.shape = shape
        self.data_path = out_folder / f'{part}_data_joint.npy'
        self.label_path = out_folder / f'{part}_label.pkl'
        self.unfinished = temporary_path(self.data_path)
        self.names, self.labels = [], []
        self.file = None

    def exists(self):
        """Return whether both files exist under their final names."""
        return self.data_path.exists() and self.label_path.exists()

    def add(self, sample, clip):
        """Write the row of a Sample: its clip, float32 of the part's shape."""
        with errors_name(self.data_path):
            if self.file is None:
                self.unfinished.parent.mkdir(parents=True, exist_ok=True)
                self.file = open(self.unfinished, 'wb')  # noqa: SIM115 - closed by finish or discard
                self.file.write(npy_header((0, *self.shape)))
            self.file.write(np.ascontiguousarray(clip).data)
        self.names.append(sample.name)
        self.labels.append(sample.label)

    def finish(self):
        """Give the file and the labels their final names, if there are rows; return the number of rows."""
        if self.file is None:
            print(f'{self.part}: not written, because it has no samples')
            return 0
        with errors_name(self.data_path):
            self.file.seek(0)
            self.file.write(npy_header((len(self.names), *self.shape)))  # as long for any number of rows
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()
        self.label_path.unlink(missing_ok=True)  # never new data beside old labels
        for stream in FILE_STREAMS[1:]:
            derived = self.data_path.with_name(f'{self.part_name}_data_{stream}.npy')
            if derived.exists():
                print(f'{derived}: removed, as it was derived from joints that are replaced: make it again')
                derived.unlink()
        os.replace(self.unfinished, self.data_path)
        with write_whole(self.label_path) as file:
            pickle.dump((self.names, self.labels), file)
        print(f'{self.data_path}: {len(self.names)} samples')
        return len(self.names)

    def discard(self):
        """Delete unfinished files, also those that a killed run has left."""
        if self.file is not None:
            with contextlib.suppress(OSError):  # a full disk may refuse the last bytes
                self.file.close()
        self.unfinished.unlink(missing_ok=True)
        temporary_path(self.label_path).unlink(missing_ok=True)
        if self.file is not None:
            with contextlib.suppress(OSError):  # a folder with other files in it stays
                self.unfinished.parent.rmdir()


def npy_header(shape):
    """Return the bytes before the data of a `.npy` file of float32 in this shape; as many for any number of rows."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {'descr': '<f4', 'fortran_order': False, 'shape': shape})
    return header.getvalue()
