"""What a run writes into its work folder: the log, the config, TensorBoard events; and who may write there."""
import os
import pathlib
import re
import time

import yaml

from runtime.atomic_file import named, write_whole
from runtime.errors import UserError

CHECKPOINT = 'checkpoint.pt'


class RunFolder:
    """The folder `work_dir` of one run, which no other run may write into meanwhile.

    `writes` is false in the processes that only compute: they write nothing. `print_log` says whether lines go into
    `log.txt`, beside standard output. Nothing is made before `claim`.
    """

    def __init__(self, work_dir, writes=True, print_log=True):
        self.path = pathlib.Path(work_dir)
        self.writes = writes
        self.print_log = print_log
        self._log = None
        self._early_lines = []

    def check_free(self, resume, overwrite):
        """Raise UserError if the folder holds an earlier run's results and neither flag says what to do with them."""
        results = sorted(p.name for p in self.path.glob('*') if is_result(p.name))
        if resume and CHECKPOINT not in results:
            raise UserError(f'{self.path}: no {CHECKPOINT} in it, so there is nothing to resume: leave out --resume')
        if results and not (resume or overwrite):
            how = '--resume goes on with it, ' if CHECKPOINT in results else ''
            raise UserError(f'{self.path}: it holds an earlier run ({results[0]}): {how}--overwrite starts anew over '
                            'it, --work-dir names another folder')

    def claim(self):
        """Make the folder, keep other runs out of it, and open its log; UserError if a run is at work there."""
        if not self.writes:
            return
        self.path.mkdir(parents=True, exist_ok=True)
        self._log = open(self.path / 'log.txt', 'a', encoding='utf-8')  # noqa: SIM115 (open while the run lives)
        lock_file(self._log, self.path)

    def release(self):
        """Close the log, and let other runs in."""
        if self._log is not None:
            self._log.close()

    def start_anew(self, overwrite, phase):
        """Begin the run's log; lines logged before the folder was claimed come first in it.

        With `overwrite` what an earlier run has left goes: its log, and what a new training could be resumed from.
        """
        if self.writes and overwrite:
            if phase == 'train':
                (self.path / CHECKPOINT).unlink(missing_ok=True)
            self._log.truncate(0)
        for line in self._early_lines:
            self._write(line)
        self._early_lines = []

    def log(self, text):
        """Print `text`, and write it to the log as one line with the time before it."""
        if not self.writes:
            return
        print(text, flush=True)
        line = f'[ {time.asctime()} ] {text}\n'
        if self._log is None:
            self._early_lines.append(line)
        else:
            self._write(line)

    def _write(self, line):
        if self.print_log:
            with named(self.path / 'log.txt'):
                self._log.write(line)
                self._log.flush()

    def position(self):
        """Return how much of the log stands, for `go_back_to`."""
        return self._log.tell() if self.writes else 0

    def go_back_to(self, position):
        """Cut the log to where `position` was taken: what came later will be logged again."""
        self._early_lines = []
        if self.writes:
            self._log.truncate(min(position, self.position()))  # a power cut can take the end of a log
            self._log.seek(0, 2)

    def write_config(self, arguments):
        """Write the dict `arguments` to `config.yaml`."""
        if self.writes:
            with write_whole(self.path / 'config.yaml', 'w', encoding='utf-8') as file:
                yaml.safe_dump(arguments, file, sort_keys=False, allow_unicode=True)

    def copy_source(self, source):
        """Keep a copy of the model's source file beside the results."""
        if self.writes:
            source = pathlib.Path(source)
            with write_whole(self.path / source.name) as file:
                file.write(source.read_bytes())


def is_result(name):
    """Tell whether a file of this name in a work folder is what an earlier run was run for."""
    return name == CHECKPOINT or re.fullmatch(r'epoch\d+_test_score\.pkl', name) is not None


def lock_file(file, folder):
    """Hold `file`'s lock until this process ends, however it ends; UserError if another process holds it."""
    try:
        import fcntl
    except ImportError:  # not a POSIX system: nothing keeps two runs apart
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError(f'{folder}: another run is writing there: wait for it, or choose another --work-dir') from None
    except OSError:  # a file system without locks
        return
    # The lock belongs to the open file, which workers would inherit and hold on to after this process was killed.
    os.register_at_fork(after_in_child=file.close)


class EventFiles:
    """TensorBoard's events of one part of a run (train, val), in a folder of their own.

    `add` takes scalars by tag; `position` and `go_back_to` let a resumed run drop what was written after its
    checkpoint.
    """

    def __init__(self, folder, writes=True):
        self.folder = pathlib.Path(folder)
        self.writes = writes
        self._writer = None

    def add(self, scalars, global_step):
        """Write each scalar of the dict `scalars` at `global_step`."""
        for tag, value in scalars.items():
            self._write('scalar', global_step, tag, value)

    def add_text(self, tag, text):
        """Write `text`, which TensorBoard shows with its spaces and line ends as they are."""
        self._write('text', 0, tag, '    ' + text.replace('\n', '\n    '))

    def add_image(self, tag, image, global_step):
        """Write an image, uint8 (height, width, 3)."""
        self._write('image', global_step, tag, image, dataformats='HWC')

    def _write(self, kind, global_step, *content, **options):
        if not self.writes:
            return
        # Only a training run waits for these imports. The writer that writes at once, not from a thread of its own: a
        # full disk is then met here, and a position is where it seems to be.
        from tensorboardX import summary
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto.event_pb2 import Event
        with named(self.folder):
            if self._writer is None:
                self.folder.mkdir(parents=True, exist_ok=True)
                earlier = len(list(self.folder.glob('events.*')))  # a run resumed within a second writes another file
                self._writer = EventsWriter(str(self.folder / 'events'), f'.{os.getpid()}.{earlier:04d}')
            made = getattr(summary, kind)(*content, **options)
            self._writer.write_event(Event(wall_time=time.time(), step=global_step, summary=made))

    def flush(self):
        if self._writer is not None:
            with named(self.folder):
                self._writer.flush()

    def position(self):
        """Return name → size of the event files, all events flushed."""
        self.flush()
        return {path.name: path.stat().st_size for path in sorted(self.folder.glob('events.*'))}

    def go_back_to(self, position):
        """Cut the event files to the sizes in `position`; an empty one removes them all."""
        for path in self.folder.glob('events.*') if self.writes else ():
            if path.name not in position:
                path.unlink()
            elif path.stat().st_size > position[path.name]:
                with open(path, 'r+b') as file:
                    file.truncate(position[path.name])

    def close(self):
        if self._writer is not None:
            with named(self.folder):
                self._writer.close()
