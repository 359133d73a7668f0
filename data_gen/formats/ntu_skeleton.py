"""Recordings of NTU RGB+D: folders of `.skeleton` files, and the text of one as joints.

Format: https://github.com/shahroudy/NTURGB-D. The number of frames; per frame the number of bodies; per body ten
values, the number of joints, and per joint twelve values, of which the first three are x y z in metres.
"""
import codecs
import itertools
import os
import pathlib

import numpy as np

from data_gen.formats.ntu_benchmarks import SUFFIX, part_of, recording_name
from data_gen.formats.raw_file import check_size, reading
from data_gen.formats.sample import BrokenSample, Sample
from data_gen.recording import METRES, Recording
from graph.skeleton import skeleton
from runtime.errors import UserError, short_repr

MAX_BODIES = 4  # of a frame, the first ones, as published
JOINTS = 25
FPS = 30  # of Kinect v2

BODY_VALUES = 10
JOINT_VALUES = 12
BODY_WORDS = BODY_VALUES + 1 + JOINTS * JOINT_VALUES


def list_recordings(folders, benchmarks, missing=frozenset()):
    """Return the Samples of the recordings in `folders` that are not in `missing`, sorted by name.

    Prints how many files are left out. Raises UserError if there are no recordings, if a folder is missing, or if two
    folders hold a recording of the same name.
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
        raise UserError(f'{", ".join(map(str, folders))}: no recording in it '
                        f'(S001C001P001R001A001{SUFFIX} and so on): check --data_path')
    if other:
        print(f'ignoring {other} files that are not named like recordings of NTU RGB+D')
    if listed:
        print(f'left out: {listed} files in the list of samples with missing skeletons')
    return [samples[name] for name in sorted(samples)]


def read_recording(path):
    """Return the Recording in the `.skeleton` file at `path`: joints in metres, at most four bodies a frame, their ids.

    M is a body's position in its frame, so that persons change places when another one is lost or found. Raises
    BrokenSample, which names the file and what is wrong.
    """
    with reading(path):
        try:
            joints, ids = parse(pathlib.Path(path).read_bytes())
        except IndexError:
            raise BrokenSample('empty, or truncated: it ends before the last of its frames') from None
        except ValueError as error:
            raise BrokenSample(f'not a .skeleton file, or damaged: {error}') from None
        check_size(joints, 'a coordinate of')
        return Recording(joints, tuple(skeleton('ntu25').joint_names), 3, METRES, fps=FPS, ids=ids)


def parse(raw):
    """Return the joints (M, T, 25, 3), float64, and the ids (M, T) in `raw`, the bytes of a `.skeleton` file.

    Raises IndexError if the file ends too early, ValueError if it cannot be a recording.
    """
    words = raw.removeprefix(codecs.BOM_UTF8).split()
    T, bodies, starts = find_bodies(words)
    columns = [words[start + axis:start + JOINTS * JOINT_VALUES:JOINT_VALUES] for start in starts for axis in range(3)]
    values = np.array(list(map(float, itertools.chain.from_iterable(columns))))
    M = max(bodies, default=(-1, 0))[0] + 1
    joints, ids = np.zeros((M, T, JOINTS, 3)), np.full((M, T), -1)
    if bodies:
        where = tuple(np.transpose(bodies))
        joints[where] = values.reshape(-1, 3, JOINTS).transpose(0, 2, 1)
        ids[where] = np.unique([words[start - BODY_VALUES - 1] for start in starts], return_inverse=True)[1]
    return joints, ids


def find_bodies(words):
    """Return the number of frames, each body's (position in its frame, frame), and where its joints start in `words`.

    Raises the errors of `parse`.
    """
    T = number_from_0(words[0])
    bodies, starts = [], []
    at = 1
    for t in range(T):
        count = number_from_0(words[at])
        at += 1
        for m in range(count):
            if words[at + BODY_VALUES] != b'25':
                raise ValueError(f'frame {t + 1} has a body of {short_repr(words[at + BODY_VALUES])} joints, not 25')
            if m < MAX_BODIES:
                bodies.append((m, t))
                starts.append(at + BODY_VALUES + 1)
            at += BODY_WORDS
        if at > len(words):
            raise IndexError
    if at < len(words):
        raise ValueError(f'{len(words) - at} values too many: they follow the last of {T} frames')
    return T, bodies, starts


def number_from_0(word):
    """Return the number of frames or bodies that a word of the file states."""
    if not word.isdigit():
        raise ValueError(f'{short_repr(word[:20])} where the number of frames or bodies should be')
    return int(word)
