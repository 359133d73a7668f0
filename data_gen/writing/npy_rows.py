"""A `.npy` file that is written row by row, in one pass and with bounded memory."""
import numpy as np


class NpyRows:
    """Rows of float32 added to an open binary file; `finish` states their number in the file's header."""

    def __init__(self, file):
        self.file = file
        self.number, self.shape = 0, ()

    def add(self, rows):
        """Add an array (n, …); all have the same shape from the second axis on."""
        if self.number == 0:
            self.shape = rows.shape[1:]
            self.write_header()
        self.file.write(np.ascontiguousarray(rows, np.float32).data)
        self.number += len(rows)

    def finish(self):
        self.file.seek(0)
        self.write_header()  # as long as the first one: NumPy leaves room for the number of rows
        self.file.flush()

    def write_header(self):
        header = {'descr': '<f4', 'fortran_order': False, 'shape': (self.number, *self.shape)}
        np.lib.format.write_array_header_1_0(self.file, header)
