"""CTR-GCN's arrays: one `.npz` of a benchmark of NTU RGB+D, and each clip in it as joints.

Format: https://github.com/Uason-Chen/CTR-GCN, data/ntu/seq_transformation.py. A frame of `x_train` and `x_test`
(N, T, 150) is 2 persons × 25 joints × x y z; `y_train` and `y_test` (N, number of classes) are one-hot. Clips are
called train_0, test_0 and so on, as by CTR-GCN's feeder.
"""
import functools
import math
import zipfile

import numpy as np

from data_gen.formats.ntu_skeleton import FPS
from data_gen.formats.raw_file import check_size, reading
from data_gen.formats.sample import BrokenSample, Sample
from data_gen.recording import CENTRED, Recording
from graph.skeleton import skeleton
from runtime.errors import UserError

PARTS = {'train': 'train', 'test': 'val'}  # the end of the arrays' names → the part
PERSONS, JOINTS, COORDINATES = 2, 25, 3
VALUES = PERSONS * JOINTS * COORDINATES  # of a frame


class ArrayInArchive:
    """The array `name` in the `.npz` at `path`, whose rows are read one by one; `shape` and `dtype` are its own.

    Reading on from the last row is fast, whether the archive is compressed or not.
    """

    def __init__(self, path, name):
        self.file = zipfile.ZipFile(path).open(f'{name}.npy')  # noqa: SIM115 - read from as long as the array is used
        version = np.lib.format.read_magic(self.file)
        read_header = getattr(np.lib.format, f'read_array_header_{min(version[0], 2)}_0')  # 3.0 has the form of 2.0
        self.shape, is_fortran, self.dtype = read_header(self.file)
        self.start = self.file.tell()
        if is_fortran or self.dtype.kind not in 'fiu' or not self.shape:
            raise ValueError(f'{name} is no array of numbers, row after row')

    def row(self, number):
        """Return row `number`, of the shape `shape[1:]`."""
        size = math.prod(self.shape[1:]) * self.dtype.itemsize
        self.file.seek(self.start + number * size)
        return np.frombuffer(self.file.read(size), self.dtype).reshape(self.shape[1:])


def list_recordings(path):
    """Return (Samples in the order of the rows, T) of the `.npz` at `path`; UserError if it has another form."""
    samples, lengths = [], set()
    open(path, 'rb').close()  # an OSError from here on means a damaged archive
    for end, part in PARTS.items():
        try:
            x = ArrayInArchive(path, f'x_{end}')
            with np.load(path, allow_pickle=False) as arrays:
                y = arrays[f'y_{end}']
            N, T, values = x.shape
            if values != VALUES or y.ndim != 2 or len(y) != N or ((y > 0).sum(1) != 1).any():
                raise ValueError(f'x_{end} is {x.shape}, not (N, T, {VALUES}), or y_{end}, {y.shape}, is not one-hot')
        except Exception as error:  # a damaged archive can raise any of a dozen exceptions
            raise UserError(f"{path}: not CTR-GCN's arrays x_train, y_train, x_test and y_test, or not whole: {error}"
                            ) from None
        lengths.add(T)
        samples += [Sample(f'{end}_{n}', label, (part,), (path, f'x_{end}', n))
                    for n, label in enumerate(y.argmax(1).tolist())]
    if len(lengths) > 1:
        raise UserError(f'{path}: x_train and x_test have clips of {" and ".join(map(str, sorted(lengths)))} frames')
    return samples, T


open_array = functools.lru_cache(maxsize=1)(ArrayInArchive)  # one for each process, which reads on in it


def read_recording(source):
    """Return the Recording in a source (path, name of the array, row): joints (2, T, 25, 3), centred, in metres."""
    path, name, number = source
    with reading(f'{path}: row {number} of {name}'):
        try:
            row = open_array(path, name).row(number)
        except Exception as error:  # as above
            raise BrokenSample(f'cannot be read: {error}') from None
        check_size(row)
        joints = row.reshape(-1, PERSONS, JOINTS, COORDINATES).transpose(1, 0, 2, 3).astype(np.float64)
        return Recording(joints, tuple(skeleton('ntu25').joint_names), 3, CENTRED, fps=FPS, followed=True)
