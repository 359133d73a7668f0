"""Recordings of different lengths, once for all splits, in a folder that feeders.pyskl.Feeder reads.

    joints.npy             float32 (rows, V, C): the frames of all bodies of all recordings, one after the other
    recordings.npz         of each recording: name, label, begin (its first row), bodies, frames; of each split, the
                           numbers of its recordings
    {split}_label.pkl      names and labels of a split, as ensemble.py reads them
    preparation.yaml       how the joints were normalised
"""
import pickle
import sys

import numpy as np
from tqdm import tqdm

from data_gen.formats.raw_file import reading
from data_gen.formats.sample import BrokenSample
from data_gen.preparation_file import FILE
from data_gen.writing.data_set import LINES
from data_gen.writing.part_file import npy_header
from runtime.atomic_file import only_run_on, write_whole
from runtime.data_file import INDEX, JOINTS
from runtime.errors import UserError


def write_recordings(folder, splits, samples, read, preparation, settings):
    """Write the recordings of Samples, whose parts are the `splits`, into `folder`; return the exit status.

    `read(sample.source)` returns a Recording, and `preparation` makes it (C, T, V, M). Broken samples are left out and
    named (status 1); with settings.strict they raise UserError. An existing folder is kept, unless settings.overwrite;
    one of other recordings raises UserError.
    """
    if (folder / INDEX).exists() and not settings.overwrite:
        refuse_other_recordings(folder, samples, preparation)
        print(f'{folder / INDEX}: keeping the existing recordings (--overwrite replaces them)')
        return 0
    V, kept, broken, begin = len(preparation.joints), [], 0, 0
    with only_run_on(folder, '--recordings'), write_whole(folder / JOINTS) as file:
        file.write(npy_header((0, V, 3)))
        for sample in tqdm(samples, unit=' recordings', disable=None):
            try:
                bodies = bodies_of(sample, read, preparation)
            except BrokenSample as error:
                if settings.strict:
                    raise
                broken += 1
                if broken <= LINES:
                    tqdm.write(f'left out: {error}', file=sys.stderr)
                continue
            file.write(bodies.data)
            kept.append((sample, begin, *bodies.shape[:2]))
            begin += len(bodies) * bodies.shape[1]
        if not kept:
            raise UserError(f'{folder}: nothing to write: all recordings were left out')
        file.seek(0)
        file.write(npy_header((begin, V, 3)))
        (folder / INDEX).unlink(missing_ok=True)  # never new joints beside an old index
    with write_whole(folder / FILE, 'w', encoding='utf-8') as file:
        file.write(preparation.as_text())
    write_index(folder, splits, kept)
    print(f'{folder}: {len(kept)} recordings{f", left out: {broken}" if broken else ""}')
    return 1 if broken else 0


def refuse_other_recordings(folder, samples, preparation):
    """Raise UserError if the folder's recordings are of other samples, or were prepared otherwise."""
    with np.load(folder / INDEX, allow_pickle=False) as index:
        others = set(index['name'].tolist()) - {sample.name for sample in samples}
    path = folder / FILE
    if others or not path.exists() or path.read_text(encoding='utf-8') != preparation.as_text():
        what = f'are of other data, such as {min(others)}' if others else 'have other joints'
        raise UserError(f'{path}: the existing recordings {what}: --overwrite replaces them, or choose another '
                        '--recordings')


def bodies_of(sample, read, preparation):
    """Return the bodies (M, T, V, C) of a Sample, float32, without those who are never there, but at least one."""
    if sample.problem:
        raise BrokenSample(sample.problem)
    recording = read(sample.source)
    with reading(sample.name):
        clip, _ = preparation.clip(recording)
    there = np.flatnonzero(clip.any((0, 1, 2)))
    bodies = there[-1] + 1 if len(there) else 1
    return np.ascontiguousarray(clip[..., :bodies].transpose(3, 1, 2, 0))


def write_index(folder, splits, kept):
    """Write the index and the label files of tuples (Sample, first row, bodies, frames)."""
    samples, *numbers = zip(*kept)
    columns = dict(zip(('begin', 'bodies', 'frames'), map(np.array, numbers)), name=[sample.name for sample in samples],
                   label=[sample.label for sample in samples])
    for split in splits:
        members = [number for number, sample in enumerate(samples) if split in sample.parts]
        columns[f'split {split}'] = np.array(members, int)
        with write_whole(folder / f'{split}_label.pkl') as file:
            pickle.dump(([samples[i].name for i in members], [samples[i].label for i in members]), file)
    with write_whole(folder / INDEX) as file:
        np.savez(file, **columns)
