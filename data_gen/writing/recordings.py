"""Recordings of different lengths, once for all splits, in a folder that feeders.pyskl.Feeder reads.

    joints.npy             float32 (rows, V, C): the frames of all bodies of all recordings, one after the other
    recordings.npz         of each recording: name, label, begin (its first row), bodies, frames; of each split, the
                           numbers of its recordings
    {split}_label.pkl      names and labels of a split, as ensemble.py reads them
    preparation.yaml       how the joints were normalised
"""
import contextlib
import pickle

import numpy as np

from data_gen.preparation_file import FILE
from data_gen.writing.data_set import BROKEN, DONE, DONE_WITH_SAMPLES_LEFT_OUT, prepared, write_text
from data_gen.writing.npy_rows import NpyRows
from runtime.atomic_file import only_run_on, write_whole
from runtime.data_file import INDEX, JOINTS
from runtime.errors import UserError


def write_recordings(folder, splits, samples, read, preparation, settings):
    """Write the recordings of Samples, whose parts are the `splits`, into `folder`; return the exit status.

    See data_gen.writing.data_set.prepared for samples that are left out. An existing folder is kept, unless
    settings.overwrite; one of other recordings raises UserError.
    """
    index = folder / INDEX
    if index.exists() and not settings.overwrite:
        refuse_other_recordings(folder, samples, preparation)
        print(f'{index}: keeping the existing recordings (--overwrite replaces them)')
        return DONE
    kept, summary = [], {}
    with (only_run_on(folder, '--recordings'), write_whole(folder / JOINTS) as file,
          contextlib.closing(prepared(samples, read, preparation, settings, summary)) as clips):
        rows = NpyRows(file)
        for sample, clip in clips:
            present = np.flatnonzero(clip.any((0, 1, 2)))
            bodies = clip.transpose(3, 1, 2, 0)[:present[-1] + 1 if len(present) else 1]
            kept.append((sample, rows.number, *bodies.shape[:2]))
            rows.add(bodies.reshape(-1, *bodies.shape[2:]))
        if not kept:
            raise UserError(f'{folder}: nothing to write: all recordings were left out')
        rows.finish()
        index.unlink(missing_ok=True)  # never new joints beside an old index
    write_text(folder / FILE, preparation.as_text())
    write_index(folder, splits, kept)
    print(f'{folder}: {len(kept)} recordings')
    return DONE_WITH_SAMPLES_LEFT_OUT if BROKEN in summary else DONE


def refuse_other_recordings(folder, samples, preparation):
    """Raise UserError if the folder's recordings are of other samples, or were prepared otherwise."""
    with np.load(folder / INDEX, allow_pickle=False) as index:
        others = set(index['name'].tolist()) - {sample.name for sample in samples}
    path = folder / FILE
    if others or not path.exists() or path.read_text(encoding='utf-8') != preparation.as_text():
        what = f'are of other data, such as {min(others)}' if others else 'have other joints'
        raise UserError(f'{path}: the existing recordings {what}: --overwrite replaces them, or choose another '
                        '--recordings')


def write_index(folder, splits, kept):
    """Write the index and the label files of tuples (Sample, first row, bodies, frames)."""
    samples, *numbers = zip(*kept)
    names, labels = [sample.name for sample in samples], [sample.label for sample in samples]
    columns = {'name': names, 'label': labels, **dict(zip(('begin', 'bodies', 'frames'), numbers))}
    for split in splits:
        members = [number for number, sample in enumerate(samples) if split in sample.parts]
        columns[f'split {split}'] = np.array(members, int)
        with write_whole(folder / f'{split}_label.pkl') as file:
            pickle.dump(([names[i] for i in members], [labels[i] for i in members]), file)
    with write_whole(folder / INDEX) as file:
        np.savez(file, **columns)
