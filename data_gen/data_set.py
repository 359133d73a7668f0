"""From many raw recordings to the parts of a data set: in parallel, in bounded memory, and able to go on after a kill.

A script lists its Samples and gives a function that makes the clip of one; all else is here:

    class Sample(name, label, parts, source, stamp)          see data_gen.samples
    make_clip(source) -> (float32 array of `shape`, remarks)  or raises BrokenSample or EmptySample

Every process makes clips and writes them straight to their rows of the unfinished part files, so only small outcomes
travel, and a value depends on its raw recording alone. A journal in the folder says what is done.
"""
import array
import hashlib
import json
import os
import shutil
from typing import NamedTuple

import numpy as np

from data_gen.folder_lock import only_run_on
from data_gen.journal import Journal, machine_start
from data_gen.part_file import PartFile
from data_gen.progress import Progress
from data_gen.samples import BrokenSample, EmptySample
from data_gen.workers import WorkerDied, do_jobs
from runtime.arguments import count
from runtime.cores import cores
from runtime.errors import UserError

FORMAT = 1  # a higher number ends the belief in the journals of earlier versions
JOB = 8  # samples that a process takes at a time
LINES = 50  # broken samples that get a line of their own
NAMES = 3  # samples that a remark names
DONE, DONE_WITH_SAMPLES_LEFT_OUT = 0, 1


class Settings(NamedTuple):
    """How to go about it; `workers` None is one for each core."""

    workers: int | None = None
    strict: bool = False
    overwrite: bool = False


DEFAULT = Settings()


def add_settings(parser):
    """Add the flags of `Settings` to an argparse parser."""
    parser.add_argument('--workers', type=count, metavar='N',
                        help='processes that work at the same time; as many as there are cores if not given')
    parser.add_argument('--strict', action='store_true', help='stop at the first broken file, with status 2')
    parser.add_argument('--overwrite', action='store_true', help='make anew what is there already')


def write_data_set(out_folder, parts, samples, make_clip, shape, settings=DEFAULT, recipe='', unit='files'):
    """Write `{part}_data_joint.npy` and `{part}_label.pkl` for all `parts` into `out_folder`; return the exit status.

    `samples` is a sequence, in the order of the rows. `shape` is a clip's. `recipe` is any text that names what else
    the clips depend on, such as a flag of the script. Broken samples are left out and named (status 1), with
    settings.strict they raise UserError; empty samples are left out and counted; so are remarks. Parts that are there
    already are passed over, unless settings.overwrite. Raises UserError if there is nothing to write.

    An error of the disk and a strict stop leave nothing; a kill or an interrupt leaves unfinished files, from which
    the same command goes on.
    """
    with only_run_on(out_folder):
        work = _Work(out_folder, parts, samples, make_clip, shape, settings, recipe)
        if not work.parts:
            return DONE
        try:
            with Progress(int(work.wanted.sum()), unit, int(work.done.sum())) as progress:
                work.make_clips(progress)
            return work.finish(progress)
        except StoppedHalfway:
            raise
        except (OSError, UserError):
            work.discard()
            raise


class StoppedHalfway(UserError):
    """The run ends early, but what it has done is kept."""


class _Work:
    """One run: the parts to write, what came of each sample so far, and the journal of both."""

    def __init__(self, out_folder, parts, samples, make_clip, shape, settings, recipe):
        self.make_clip, self.shape, self.settings = make_clip, shape, settings
        self.samples = samples
        self.out_folder = out_folder
        self.journal = Journal(out_folder / 'gendata.journal')
        # A data set may have some 100,000 samples, so what is known of each stands in arrays, not in objects.
        members = {part: array.array('i') for part in parts}
        for number, sample in enumerate(samples):
            for part in sample.parts:
                members[part].append(number)
        self.members = {part: np.array(numbers) for part, numbers in members.items() if numbers}
        for part in members:
            if part not in self.members:
                print(f'{part}: no sample belongs to it: not written')
        if not self.members:
            raise UserError(f'{out_folder}: none of the samples belongs to any of its parts: check the data and the '
                            'benchmark')
        self.parts = self.parts_to_write(settings.overwrite)
        self.rows = {part: self.rows_in(part) for part in self.parts}
        self.wanted = np.array([not sample.parts for sample in samples])
        for rows in self.rows.values():
            self.wanted |= rows >= 0
        self.forget()
        if self.parts:
            self.begin(self.key(recipe))
        else:
            self.clear_away()

    def rows_in(self, part):
        """Return each sample's row in the part, −1 for samples of other parts."""
        rows = np.full(len(self.samples), -1, np.int32)
        rows[self.members[part.part]] = np.arange(len(self.members[part.part]))
        return rows

    def forget(self):
        """Begin without anything that is done: no samples, no outcomes other than {}, no rows moved."""
        self.done = np.zeros(len(self.samples), bool)
        self.outcomes, self.moved = {}, {}

    def note(self, outcomes):
        """Take over what came of some samples: number → outcome."""
        for number, outcome in outcomes.items():
            self.done[int(number)] = True
            if outcome:
                self.outcomes[int(number)] = outcome

    def parts_to_write(self, overwrite):
        """Return the PartFiles to write, and say which are there already."""
        chosen = []
        for part, numbers in self.members.items():
            file = PartFile(self.out_folder, part, self.samples, numbers, self.shape)
            if file.exists() and not overwrite:
                print(f'{file.data_path}: there already (--overwrite makes it anew)')
            else:
                chosen.append(file)
        return chosen

    def key(self, recipe):
        """Return the text that is the same for two runs exactly if they write the same."""
        key = hashlib.sha256(json.dumps([FORMAT, recipe, self.shape]).encode())
        for sample in self.samples:
            key.update(repr((sample.name, sample.label, sample.parts, sample.stamp)).encode())
        return key.hexdigest()

    def begin(self, key):
        """Go on from the journal if it is this run's, else clear away what it tells of and start anew."""
        first, lines = self.journal.read()
        believed = first.get('key') == key and first.get('machine_start') == machine_start()
        if believed and not self.settings.overwrite and self.can_go_on(lines):
            self.journal.open()
            print(f'{self.out_folder}: going on where the last run stopped: {self.done.sum()} of {len(self.samples)} '
                  'samples are done')
            return
        self.clear_away()
        self.check_room()
        try:
            for part in self.parts:
                part.create()
            self.journal.start(key, [part.unfinished.relative_to(self.out_folder) for part in self.parts])
        except OSError:
            self.discard()
            raise

    def can_go_on(self, lines):
        """Take over what the journal's lines tell; return whether all files that they tell of are there."""
        for line in lines:
            if 'moved' in line:
                self.moved[line['part']] = line['moved']
            else:
                self.note(line)
        if all(part.reopen() or part.part in self.moved and part.data_path.exists() for part in self.parts):
            return True
        self.forget()
        return False

    def clear_away(self):
        """Delete what an earlier run, that is not to be continued, has left."""
        first, _ = self.journal.read()
        for name in first.get('unfinished', ()):
            if name.endswith('.npy.part') and os.pardir not in name.split('/'):
                (self.out_folder / name).unlink(missing_ok=True)
        self.journal.remove()

    def check_room(self):
        """Raise UserError if the disk has not the room for all parts, before an hour of work finds out."""
        needed, free = sum(part.size() for part in self.parts), shutil.disk_usage(self.out_folder).free
        if needed > free:
            raise UserError(f'{self.out_folder}: {needed / 1e9:.1f} GB are needed there, {free / 1e9:.1f} GB are '
                            'free: make room, or choose another --out_folder')

    def make_clips(self, progress):
        """Make the clips of all samples that have no outcome yet, and note the outcomes."""
        self.broken = 0
        for number in sorted(self.outcomes):
            self.tell_if_broken(self.outcomes[number], progress)
        waiting = np.flatnonzero(self.wanted & ~self.done)
        jobs = [waiting[start:start + JOB] for start in range(0, len(waiting), JOB)]
        try:
            for outcomes in do_jobs(self.do_job, jobs, self.settings.workers or cores()):
                self.journal.add(outcomes)
                self.note(outcomes)
                for outcome in outcomes.values():
                    self.tell_if_broken(outcome, progress)
                progress.advance(len(outcomes))
        except WorkerDied:
            raise StoppedHalfway('a process was killed, probably for want of memory: run the command again, with fewer '
                                 '--workers; it goes on from here') from None
        if self.broken > LINES:
            progress.warn(f'… and {self.broken - LINES} more')

    def do_job(self, numbers):
        """Make the clips of some samples and write them; return their outcomes by number. Runs in any process."""
        return {number: self.do_sample(number) for number in numbers.tolist()}

    def do_sample(self, number):
        """Return what came of a sample: {} and perhaps its remarks, or why it is broken or empty."""
        try:
            clip, remarks = self.make_clip(self.samples[number].source)
        except BrokenSample as error:
            return {'broken': ' '.join(str(error).split())}
        except EmptySample as error:
            return {'empty': str(error)}
        assert clip.shape == self.shape and clip.dtype == np.float32, (clip.shape, clip.dtype)
        data = np.ascontiguousarray(clip).data.cast('B')
        for part, rows in self.rows.items():
            if rows[number] >= 0:
                part.write_row(int(rows[number]), data)
        return {'remarks': list(remarks)} if remarks else {}

    def tell_if_broken(self, outcome, progress):
        """Write the line of a broken sample; UserError if the run is strict."""
        if 'broken' not in outcome:
            return
        if self.settings.strict:
            raise UserError(outcome['broken'])
        self.broken += 1
        if self.broken <= LINES:
            progress.warn(f'left out: {outcome["broken"]}')

    def finish(self, progress):
        """Give all files their final names, tell what is in them and what is not; return the exit status."""
        written = 0
        for part in self.parts:
            kept = [row for row, number in enumerate(self.members[part.part].tolist()) if self.is_kept(number)]
            name = part.part

            def note_moved(row, name=name):
                self.journal.add({'part': name, 'moved': row})

            rows = part.finish(kept, self.moved.get(name, 0), note_moved)
            written += rows
            print(f'{part.data_path}: {rows} samples' if rows else f'{name}: no sample is left for it: not written')
        self.journal.remove()
        self.tell_what_else()
        print(progress.summary())
        if not written:
            raise UserError(f'{self.out_folder}: nothing to write: all samples were left out')
        return DONE_WITH_SAMPLES_LEFT_OUT if self.broken else DONE

    def is_kept(self, number):
        """Say whether the sample has a clip."""
        return not self.outcomes.get(number, {}).keys() & {'broken', 'empty'}

    def tell_what_else(self):
        """Count what was left out and what was remarked."""
        names = {}
        for number, outcome in sorted(self.outcomes.items()):
            if 'broken' in outcome:
                names.setdefault('left out: broken', []).append(number)
            elif 'empty' in outcome:
                names.setdefault(f'left out: {outcome["empty"]}', []).append(number)
            for remark in outcome.get('remarks', ()):
                names.setdefault(f'warning: {remark}', []).append(number)
        for text, numbers in sorted(names.items()):
            some = ', '.join(self.samples[number].name for number in numbers[:NAMES])
            print(f'{text}: {len(numbers)} ({some}{", …" if len(numbers) > NAMES else ""})')

    def discard(self):
        """Delete all that is unfinished."""
        for part in self.parts:
            part.discard()
        self.journal.remove()
