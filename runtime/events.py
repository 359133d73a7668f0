"""What TensorBoard shows of a run: scalars and texts."""
import errno
import os
import shutil

from tensorboardX import SummaryWriter

ROOM = 4 << 20  # bytes; more than an epoch's events take


def write_events(folder, epoch, first_step, scalars, texts=()):
    """Write an epoch's events into a file of its own in `folder`; they are on the disk when this returns.

    `scalars` are (tag → number, time) of each step from `first_step` on; of an epoch that is trained again, TensorBoard
    shows the last. `texts`, (tag, text), are shown with their spaces and line ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # On a full disk, the thread of SummaryWriter would die, and closing the writer would never end.
    if shutil.disk_usage(folder).free < ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
    # The suffix tells apart files of the same second.
    with SummaryWriter(str(folder), purge_step=first_step, filename_suffix=f'.{epoch:04d}') as writer:
        for tag, text in texts:
            writer.add_text(tag, '    ' + text.replace('\n', '\n    '), first_step)
        for step, (numbers, when) in enumerate(scalars, first_step):
            for tag, number in numbers.items():
                writer.add_scalar(tag, number, step, when)
