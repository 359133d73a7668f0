"""Frames that are scored while they are recorded: what a frame holds, and the windows that end at the newest one."""
import numpy as np

from data_gen.formats.raw_file import check_size
from data_gen.formats.sample import BrokenSample
from data_gen.preparation_file import is_positive
from data_gen.recording import METRES, PIXELS, Recording
from data_gen.resample import between, rates_differ, source_frames
from prediction.ranking import best, probabilities
from prediction.windows import check_stride, score_windows
from runtime.errors import UserError, print_error

SMOOTHING = .5  # weight of the newest window in the smoothed probabilities
SOURCE = 'the frames'
NEEDED = '{"persons": [[[x, y, score], …], …]} is needed'
HEADER = 'joint_names', 'image_size', 'fps'


class LivePredictor:
    """Scores the last `window` frames after every `stride` frames, half a window if it is None.

    `predictor` is a predict.Predictor. `joint_names`, `image_size` (width, height; 1, 1 for fractions) and `fps` say
    what the frames hold; without them, they are the joints that the network was trained on, in units and at a rate that
    nothing says, see Preparation.fit. `followed` says that a person has the same place in all frames. A window is
    prepared as a recording of its frames is, so that the results are those of `Predictor.windows` for a recording of
    the same frames. Raises UserError if the model does not take such windows.
    """

    def __init__(self, predictor, window, stride=None, top_k=5, joint_names=None, image_size=None, fps=None,
                 followed=False):
        self.predictor, self.window, self.stride, self.top_k = predictor, window, check_stride(window, stride), top_k
        self.preparations = predictor.model.needed_preparations()
        first = self.preparations[0]
        self.rate = first.fps
        if any((other.dimensions, other.fps) != (first.dimensions, first.fps) for other in self.preparations):
            raise UserError('--live: the streams were trained on joints of different dimensions or frames per second')
        names = tuple(joint_names or first.joints)
        warm_up = np.random.default_rng(0).random((1, window, len(names), 3))
        warm_up[..., :2] *= image_size or first.image_size or (1, 1)
        # The last `window` frames, the newest last.
        self.newest = Recording(warm_up, names, first.dimensions, followed=followed, ids=np.zeros((1, window), int))
        self.describe(joint_names, image_size, fps)
        self.seen, self.time, self.smoothed = window, None, None
        self.score()  # reports what does not fit before the first frame comes; the first pass is slow, too
        self.newest = self.newest.part(0, 0)
        self.received, self.seen, self.smoothed, self.before = 0, 0, None, None
        self.have_ids = None  # whether frames have ids: as the first one with persons

    def describe(self, joint_names=None, image_size=None, fps=None):
        """Say what the frames hold, before the first one."""
        names = tuple(joint_names or self.newest.joint_names)
        size = tuple(image_size) if image_size else None
        units = METRES if self.newest.dimensions == 3 and joint_names else PIXELS if size else None
        M, T, _, C = self.newest.joints.shape
        newest = self.newest._replace(
            joints=np.resize(self.newest.joints, (M, T, len(names), C)), joint_names=names, units=units,
            image_size=size, fps=self.rate)
        for preparation in self.preparations:
            for remark in preparation.fit(newest._replace(fps=fps)).remarks:
                self.predictor.log(f'{SOURCE}: {remark}')
        self.newest, self.fps = newest, fps

    @property
    def due(self):
        """Whether a window ends at the newest frame."""
        return self.seen >= self.window and (self.seen - self.window) % self.stride == 0

    def push(self, frame):
        """Take the next frame; return the result for the window that ends there, if one is due, else None.

        `frame` is {'persons': (M, V, C), 'ids': (M,), 'time': anything}, C = x y z in 3D and x y score or x y in 2D, as
        lists or arrays; `ids`, integers, say who is who, in all frames or in none, and `time` is returned. A dict with
        the keys of HEADER, before the first frame, says what the frames hold. A result has the time of its last frame
        (None if it has none), the frames `from` … `to`, the `top` classes, which are none if nobody is there, and the
        `smoothed` class. Frames of another rate than the network's are resampled to it; of several windows that end at
        one frame of a lower rate, the result is that of the last. Raises BrokenSample for an invalid frame, which is
        ignored.
        """
        if isinstance(frame, dict) and 'persons' not in frame and frame.keys() & set(HEADER) and not self.received:
            self.describe(**checked_header(frame))
            return None
        joints, ids = self.bodies_in(frame)
        time = frame.get('time')
        self.received += 1
        result = None
        for new_joints, new_ids in self.at_rate(joints, ids):
            self.append(new_joints, new_ids)
            self.time = time
            self.seen += 1
            if self.due:
                result = self.score()
        return result

    def finish(self):
        """Return the result for the window at the end, None if no frame came after the last result."""
        return self.score() if self.seen and not self.due else None

    def at_rate(self, joints, ids):
        """Yield the frames at the network's rate that lie after the frame before and until this one: joints and ids."""
        if not rates_differ(self.fps, self.rate):
            yield joints, ids
            return
        previous, self.before = self.before, (joints, ids)
        newest = self.received - 1  # the number of this frame
        number = self.seen
        while True:
            (before,), (after,), weight = source_frames(np.array([number]), self.fps, self.rate)
            if after > newest:
                return
            first, second = (previous if at < newest else (joints, ids) for at in (before, after))
            M = max(len(first[0]), len(second[0]))
            (a, a_ids), (b, b_ids) = (padded(*frame, M) for frame in (first, second))
            new_joints, new_ids = between(a[:, None], b[:, None], weight,
                                          None if a_ids is None or b_ids is None else (a_ids[:, None], b_ids[:, None]))
            yield new_joints[:, 0], None if new_ids is None else new_ids[:, 0]
            number += 1

    def append(self, joints, ids):
        """Add a frame of joints (M, V, 3) and ids (M,), or None, to the newest ones."""
        M = max(len(joints), len(self.newest.joints))
        joints, ids = padded(joints, ids, M)
        old = self.newest.part(max(0, self.newest.joints.shape[1] + 1 - self.window), None)
        missing = M - len(old.joints)
        all_joints = np.pad(old.joints, ((0, missing), (0, 1), (0, 0), (0, 0)))
        all_joints[:, -1] = joints
        all_ids = None
        if ids is not None:
            before = np.full((M, old.joints.shape[1]), -1) if old.ids is None else np.pad(
                old.ids, ((0, missing), (0, 0)), constant_values=-1)
            all_ids = np.concatenate((before, ids[:, None]), 1)
        self.newest = old._replace(joints=all_joints, ids=all_ids)

    def score(self):
        """Return the result for the window that ends at the newest frame."""
        length = self.newest.joints.shape[1]
        recordings = [preparation.fit(self.newest) for preparation in self.preparations]
        window, = score_windows(self.predictor.model, recordings, SOURCE, [(0, length)], 1)
        result = {'time': self.time, 'from': self.seen - length, 'to': self.seen, 'top': [], 'smoothed': None}
        if window.scores is None:
            self.smoothed = None
            return result
        chances = probabilities(window.scores)
        self.smoothed = chances if self.smoothed is None else SMOOTHING * chances + (1 - SMOOTHING) * self.smoothed
        names, label = self.predictor.class_names, int(self.smoothed.argmax())
        smoothed = {'label': label, 'name': names[label], 'probability': float(self.smoothed[label])}
        return {**result, 'top': best(window.scores, names, self.top_k), 'smoothed': smoothed}

    def bodies_in(self, frame):
        """Return (joints (M, V, 3), float64, ids (M,) or None) of a frame."""
        if not isinstance(frame, dict) or 'persons' not in frame:
            raise BrokenSample(f'not a frame: {NEEDED}; data_gen/pose_gendata.py reads what pose estimators write')
        V, channels = len(self.newest.joint_names), (3,) if self.newest.dimensions == 3 else (2, 3)
        try:
            persons = np.array(frame['persons'], np.float64)
            ids = None if frame.get('ids') is None else np.array(frame['ids'], np.int64)
        except (TypeError, ValueError, OverflowError):
            raise BrokenSample('its persons are not lists of numbers, all of one length, or its ids no integers'
                               ) from None
        if not persons.size:
            return np.zeros((0, V, 3)), None if self.have_ids is False else np.zeros(0, np.int64)
        if persons.ndim != 3 or persons.shape[1] != V or persons.shape[2] not in channels:
            raise BrokenSample(f'its persons are of the shape {persons.shape}, and (M, {V}, 3) is needed')
        if ids is not None and (ids.shape != persons.shape[:1] or (ids < 0).any()):
            raise BrokenSample(f'its ids are no {len(persons)} integers from 0')
        if self.have_ids not in (None, ids is not None):
            raise BrokenSample('the frames before have ids, and it has none' if ids is None else
                               'it has ids, and the frames before have none')
        check_size(persons)
        if persons.shape[2] == 2:
            persons = np.concatenate((persons, persons.any(2, keepdims=True)), 2)
        for preparation in self.preparations:
            fitted = preparation.fit(self.newest._replace(joints=persons[:, None], ids=None))
            preparation.bodies_of(fitted._replace(ids=None if ids is None else ids[:, None]))
        self.have_ids = ids is not None
        return persons, ids


def padded(joints, ids, M):
    """Return joints (M, V, 3) and ids (M,), or None, of a frame with fewer persons: zeros, and −1."""
    missing = M - len(joints)
    return (np.pad(joints, ((0, missing), (0, 0), (0, 0))),
            None if ids is None else np.pad(ids, (0, missing), constant_values=-1))


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


def live_results(live, source):
    """Yield the results of a LivePredictor for the frames of a Source; report broken frames and ignore them."""
    for number, frame in enumerate(source.frames, 1):
        try:
            result = live.push(source.parse(frame))
        except BrokenSample as error:
            print_error(f'line {number}: {error}')
        else:
            if result:
                yield result
