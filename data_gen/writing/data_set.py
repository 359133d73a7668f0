"""From many raw recordings to the parts of a data set: list → read → prepare → write, in parallel.

A script lists its Samples, and names the function that reads one, `read(sample.source) -> Recording`, and the
Preparation that makes the Recording a clip. Both run in any process, so they must be picklable. The first process
writes the clips, in the order of the samples.
"""
import contextlib
import functools
import math
import pathlib
import pickle
import shutil
import sys

from tqdm import tqdm

from data_gen.formats.raw_file import reading
from data_gen.formats.sample import BrokenSample
from data_gen.preparation_file import FILE
from data_gen.writing.npy_rows import NpyRows
from data_gen.writing.workers import do_jobs
from graph.streams import FILE_STREAMS
from runtime.arguments import count
from runtime.atomic_file import only_run_on, write_whole
from runtime.errors import UserError

NAMES = 3  # that a line of the summary gives
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


def write_data_set(out_folder, parts, samples, read, preparation, settings, beside=None):
    """Write `{part}_data_joint.npy` and `{part}_label.pkl` for all `parts` into `out_folder`; return the exit status.

    `samples` is a list, in the order of the rows; `make_clips` says which are left out. Existing parts are kept,
    unless settings.overwrite. The Preparation is written beside the parts, and so are the files of `beside`, name →
    text. Raises UserError if there is nothing to write, and if the folder's data were prepared otherwise.
    """
    texts = {**(beside or {}), **{str(pathlib.PurePath(part).with_name(FILE)): preparation.as_text() for part in parts}}
    with only_run_on(out_folder, '--out_folder'):
        kept = set() if settings.overwrite else existing_parts(out_folder, parts, texts, preparation.is_published)
        todo = [sample._replace(parts={*sample.parts} - kept) for sample in samples]
        if kept and not any(sample.parts for sample in todo):
            return DONE
        todo = [sample for sample in todo if sample.parts or sample.problem]
        check_room(out_folder, 4 * math.prod(preparation.shape) * sum(len(sample.parts) for sample in todo))
        summary, writers = {}, {}
        with (contextlib.ExitStack() as stack,
              contextlib.closing(make_clips(todo, read, preparation, settings, summary)) as clips):
            for sample, clip in clips:
                for part in sample.parts:
                    if part not in writers:
                        writers[part] = stack.enter_context(write_part(out_folder, part))
                    writers[part](sample, clip)
            if not writers:
                raise UserError(f'{out_folder}: nothing to write: no sample belongs to its parts, or all were left out')
            for name, text in texts.items():
                write_text(out_folder / name, text)
    for part in {*parts} - kept - writers.keys():
        print(f'{part}: not written, because it has no samples')
    return DONE_WITH_SAMPLES_LEFT_OUT if BROKEN in summary else DONE


def existing_parts(out_folder, parts, texts, is_published):
    """Return the set of the parts that exist; UserError if they are described by other `texts`.

    New parts must not lie beside other ones. Data without a preparation.yaml were prepared as the published ones;
    `is_published` says that the new ones are, too.
    """
    for name, text in texts.items():
        path = out_folder / name
        has_data = any(path.parent.glob('*_data_joint.npy'))
        found = path.read_text(encoding='utf-8', errors='replace') if path.is_file() else None
        if found != text and (found is not None or has_data and not is_published):
            raise UserError(f'{path}: the existing data have other classes, clips or flags: --overwrite replaces them, '
                            'or choose another --out_folder')
    found = {part for part in parts if all(
        (out_folder / f'{part}_{end}').exists() for end in ('data_joint.npy', 'label.pkl'))}
    for part in sorted(found):
        print(f'{out_folder / part}: keeping the existing files (--overwrite replaces them)')
    return found


def check_room(out_folder, needed):
    """Raise UserError if the disk has no room for `needed` bytes, before an hour of work finds out."""
    free = shutil.disk_usage(out_folder).free
    if needed > free:
        raise UserError(f'{out_folder}: {needed / 1e9:.1f} GB are needed, but {free / 1e9:.1f} GB are free: make room, '
                        'or choose another --out_folder')


def write_text(path, text):
    with write_whole(path, 'w', encoding='utf-8') as file:
        file.write(text)


def make_clips(samples, read, preparation, settings, summary):
    """Yield (Sample, clip) of the samples, float32 (C, T, V, M), in their order.

    Samples of which `read` raises BrokenSample are left out and named; with settings.strict they raise UserError.
    Samples without anybody are left out, unless the published data have them. At the end, prints the lines of the
    `summary`, an empty dict that becomes line → names of samples.
    """
    make = functools.partial(make_clip, read, preparation)
    with (tqdm(samples, unit=' samples', dynamic_ncols=True, disable=None) as progress,
          contextlib.closing(do_jobs(make, samples, settings.workers)) as results):
        for sample, (clip, remarks, problem) in zip(progress, results):
            for remark in remarks:
                summary.setdefault(remark, []).append(sample.name)
            if problem and settings.strict:
                raise UserError(problem)
            if problem:
                progress.write(f'left out: {problem}', file=sys.stderr)
            if clip is not None:
                yield sample, clip
    print_summary(summary)


def print_summary(summary):
    """Print the lines of `summary`, a dict line → names, each with their number and the first of them."""
    for line, names in sorted(summary.items()):
        print(f'{line}: {len(names)} ({", ".join(names[:NAMES])}{", …" if len(names) > NAMES else ""})')


def make_clip(read, preparation, sample):
    """Return (clip, remarks, problem) of one sample; clip is None if it is left out. Runs in any process."""
    try:
        if sample.problem:
            raise BrokenSample(sample.problem)
        recording = read(sample.source)
        if recording.label not in (None, sample.label):
            raise BrokenSample(f'{sample.source}: its label_index is {str(recording.label)[:20]}, that in the label '
                               f'file {sample.label}')
        with reading(sample.name):
            clip, remarks = preparation.clip(recording)
    except BrokenSample as error:
        return None, [BROKEN], str(error)
    if not clip.any():
        if not preparation.keeps_empty_clips:
            return None, ['left out: without a skeleton in any frame'], ''
        remarks.append('without a skeleton in any frame, kept as zeros')
    return clip, [f'warning: {remark}' for remark in remarks], ''


@contextlib.contextmanager
def write_part(out_folder, part):
    """Yield a function that writes the row of a (Sample, clip); the files of the part are there when the block ends."""
    data_path, label_path = out_folder / f'{part}_data_joint.npy', out_folder / f'{part}_label.pkl'
    names, labels = [], []
    with write_whole(data_path) as file:
        rows = NpyRows(file)

        def add(sample, clip):
            rows.add(clip[None])
            names.append(sample.name)
            labels.append(sample.label)

        yield add
        rows.finish()
        label_path.unlink(missing_ok=True)  # never new data beside old labels
        for stream in FILE_STREAMS[1:]:
            derived = out_folder / f'{part}_data_{stream}.npy'
            if derived.exists():
                print(f'{derived}: removed, as it was derived from joints that are replaced: make it again')
                derived.unlink()
    with write_whole(label_path) as file:
        pickle.dump((names, labels), file)
    print(f'{data_path}: {len(names)} samples')
