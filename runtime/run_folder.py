"""What a run writes beside its weights: the log, the config, the model's source, predictions, TensorBoard's events."""
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
MIN_FREE = 4 << 20  # bytes; more than an epoch's events take


class RunFolder:
    """The folder `work_dir` of one run, and the files whose names begin with `saved_name`.

    `writes` is false in processes that only compute. `print_log` says whether lines go into `log.txt` too, beside
    standard output. Nothing is made before `opened`.
    """

    def __init__(self, work_dir, saved_name, writes=True, print_log=True):
        self.path = pathlib.Path(work_dir)
        self.saved_name = saved_name
        self.writes = writes
        self.print_log = print_log
        self._log = None
        self._unwritten = []  # lines, until the log is open
        self._resume_at = None

    def earlier_files(self, phase):
        """Return the files of an earlier run that one of this phase would replace: of a test, they are none of weights.
        """
        name = pathlib.Path(self.saved_name)
        patterns = [(self.path, r'checkpoint\.pt|epoch\d+_(test|val)_score\.pkl')]
        if phase == 'train':
            patterns += [(name.parent, re.escape(name.name) + r'-(best\.(pt|json)|\d+-\d+\.pt)'),
                         (name / 'train', r'events\..*'), (name / 'val', r'events\..*')]
        return [path for folder, pattern in patterns for path in sorted(folder.glob('*'))
                if re.fullmatch(pattern, path.name)]

    def check_free(self, phase, resume, overwrite):
        """Raise UserError if there are files of an earlier run and neither flag says what to do with them."""
        if resume and not (self.path / CHECKPOINT).exists():
            raise UserError(f'{self.path}: no {CHECKPOINT} in it, so there is nothing to resume: leave out --resume')
        earlier = self.earlier_files(phase)
        if earlier and not (resume or overwrite):
            raise UserError(f'{earlier[0]}: it belongs to an earlier run: --resume continues it, --overwrite replaces '
                            'it, --work-dir and --model-saved-name choose other names')

    def remove_earlier(self, phase, used):
        """Delete the files of an earlier run, except the weights `used` by this one."""
        if not self.writes:
            return
        used = pathlib.Path(used or '').resolve()
        earlier = [path for path in self.earlier_files(phase) if path.resolve() != used]
        for path in earlier:
            path.unlink()
        if earlier:
            self.log(f'Replaced {len(earlier)} files of an earlier run: {", ".join(map(str, earlier))}')

    def resume_log_at(self, position):
        """Cut the log, once it is open, at a former `position`: a resumed run logs again what followed it."""
        self._resume_at, self._unwritten = position, []

    @contextlib.contextmanager
    def opened(self, overwrite=False):
        """Make the folder, and, while the block lasts, keep other runs out of it and its log open.

        An existing log is continued at its end, or emptied if `overwrite`. Lines that were logged before come first.
        """
        if not self.writes:
            yield
            return
        with only_run_on(self.path, '--work-dir'), open(self.path / 'log.txt', 'a', encoding='utf-8') as self._log:
            if self._resume_at is not None:
                self._log.truncate(min(self._resume_at, self.position()))  # a power cut may have shortened the log
            elif overwrite:
                self._log.truncate(0)
            self._log.seek(0, os.SEEK_END)
            self._write()
            yield

    def log(self, text):
        """Print `text`, and write it to the log as one line after the time."""
        if not self.writes:
            return
        print(text, flush=True)
        self._unwritten.append(f'[ {time.asctime()} ] {text}\n')
        if self._log:
            self._write()

    def _write(self):
        with errors_name(self.path / 'log.txt'):
            self._log.writelines(self._unwritten if self.print_log else ())
            self._log.flush()
        self._unwritten = []

    def position(self):
        """Return the size of the log, for `resume_log_at`."""
        return self._log.tell() if self.writes else 0

    def describe(self, arguments, source):
        """Write the dict `arguments` to `config.yaml`, and a copy of the model's file `source` beside it."""
        if not self.writes:
            return
        with write_whole(self.path / 'config.yaml', 'w', encoding='utf-8') as file:
            yaml.safe_dump(arguments, file, sort_keys=False, allow_unicode=True)
        source = pathlib.Path(source)
        with write_whole(self.path / source.name) as file:
            file.write(source.read_bytes())

    def write_predictions(self, index, predicted, true):
        """Write every sample as `predicted,true`, and the wrong ones as `index,predicted,true`."""
        with write_whole(self.saved_name + '_right.txt', 'w') as file:
            file.writelines(f'{p},{t}\n' for p, t in zip(predicted, true))
        with write_whole(self.saved_name + '_wrong.txt', 'w') as file:
            file.writelines(f'{i},{p},{t}\n' for i, p, t in zip(index, predicted, true) if p != t)

    def write_events(self, part, epoch, first_step, scalars):
        """Write TensorBoard's `scalars` of an epoch, a dict from tag to number for each step from `first_step` on.

        They are in a file of their own, and on the disk when this returns. Of an epoch that is trained again,
        TensorBoard shows the last.
        """
        if not self.writes:
            return
        from tensorboardX import SummaryWriter  # it brings torch, without which crossval.py answers --help
        folder = pathlib.Path(self.saved_name, part)
        folder.mkdir(parents=True, exist_ok=True)
        # On a full disk, the thread of SummaryWriter would die, and closing the writer would never end.
        if shutil.disk_usage(folder).free < MIN_FREE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
        # The suffix tells apart files of the same second.
        with SummaryWriter(str(folder), purge_step=first_step, filename_suffix=f'.{epoch:04d}') as writer:
            for step, numbers in enumerate(scalars, first_step):
                for tag, number in numbers.items():
                    writer.add_scalar(tag, number, step)
