"""Frames that are scored as they come, in windows that end at the newest one."""
import collections
import contextlib
import math

import numpy as np

from data_gen.formats.raw_file import numbers
from data_gen.formats.sample import BrokenSample
from data_gen.preparation_file import is_positive
from data_gen.recording import METRES, PIXELS, Recording
from data_gen.resample import between, new_frames, rates_differ, source_frames
from prediction.ranking import best, probabilities
from prediction.windows import check_stride, score_windows
from runtime.errors import UserError

SMOOTHING = .5  # weight of the newest window in the smoothed probabilities
SOURCE = 'the frames'
HEADER = 'joint_names', 'image_size', 'fps'


class LivePredictor:
    """Scores the last `window` frames after every `stride` frames, by default half a window.

    The results are those of `predictor.windows` for a recording of the same frames. By default, frames have the joints,
    units and rate that the network was trained on; `joint_names`, `image_size` (width, height; 1, 1 for fractions) and
    `fps` say otherwise. With `followed`, a person has the same place in all frames. Raises UserError if the model does
    not take such windows.
    """

    def __init__(self, predictor, window, stride=None, top_k=5, joint_names=None, image_size=None, fps=None,
                 followed=False):
        self.predictor, self.top_k = predictor, top_k
        self.window, self.stride = window, check_stride(window, stride)
        self.preparations = predictor.needed_preparations()
        first = self.preparations[0]
        if any((other.dimensions, other.fps) != (first.dimensions, first.fps) for other in self.preparations):
            raise UserError('--live: the streams were trained on different dimensions or frames per second')
        self.received = 0  # frames
        self.resampled = 0  # frames, at the rate of the network
        self.scored = 0  # of these, up to the end of the last window
        self.smoothed = None  # probabilities (num_class,)
        self.have_ids = None  # whether frames with persons have ids, None before the first one
        self.empty = Recording(np.zeros((1, 0, len(first.joints), 3)), tuple(first.joints), first.dimensions,
                               followed=followed)
        self.describe(joint_names, image_size, fps)
        self.warm_up(image_size or first.image_size or (1, 1))

    def describe(self, joint_names=None, image_size=None, fps=None):
        """Say what the frames hold, before the first one."""
        names, rate = tuple(joint_names or self.empty.joint_names), self.preparations[0].fps
        units = METRES if self.empty.dimensions == 3 and joint_names else PIXELS if image_size else None
        empty = self.empty._replace(joints=np.zeros((1, 0, len(names), 3)), joint_names=names, units=units,
                                    image_size=tuple(image_size) if image_size else None)
        for preparation in self.preparations:
            for remark in preparation.fit(empty._replace(fps=fps)).remarks:
                self.predictor.log(f'{SOURCE}: {remark}')
        self.empty = empty._replace(fps=rate)
        self.rates = (fps, rate) if rates_differ(fps, rate) else (1, 1)
        # The newest frames, (joints (M, V, 3), ids (M,) or None), as many as a window is resampled from.
        self.newest = collections.deque(maxlen=math.ceil(self.window * self.rates[0] / self.rates[1]) + 4)

    def warm_up(self, size):
        """Score noise: it reports early what does not fit, and the first pass is slow."""
        noise = np.random.default_rng(0).random((1, self.window, len(self.empty.joint_names), 3))
        noise[..., :2] *= size
        list(self.score_recording(self.empty._replace(joints=noise, ids=np.zeros((1, self.window), int))))

    def push(self, frame):
        """Take the next frame; return the result for the window that ends there, None if none does.

        `frame` is a dict: `persons` (M, V, C), C = x y z in 3D and x y score or x y in 2D, and, if known, `ids` (M,),
        integers that say who is who, and `time`, anything. Before the first frame, a dict with keys of HEADER may come.
        A result is a dict: the `time` of its last frame, the frames `from` … `to`, the `top` classes, none if it shows
        nobody, and the `smoothed` class. Of several windows that end at one frame, the last is scored.
        Raises BrokenSample for an invalid frame, which is ignored.
        """
        if isinstance(frame, dict) and 'persons' not in frame and frame.keys() & set(HEADER) and not self.received:
            self.describe(**checked_header(frame))
            return None
        self.newest.append(self.persons_in(frame))
        self.time = frame.get('time')
        self.received += 1
        self.resampled = new_frames(self.received, *self.rates)
        end = self.resampled - (self.resampled - self.window) % self.stride
        return self.score(end) if end >= self.window and end > self.scored else None

    def finish(self):
        """Return the result for the window at the end, None if no frame came after the last result."""
        return self.score(self.resampled) if self.resampled > self.scored else None

    def persons_in(self, frame):
        """Return (joints (M, V, 3), float64, ids (M,) or None) of a frame."""
        if not isinstance(frame, dict) or 'persons' not in frame:
            raise BrokenSample('not a frame: {"persons": [[[x, y, score], …], …]} is needed')
        V, channels = len(self.empty.joint_names), (3,) if self.empty.dimensions == 3 else (2, 3)
        persons = numbers(frame['persons'], 'its persons')
        if not persons.size:
            return np.zeros((0, V, 3)), None
        if persons.ndim != 3 or persons.shape[1] != V or persons.shape[2] not in channels:
            raise BrokenSample(f'its persons are of the shape {persons.shape}, and (M, {V}, 3) is needed')
        ids = None if frame.get('ids') is None else checked_ids(frame['ids'], len(persons))
        if self.have_ids not in (None, ids is not None):
            raise BrokenSample('ids are needed in all frames with persons or in none')
        if persons.shape[2] == 2:
            persons = np.concatenate((persons, persons.any(2, keepdims=True)), 2)
        for preparation in self.preparations:
            preparation.fit(self.empty._replace(joints=persons[:, None]))
        self.have_ids = ids is not None
        return persons, ids

    def score(self, end):
        """Return the result for the window that ends at frame `end` of the resampled ones."""
        first = max(0, end - self.window)
        window, = self.score_recording(self.recording(first, end))
        self.scored = end
        result = {'time': self.time, 'from': first, 'to': end, 'top': [], 'smoothed': None}
        if window.scores is None:
            self.smoothed = None
            return result
        newest = probabilities(window.scores)
        before = newest if self.smoothed is None else self.smoothed
        self.smoothed = SMOOTHING * newest + (1 - SMOOTHING) * before
        names, label = self.predictor.class_names, int(self.smoothed.argmax())
        smoothed = {'label': label, 'name': names[label], 'probability': float(self.smoothed[label])}
        return {**result, 'top': best(window.scores, names, self.top_k), 'smoothed': smoothed}

    def recording(self, first, end):
        """Return the Recording of frames `first` to `end` at the rate of the network."""
        M, T = max(1, *(len(persons) for persons, _ in self.newest)), len(self.newest)
        joints, ids = np.zeros((M, T, len(self.empty.joint_names), 3)), np.full((M, T), -1)
        for t, (persons, their_ids) in enumerate(self.newest):
            joints[:len(persons), t] = persons
            ids[:len(persons), t] = -1 if their_ids is None else their_ids
        before, after, weight = source_frames(np.arange(first, end), *self.rates)
        oldest = self.received - T
        before, after = before - oldest, np.minimum(after - oldest, T - 1)
        joints, ids = between(joints[:, before], joints[:, after], weight,
                              (ids[:, before], ids[:, after]) if self.have_ids else None)
        return self.empty._replace(joints=joints, ids=ids)

    def score_recording(self, recording):
        """Return an iterator over the one Window of a whole Recording, see prediction.windows."""
        fitted = [preparation.fit(recording) for preparation in self.preparations]
        return score_windows(self.predictor.model, fitted, SOURCE, [(0, recording.joints.shape[1])], 1)


def checked_ids(values, count):
    """Return ids as int64 (count,); BrokenSample if they are anything else."""
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        ids = np.array(values, np.int64)
        if ids.shape == (count,) and (ids >= 0).all():
            return ids
    raise BrokenSample(f'its ids are no {count} integers from 0')


def checked_header(header):
    """Return the HEADER's keys in a dict; BrokenSample if one of them is wrong."""
    names, size, fps = (header.get(key) for key in HEADER)
    if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise BrokenSample('joint_names is no list of names')
    if size is not None and not (isinstance(size, list) and len(size) == 2 and all(map(is_positive, size))):
        raise BrokenSample('image_size is no [width, height]')
    if fps is not None and not is_positive(fps):
        raise BrokenSample('fps is no number above 0')
    return dict(zip(HEADER, (names, size, fps)))
