"""What TensorBoard shows of a run: scalars and texts."""
import errno
import os
import pathlib
import shutil

from tensorboardX import SummaryWriter
from tensorboardX.proto.summary_pb2 import Summary

ROOM = 4 << 20  # bytes; more than an epoch's events take


class EventFiles:
    """The events of one part of a run (train, val), in a folder of their own.

    They are written in the background, and all on the disk when `close` returns; what is added later goes into another
    file. `writes` is false in processes that only compute.
    """

    def __init__(self, folder, writes=True):
        self.folder = pathlib.Path(folder)
        self.writes = writes
        self.purge_step = None
        self._writer = None

    def add_scalars(self, scalars, global_step, walltime=None):
        """Write the numbers of the dict `scalars`, by tag, as one event of the time `walltime` (default: now)."""
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in scalars.items()]
        self._open().file_writer.add_summary(Summary(value=values), global_step, walltime)

    def add_text(self, tag, text):
        """Write `text`, which TensorBoard shows with its spaces and line ends as they are."""
        self._open().add_text(tag, '    ' + text.replace('\n', '\n    '), 0)

    def resume_at(self, global_step):
        """Let TensorBoard forget the events of `global_step` and later: a resumed run writes them again."""
        self.purge_step = global_step

    def earlier(self):
        """Return the files of events that are there."""
        return sorted(self.folder.glob('events.*'))

    def close(self):
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _open(self):
        if self._writer is None:
            if self.writes:
                self.folder.mkdir(parents=True, exist_ok=True)
                # On a full disk, the thread of SummaryWriter would die, and closing the writer would never end.
                if shutil.disk_usage(self.folder).free < ROOM:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.folder))
            # The suffix tells apart files of the same second.
            self._writer = SummaryWriter(str(self.folder), purge_step=self.purge_step,
                                         filename_suffix=f'.{len(self.earlier()):04d}', write_to_disk=self.writes)
            self.purge_step = None
        return self._writer
