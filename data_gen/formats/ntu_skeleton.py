"""Recordings of NTU RGB+D: folders of `.skeleton` files, and the text of one as joints.

Format: https://github.com/shahroudy/NTURGB-D. The number of frames; per frame the number of bodies; per body ten
values, the number of joints, and per joint twelve values, of which the first three are x y z in metres.
"""
import codecs
import itertools
import os

import numpy as np

from data_gen.formats.ntu_benchmarks import SUFFIX, part_of, recording_name
from data_gen.formats.raw_file import check_size, read_bytes, reading
from data_gen.formats.sample import BrokenSample, Recording, Sample
from runtime.errors import UserError

MAX_BODIES = 4
MAX_PERSONS = 32  # in a recording
JOINTS = 25

BODY_VALUES = 10
JOINT_VALUES = 12
BODY_WORDS = BODY_VALUES + 1 + JOINTS * JOINT_VALUES
MAX_BYTES = 32 << 20  # NTU's largest recordings have about 2 MB
LONGEST = 30_000  # frames: a quarter of an hour; NTU's recordings last seconds
STILL = 0.01  # metres: the joints of a person who only stands deviate more, those of furniture taken for one less


def add_by_id(add):
    """Add the flag of `read_recording` by `add`, the add_argument of a parser."""
    add('--by_id', '--by-id', action='store_true',
        help='.skeleton files: follow persons by the IDs of their bodies, and leave out who does not move; as '
             'published, a person is the place of a body in its frame, which changes as others are lost and found')


def list_recordings(folders, benchmarks, missing=frozenset()):
    """Return the Samples of the recordings in `folders` that are not in `missing`, sorted by name; tells the others.

    Raises UserError if there are none, if a folder is missing, or if two folders hold a recording of the same name.
    """
    samples = {}
    listed = other = 0
    for entry in (entry for folder in folders for entry in os.scandir(folder)):
        name = entry.name.removesuffix(SUFFIX)
        recording = recording_name(name)
        if recording is None or name == entry.name:
            other += 1
        elif name in missing:
            listed += 1
        elif name in samples:
            raise UserError(f'{entry.path}: {samples[name].source} is of the same name: give each folder once')
        else:
            parts = tuple(part_of(benchmark, recording) for benchmark in benchmarks)
            samples[name] = Sample(entry.name, recording.action - 1, parts, entry.path)
    if not samples:
        raise UserError(f'{", ".join(map(str, folders))}: no recording there '
                        f'(S001C001P001R001A001{SUFFIX} and so on): check --data_path')
    if other:
        print(f'ignoring {other} files that are not named like recordings of NTU RGB+D')
    if listed:
        print(f'left out: {listed} files in the list of samples with missing skeletons')
    return [samples[name] for name in sorted(samples)]


def read_recording(path, by_id=False):
    """Return the Recording in the `.skeleton` file at `path`: joints in metres, at most four bodies a frame.

    As published, M is a body's position in its frame, so that persons change places when another one is lost or found.
    With `by_id`, M is a person: see `persons_of`; who does not move is left out. Raises BrokenSample, which names the
    file and what is wrong.
    """
    with reading(path):
        joints = parse(read_bytes(path, MAX_BYTES), by_id)
        return Recording(without_still(joints) if by_id else joints)


def parse(raw, by_id=False):
    """Return the joints in `raw`, the bytes of a `.skeleton` file, as float64 (M, T, 25, 3)."""
    words = raw.removeprefix(codecs.BOM_UTF8).split()
    if not words:
        raise BrokenSample('an empty file')
    try:
        T, places, starts = find_bodies(words)
    except IndexError:
        raise BrokenSample(f'truncated: it announces {as_text(words[0])} frames but ends earlier') from None
    if by_id:
        places = persons_of([words[start - BODY_VALUES - 1] for start in starts], [t for _, t in places])
    columns = [words[start + axis:start + JOINTS * JOINT_VALUES:JOINT_VALUES] for start in starts for axis in range(3)]
    try:
        values = np.array(list(map(float, itertools.chain.from_iterable(columns))))
    except ValueError as error:
        raise BrokenSample(f'a coordinate is no number: {error}') from None
    check_size(values, 'a coordinate of', ' metres')
    bodies = np.zeros((max(places, default=(-1, 0))[0] + 1, T, JOINTS, 3))
    if places:
        bodies[tuple(np.transpose(places))] = values.reshape(-1, 3, JOINTS).transpose(0, 2, 1)
    return bodies


def persons_of(ids, frames):
    """Return (person, frame) of each body, from its ID and its frame (from 0, in order).

    The sensor gives a person whom it has lost a new ID. So an ID that appears after the last frame of another one goes
    on as that person: the first one who is free.
    """
    if len(set(zip(ids, frames))) < len(ids):
        raise BrokenSample('two bodies in a frame have one ID: leave out --by_id')
    last = dict(zip(ids, frames))
    person, until = {}, []  # ID → person; the last frame of each person
    for name, t in zip(ids, frames):
        if name not in person:
            person[name] = next((m for m, end in enumerate(until) if end < t), len(until))
            until[person[name]:person[name] + 1] = [last[name]]
    if len(until) > MAX_PERSONS:
        raise BrokenSample(f'{len(until)} persons are too many for one recording')
    return [(person[name], t) for name, t in zip(ids, frames)]


def without_still(joints):
    """Return the joints (M, T, V, 3) of those who move: their mean deviation from each joint's mean is over STILL."""
    there = joints.any((2, 3))
    moving = [joints[m, seen].std(0).mean() > STILL for m, seen in enumerate(there)]
    return joints[moving] if any(moving) else joints


def find_bodies(words):
    """Return the number of frames, each body's (position in its frame, frame), and where its joints start in `words`.

    Raises IndexError if the words end too early, BrokenSample if they cannot be a recording.
    """
    T = count(words[0], 'frames')
    if T > LONGEST:
        raise BrokenSample(f'{T} frames are too many for one recording')
    places, starts = [], []
    at = 1
    for t in range(T):
        bodies = count(words[at], 'bodies')
        at += 1
        for m in range(bodies):
            if words[at + BODY_VALUES] != b'25':
                raise BrokenSample(f'frame {t + 1} has a body of {as_text(words[at + BODY_VALUES])} joints, not 25')
            if m < MAX_BODIES:
                places.append((m, t))
                starts.append(at + BODY_VALUES + 1)
            at += BODY_WORDS
        if at > len(words):
            raise IndexError
    if at < len(words):
        raise BrokenSample(f'{len(words) - at} values too many: they follow the last of {T} frames')
    return T, places, starts


def count(word, what):
    """Return the number that counts the frames or the bodies; BrokenSample if it is none."""
    if not word.isdigit() or len(word) > 9:
        raise BrokenSample(f'{as_text(word)} where the number of {what} should be')
    return int(word)


def as_text(word):
    """Return a word of a file, fit for a line of text."""
    text = word[:20].decode('ascii', 'backslashreplace') + ('…' if len(word) > 20 else '')
    return repr(text) if not word.isdigit() else text
