"""One recording of NTU RGB+D: the text of a `.skeleton` file as joints, and as the clip that the model takes.

Format: https://github.com/shahroudy/NTURGB-D. The number of frames; per frame the number of bodies; per body ten
values, the number of joints, and per joint twelve values, of which the first three are x y z in metres.
"""
import re

import numpy as np

from data_gen.decimals import Words
from data_gen.preprocess import is_there, normalize_bodies
from data_gen.raw_file import read_raw
from data_gen.samples import BrokenSample, EmptySample

MAX_FRAMES = 300
MAX_BODIES = 4
PERSONS = 2
JOINTS = 25
CLIP_SHAPE = (3, MAX_FRAMES, JOINTS, PERSONS)

BODY_VALUES = 10
JOINT_VALUES = 12
BODY_WORDS = BODY_VALUES + 1 + JOINTS * JOINT_VALUES
WORDS_OF_JOINTS = JOINT_VALUES * np.arange(JOINTS)[:, None] + np.arange(3)  # x y z of each joint, from the first on
MAX_BYTES = 32 << 20  # NTU's largest recordings have about 2 MB
LONGEST = 30_000  # frames: a quarter of an hour; NTU's recordings last seconds
FARTHEST = 1e6  # metres; the sensor sees eight

NUMBER_BYTES = b'0123456789+-.eE \t\r\n'
NUMBER = re.compile(rb'[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|nan|inf|infinity|nan\(ind\)|1\.#\w+)', re.I)


def prepare_clip(path):
    """Return the recording at `path` as the model takes it: float32 (3, 300, 25, 2).

    Raises BrokenSample, a UserError that names the file and what is wrong, also if no frame has a body.
    """
    try:
        return clip_of_bodies(read_skeleton(path))
    except EmptySample as error:
        raise BrokenSample(f'{path}: {error}') from None


def read_skeleton(path):
    """Return the joints in the file at `path`, as `parse_skeleton` does; its errors name the file."""
    return read_raw(path, parse_skeleton, MAX_BYTES)


def clip_of_bodies(bodies):
    """Return bodies (M, T, V, 3) as the clip of the two most active, normalised: float32 (3, 300, 25, 2).

    Frames beyond the 300th are cut. Raises EmptySample if no frame has a body.
    """
    bodies = bodies[:, :MAX_FRAMES]
    if not bodies.any():
        raise EmptySample('without a body in any frame')
    kept = most_active(bodies)
    persons = np.zeros((PERSONS, *bodies.shape[1:]), np.float32)
    persons[:len(kept)] = kept
    return normalize_bodies(persons, MAX_FRAMES)


def most_active(bodies, persons=PERSONS, all_joints=False):
    """Return the `persons` bodies of highest energy among `bodies` (M, T, V, 3), highest first.

    Energy is the spread of x plus that of y plus that of z (standard deviations over T and V) where the body is there:
    see `is_there` for `all_joints`.
    """
    energies = [energy(body[is_there(body, all_joints)]) for body in bodies]
    return bodies[np.argsort(energies, kind='stable')[::-1][:persons]]


def energy(body):
    """Return the sum of the standard deviations of x, y and z of one body (T, V, 3)."""
    return body.std((0, 1)).sum() if len(body) else 0.0


def parse_skeleton(raw):
    """Return the joints in `raw`, the bytes of a `.skeleton` file, as float64 (M, T, V, 3), M at most 4.

    M is a body's position in its frame; where there is none, the values are 0. Raises BrokenSample, saying what is
    wrong, unless the whole file is in the form above.
    """
    if raw.translate(None, NUMBER_BYTES):
        refuse_words(raw)
    words = Words(raw)
    if not len(words):
        raise BrokenSample('an empty file')
    try:
        T, places, starts = find_bodies(words)
    except IndexError:
        raise BrokenSample(f'cut off: it says {as_text(words[0])} frames and ends before the last') from None
    try:
        joints = words.numbers(np.array(starts, int)[:, None, None] + WORDS_OF_JOINTS)
    except ValueError as error:
        raise BrokenSample(f'a coordinate is no number: {error}') from None
    near = np.abs(joints) < FARTHEST
    if not near.all():
        raise BrokenSample(f'a coordinate of {joints[~near][0]} metres')
    bodies = np.zeros((max(places, default=(0, 0))[0] + 1, T, JOINTS, 3))
    if places:
        bodies[tuple(np.transpose(places))] = joints
    return bodies


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


def refuse_words(raw):
    """Raise BrokenSample if a word in `raw` is no number; nan and inf are, as colour and depth may have them."""
    for word in raw.split():
        if not NUMBER.fullmatch(word):
            raise BrokenSample(f'{as_text(word)} where a number should be')


def as_text(word):
    """Return a word of a file, fit for a line of text."""
    text = word[:20].decode('ascii', 'backslashreplace') + ('…' if len(word) > 20 else '')
    return repr(text) if not word.isdigit() else text
