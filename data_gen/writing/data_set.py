"""From many raw recordings to the parts of a data set: list → read → normalise → write, in parallel.

A script lists its Samples, and names the function that reads one, `read(sample.source) -> Recording`, and the
Preparation that makes the Recording a clip. Both run in any process, so they must be picklable. Clips come back in the
order of the samples and are written by the first process alone, so a file's bytes do not depend on the number of
processes.
"""
import contextlib
import functools
import math
import pathlib
import shutil
import sys
import time
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from data_gen.formats.raw_file import reading
from data_gen.formats.sample import BrokenSample, EmptySample
from data_gen.preparation_file import FILE
from data_gen.writing.part_file import PartFile
from data_gen.writing.workers import do_jobs
from runtime.arguments import cores, count
from runtime.atomic_file import only_run_on, write_whole
from runtime.errors import UserError

LINES = 50  # broken samples that get a line of their own
NAMES = 3  # samples that a remark names
BROKEN = 'left out: broken'
DONE, DONE_WITH_SAMPLES_LEFT_OUT = 0, 1


def add_settings(parser, out_folder=None, hint='', required=True):
    """Add to a parser --out_folder, `required` if it has no default, and the `settings` of `write_data_set`."""
    parser.add_argument('--out_folder', type=pathlib.Path, default=out_folder, required=required and out_folder is None,
                        metavar='FOLDER', help=f'output folder{hint}')
    parser.add_argument('--workers', type=count, metavar='N',
                        help='number of processes (default: the number of CPU cores)')
    parser.add_argument('--strict', action='store_true', help='stop with status 2 at the first broken file')
    parser.add_argument('--overwrite', action='store_true', help='prepare existing parts again')


class Outcome(NamedTuple):
    """The result for one sample: its clip, or None; the lines of the summary that count it; why it is broken, if so."""

    clip: Any
    notes: list
    problem: str = ''


def write_data_set(out_folder, parts, samples, read, preparation, settings, unit='files', beside=None):
    """Write `{part}_data_joint.npy` and `{part}_label.pkl` for all `parts` into `out_folder`; return the exit status.

    `samples` is a list, in the order of the rows; `read` may raise BrokenSample or EmptySample (see formats.sample).
    Broken samples are left out and named (status 1), with settings.strict they raise UserError; empty samples are left
    out and counted; so are remarks. Existing parts are kept, unless settings.overwrite. The Preparation is written
    beside the parts, and so are the files of `beside`, name → text. Raises UserError if there is nothing to write, and
    if the folder's data were prepared otherwise. Whatever ends the run early, no part is left half-written.
    """
    described = {str(pathlib.PurePath(part).with_name(FILE)): preparation.as_text() for part in parts}
    beside = {**(beside or {}), **described}
    with only_run_on(out_folder, '--out_folder'):
        files = parts_to_write(out_folder, parts, samples, preparation.shape, settings.overwrite)
        if not settings.overwrite:
            refuse_another_data_set(out_folder, parts, beside, preparation.is_published)
        if not files and any(sample.parts for sample in samples):
            return DONE
        wanted = [sample for sample in samples if sample.problem or files.keys() & sample.parts]
        check_room(out_folder, 4 * math.prod(preparation.shape) * sum(
            len(files.keys() & sample.parts) for sample in wanted))
        start = time.monotonic()
        try:
            summary = write_rows(files, wanted, functools.partial(make_clip, read, preparation), settings, unit)
            if any(file.names for file in files.values()):
                for name, text in beside.items():
                    with write_whole(out_folder / name, 'w', encoding='utf-8') as file:
                        file.write(text)
            written = sum(file.finish() for file in files.values())
        finally:
            for file in files.values():
                file.discard()
        for text, names in sorted(summary.items()):
            some = ', '.join(names[:NAMES])
            print(f'{text}: {len(names)} ({some}{", …" if len(names) > NAMES else ""})')
        seconds = max(time.monotonic() - start, 1e-3)
        print(f'{len(wanted)} {unit} in {seconds:.1f} s, {len(wanted) / seconds:.0f} a second')
    if not written:
        raise UserError(f'{out_folder}: nothing to write: all samples were left out')
    return DONE_WITH_SAMPLES_LEFT_OUT if BROKEN in summary else DONE


def refuse_another_data_set(out_folder, parts, beside, is_published):
    """Raise UserError if data in the folder are described otherwise: new parts must not lie beside other ones.

    Data without a preparation.yaml were prepared as the published ones; `is_published` says that the new ones are, too.
    """
    for name, text in beside.items():
        path = out_folder / name
        has_data = any((out_folder / f'{part}_data_joint.npy').exists() for part in parts
                       if (out_folder / part).parent == path.parent)
        found = path.read_text(encoding='utf-8', errors='replace') if path.is_file() else None
        if found != text and (found is not None or has_data and not is_published):
            raise UserError(f'{path}: the existing data have other classes, clips or flags: --overwrite replaces them, '
                            'or choose another --out_folder')


def parts_to_write(out_folder, parts, samples, shape, overwrite):
    """Return the PartFile of each part to write, by name, and remove what a killed run has left."""
    belonging = {part for sample in samples for part in sample.parts}
    if not belonging and not any(sample.problem for sample in samples):
        raise UserError(f'{out_folder}: none of the samples belongs to any of its parts: check the data and the '
                        'benchmark')
    files = {}
    for part in parts:
        file = PartFile(out_folder, part, shape)
        file.discard()
        if part not in belonging:
            print(f'{part}: no sample belongs to it: not written')
        elif file.exists() and not overwrite:
            print(f'{file.data_path}: keeping the existing file (--overwrite replaces it)')
        else:
            files[part] = file
    return files


def check_room(out_folder, needed):
    """Raise UserError if the disk has no room for `needed` bytes, before an hour of work finds out."""
    free = shutil.disk_usage(out_folder).free
    if needed > free:
        raise UserError(f'{out_folder}: {needed / 1e9:.1f} GB are needed, but {free / 1e9:.1f} GB are free: make room, '
                        'or choose another --out_folder')


def write_rows(files, samples, make, settings, unit):
    """Write the rows of all `samples`; return the summary, line → names of the samples that it counts."""
    summary = {}
    with (tqdm(total=len(samples), unit=f' {unit}', dynamic_ncols=True, disable=None) as progress,
          contextlib.closing(do_jobs(make, samples, settings.workers or cores())) as outcomes):
        for sample, outcome in zip(samples, outcomes):
            for note in outcome.notes:
                summary.setdefault(note, []).append(sample.name)
            if outcome.problem and settings.strict:
                raise UserError(outcome.problem)
            if outcome.problem and len(summary[BROKEN]) <= LINES:
                progress.write(f'left out: {outcome.problem}', file=sys.stderr)
            if outcome.clip is not None:
                for part in files.keys() & sample.parts:
                    files[part].add(sample, outcome.clip)
            progress.update()
        if len(summary.get(BROKEN, ())) > LINES:
            progress.write(f'… and {len(summary[BROKEN]) - LINES} more', file=sys.stderr)
    return summary


def make_clip(read, preparation, sample):
    """Return the Outcome of one sample. Runs in any process."""
    if sample.problem:
        return Outcome(None, [BROKEN], sample.problem)
    try:
        recording = read(sample.source)
        if recording.label not in (None, sample.label):
            raise BrokenSample(f'{sample.source}: its label_index is {str(recording.label)[:20]}, that in the label '
                               f'file {sample.label}')
        with reading(sample.name):
            clip, remarks = preparation.clip(recording)
        if not clip.any():  # published sets of samples, and so score files of others, have such clips
            remarks.append('without a skeleton in any frame, kept as zeros')
    except BrokenSample as error:
        return Outcome(None, [BROKEN], str(error))
    except EmptySample as error:
        return Outcome(None, [f'left out: {error}'])
    return Outcome(np.ascontiguousarray(clip), [f'warning: {remark}' for remark in remarks])
