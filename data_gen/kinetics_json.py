"""One clip of Kinetics-Skeleton: a JSON file of OpenPose's skeletons as the clip that the model takes.

Format: https://github.com/yysijie/st-gcn, "Kinetics-skeleton". Frames in a list `data`, each with its `frame_index` and
its `skeleton`s, each of those with a `pose` (x0, y0, x1, y1, … in shares of the image, y down) and a `score` per joint.
"""
import array
import json
import re
from typing import Any, NamedTuple

import numpy as np

from data_gen.decimals import LONGEST, Words
from data_gen.raw_file import read_raw
from data_gen.samples import BrokenSample, EmptySample

MAX_FRAMES = 300
MAX_PERSONS = 5  # of a frame, in the order of the file
PERSONS = 2
JOINTS = 18
CLIP_SHAPE = (3, MAX_FRAMES, JOINTS, PERSONS)

PERSON_VALUES = 3 * JOINTS  # x and y in turn, then the scores
MAX_BYTES = 32 << 20  # ten seconds of a crowd have about 2 MB
MAX_BYTES_OF_PLAIN = 4 << 20  # which take 40 times as much memory
FARTHEST = 1e6  # images; OpenPose finds joints within one

PLAIN_PERSON = re.compile(rb'"pose": ?\[([-.0-9, ]*)\], ?"score": ?\[([-.0-9, ]*)\]')
COMMA_TO_SPACE = bytes.maketrans(b',', b' ')
PLACEHOLDER = {'plain': True}


class Skeletons(NamedTuple):
    """All persons of all frames of a clip: P of them, in the order of the file.

    `values` (P, 3, 18) float64 holds x, y and score as in the file, `frames` (P,) and `places` (P,) int the person's
    frame and position in it. Frames beyond those of a clip are all MAX_FRAMES. `label` is the file's label_index, or
    None.
    """

    values: np.ndarray
    frames: np.ndarray
    places: np.ndarray
    label: Any = None


def prepare_clip(path):
    """Return the clip in the JSON file at `path` as the model takes it: float32 (3, 300, 18, 2).

    Frames from the 300th on are cut. Raises BrokenSample, a UserError that names the file and what is wrong, also if
    no frame has a skeleton.
    """
    try:
        return clip_of_skeletons(read_skeletons(path))
    except EmptySample as error:
        raise BrokenSample(f'{path}: {error}') from None


def read_skeletons(path):
    """Return the Skeletons in the JSON file at `path`. Raises BrokenSample, which names it and what is wrong."""
    return read_raw(path, parse_skeletons, MAX_BYTES)


def clip_of_skeletons(skeletons):
    """Return Skeletons as a clip: float32 (3, 300, 18, 2), the two persons of highest score in each frame.

    x and y are moved to the centre of the image, y upwards; both are 0 where the score is. Of a frame's persons, the
    first five count. Raises EmptySample if nobody is there.
    """
    kept = (skeletons.frames < MAX_FRAMES) & (skeletons.places < MAX_PERSONS)
    values, frames = skeletons.values[kept], skeletons.frames[kept]
    if not values.any():
        raise EmptySample('without a skeleton in any frame')
    T = frames.max() + 1
    joints = np.zeros((T, MAX_PERSONS, 3, JOINTS))
    joints[frames, skeletons.places[kept]] = values  # of two persons in one place, the later one stays, as published
    seen = joints[:, :, 2] != 0
    joints[:, :, 0] = np.where(seen, joints[:, :, 0] - 0.5, 0)
    joints[:, :, 1] = np.where(seen, -(joints[:, :, 1] - 0.5), 0)
    # The last bit of a sum depends on its order, and with it which of two persons with equal scores comes first.
    score = joints[:, :, 2].cumsum(2)[:, :, -1]
    best = np.argsort(-score, 1, kind='stable')[:, :PERSONS]
    clip = np.zeros(CLIP_SHAPE, np.float32)
    clip[:, :T] = joints[np.arange(T)[:, None], best].transpose(2, 0, 3, 1)
    return clip


def parse_skeletons(raw):
    """Return the Skeletons in `raw`, the bytes of a JSON file. Raises BrokenSample, saying what is wrong."""
    skeletons = parse_plain(raw) if len(raw) <= MAX_BYTES_OF_PLAIN else None
    return parse_any(raw) if skeletons is None else skeletons


def parse_plain(raw):
    """Return the Skeletons in `raw` if it is written as the data set is, None if anything in it is otherwise.

    Nearly all of a file are the numbers of poses and scores. They are cut out and read at once, and the rest, which
    is short, goes through the JSON parser. That takes half the time of the parser alone.
    """
    texts = PLAIN_PERSON.split(raw)  # what is before a person, its pose, its score, what is after it, and so on
    try:
        content = json.loads(b'"plain":true'.join(texts[::3]))
        del texts[::3]
        frames, places = [], []
        if type(content['data']) is not list:
            return None
        for frame in content['data']:
            index = frame['frame_index']
            persons = frame['skeleton']
            if type(index) is not int or index < 0 or persons.count(PLACEHOLDER) != len(persons):
                return None
            frames += [min(index, MAX_FRAMES)] * len(persons)
            places += range(len(persons))
        if 2 * len(frames) != len(texts) or not frames:
            return None
        values = read_numbers(texts)
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return None
    return skeletons_of(values, frames, places, content) if (np.abs(values) <= FARTHEST).all() else None


def read_numbers(lists):
    """Return the numbers in `lists`, the texts of a pose and a score in turn for P persons: (P, 54) float64.

    Raises ValueError if they are not so many, or not set apart by a comma and perhaps a space after it.
    """
    text = b','.join(lists)
    words = Words(text.translate(COMMA_TO_SPACE))
    if len(words) != PERSON_VALUES * len(lists) // 2:
        raise ValueError
    starts, ends = words.starts - LONGEST, words.ends - LONGEST  # Words puts so many spaces before the text
    first_of_lists = np.arange(0, len(words), PERSON_VALUES)[:, None] + (0, 2 * JOINTS)
    starts_of_lists = np.cumsum([0, *map(len, lists[:-1])]) + np.arange(len(lists))
    if (starts[first_of_lists].ravel() != starts_of_lists).any():
        raise ValueError
    characters = np.frombuffer(text, np.uint8)
    before = starts[1:] - 1
    if (characters[ends[:-1]] != ord(',')).any() or (before - ends[:-1] > (characters[before] == ord(' '))).any():
        raise ValueError
    return words.numbers(np.arange(len(words)).reshape(-1, PERSON_VALUES))


def parse_any(raw):
    """Return the Skeletons in `raw`, any JSON in the form above. Raises BrokenSample, saying what is wrong.

    Frames are named by their position in the file, from 1.
    """
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BrokenSample(f'not valid JSON: {error}') from None
    values, frames, places = array.array('d'), [], []
    for number, frame in enumerate(look_up(content, 'data', list, 'the clip'), 1):
        where = f'frame {number}'
        index = look_up(frame, 'frame_index', int, where)
        if index < 0:
            raise BrokenSample(f'{where}: frame_index {index}')
        for place, person in enumerate(look_up(frame, 'skeleton', list, where)):
            for key, count in (('pose', 2 * JOINTS), ('score', JOINTS)):
                numbers = look_up(person, key, list, where)
                if len(numbers) != count:
                    raise BrokenSample(f'{where}: a {key} of {len(numbers)} values, not {count}')
                add_numbers(values, numbers, where)
            frames.append(min(index, MAX_FRAMES))
            places.append(place)
    return skeletons_of(np.array(values).reshape(-1, PERSON_VALUES), frames, places, content)


def skeletons_of(values, frames, places, content):
    """Return the Skeletons of (P, 54) values, in the order of the file, and lists of frames and places."""
    pose = values[:, :2 * JOINTS].reshape(-1, JOINTS, 2)
    values = np.stack((pose[..., 0], pose[..., 1], values[:, 2 * JOINTS:]), 1)
    return Skeletons(values, np.array(frames, int), np.array(places, int), content.get('label_index'))


def look_up(mapping, key, kind, where):
    """Return mapping[key]; BrokenSample unless `mapping` is a dict that has the key, with a value of type `kind`."""
    if not isinstance(mapping, dict) or key not in mapping:
        raise BrokenSample(f'{where}: no {key}')
    if type(mapping[key]) is not kind:
        raise BrokenSample(f'{where}: {key} is {as_text(mapping[key])}')
    return mapping[key]


def add_numbers(values, numbers, where):
    """Add the list `numbers` to the array `values`; BrokenSample if one of them is no number."""
    for number in numbers:
        if type(number) not in (int, float) or not abs(number) <= FARTHEST:
            raise BrokenSample(f'{where}: {as_text(number)} where a number should be')
    values.fromlist(numbers)


def as_text(value):
    """Return a value of a JSON file, fit for a line of text."""
    text = json.dumps(value)
    return text if len(text) <= 20 else text[:20] + '…'
