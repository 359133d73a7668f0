"""What a run writes beside weights and scores: the log, the config, the model's source, and predictions."""
import contextlib
import errno
import os
import pathlib
import re
import shutil
import time

import yaml

from runtime.atomic_file import errors_name, only_run_on, write_whole
from runtime.errors import UserError

CHECKPOINT = 'checkpoint.pt'
ROOM = 4 << 20  # bytes; more than an epoch's events take


class RunFolder:
    """The folder `work_dir` of one run.

    `writes` is false in processes that only compute. `print_log` says whether lines go into `log.txt` too, beside
    standard output. Nothing is made before `opened`.
    """

    def __init__(self, work_dir, writes=True, print_log=True):
        self.path = pathlib.Path(work_dir)
        self.writes = writes
        self.print_log = print_log
        self._log = None
        self._early_lines = []

    def results(self):
        """Return the files of an earlier run that need --overwrite: its checkpoint and its scores."""
        return sorted(path for path in self.path.glob('*')
                      if path.name == CHECKPOINT or re.fullmatch(r'epoch\d+_(test|val)_score\.pkl', path.name))

    def check_free(self, resume, overwrite):
        """Raise UserError if the folder holds results and neither flag says what to do with them."""
        names = [path.name for path in self.results()]
        if resume and CHECKPOINT not in names:
            raise UserError(f'{self.path}: no {CHECKPOINT} in it, so there is nothing to resume: leave out --resume')
        if names and not (resume or overwrite):
            how = '--resume continues it, ' if CHECKPOINT in names else ''
            raise UserError(f'{self.path}: it holds an earlier run ({names[0]}): {how}--overwrite replaces it, '
                            '--work-dir chooses another folder')

    def overwrite(self, others=None, used=None):
        """Log which files of an earlier run are replaced: the results here and `others`, its weights and events.

        Only a training gives `others`; it deletes all of these files except the weights `used` by it, so that none is
        left beside its own.
        """
        earlier = [*self.results(), *(others or ())]
        names = [str(path) for path in earlier if not used or path.resolve() != pathlib.Path(used).resolve()]
        if names and self.writes:
            self.log(f'Replaced {len(names)} files of an earlier run: {", ".join(names)}')
            for name in names if others is not None else ():
                os.unlink(name)

    @contextlib.contextmanager
    def opened(self, overwrite=False, resume_at=None):
        """Make the folder, and, while the block lasts, keep other runs out of it and its log open.

        An existing log is continued at its end; it is emptied if `overwrite`, and cut at `resume_at`, a former
        `position`, by a resumed run, which logs again what followed. Lines logged before the block come first in the
        log of a run that is not resumed.
        """
        if not self.writes:
            yield
            return
        with only_run_on(self.path, '--work-dir'), open(self.path / 'log.txt', 'a', encoding='utf-8') as self._log:
            if overwrite or resume_at is not None:
                self._log.truncate(min(resume_at or 0, self.position()))  # a power cut may have shortened the log
                self._log.seek(0, os.SEEK_END)
            for line in self._early_lines if resume_at is None else ():
                self._write(line)
            yield

    def log(self, text):
        """Print `text`, and write it to the log as one line after the time."""
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
            with errors_name(self.path / 'log.txt'):
                self._log.write(line)
                self._log.flush()

    def position(self):
        """Return the size of the log, for `opened` of a resumed run."""
        return self._log.tell() if self.writes else 0

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


def write_predictions(saved_name, index, predicted, true):
    """Write every sample as `predicted,true`, and the wrong ones as `index,predicted,true`, beside `saved_name`."""
    with write_whole(saved_name + '_right.txt', 'w') as file:
        file.writelines(f'{p},{t}\n' for p, t in zip(predicted, true))
    with write_whole(saved_name + '_wrong.txt', 'w') as file:
        file.writelines(f'{i},{p},{t}\n' for i, p, t in zip(index, predicted, true) if p != t)


def write_events(folder, epoch, first_step, scalars, texts=()):
    """Write an epoch's events into a file of its own in `folder`; they are on the disk when this returns.

    `scalars` are (tag → number, time) of each step from `first_step` on; of an epoch that is trained again, TensorBoard
    shows the last. `texts`, (tag, text), are shown with their spaces and line ends.
    """
    from tensorboardX import SummaryWriter  # it brings torch, without which crossval.py answers --help
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
