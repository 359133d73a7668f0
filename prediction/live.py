"""Frames that are judged while they are recorded: what a frame holds, and the windows that end at the newest one."""
import json

import numpy as np

from data_gen.formats import kinetics_json, ntu_skeleton
from data_gen.formats.raw_file import check_size
from data_gen.formats.sample import BrokenSample, Recording
from data_gen.normalize import coco_clip, kinetics_clip, ntu_clip
from prediction.ranking import best, probabilities
from prediction.windows import check_stride, score_windows
from runtime.errors import UserError, complain

# Joints of a published data set → dimensions, the function that makes the clip, and how many persons of a frame count.
PUBLISHED = {25: (3, ntu_clip, ntu_skeleton.MAX_BODIES), 18: (2, kinetics_clip, kinetics_json.MAX_PERSONS),
             17: (2, coco_clip, None)}
SMOOTHING = .5  # weight of the newest window in the smoothed probabilities
FARTHEST_SHARE = 2  # images; joints lie within one
SOURCE = 'the frames'
FORMS = '{"persons": [[[x, y, score], …], …]}, or a frame of OpenPose (2D) or MediaPipe'


class LivePredictor:
    """Scores the last `window` frames after every `stride` frames, half a window if it is None.

    `predictor` is a predict.Predictor. Clips are prepared as `preparation.yaml` beside the data says or, without one,
    as those of the published data set with as many joints. `image_size` (width, height) makes pixels shares of the
    image, which models of Kinetics-Skeleton and COCO need. The results are those of `Predictor.windows` for the same
    frames. Raises UserError if the model does not take such windows.
    """

    def __init__(self, predictor, window, stride=None, image_size=None, top_k=5):
        self.predictor, self.window, self.stride, self.top_k = predictor, window, check_stride(window, stride), top_k
        self.image_size = image_size
        preparation, joints = predictor.preparation, predictor.model.num_point
        if preparation:
            self.dimensions, self.clip_of, self.most_persons = preparation.dimensions, preparation.clip, None
        elif joints in PUBLISHED:
            self.dimensions, self.clip_of, self.most_persons = PUBLISHED[joints]
        else:
            raise UserError(f'--live: the model is of {joints} joints, and no preparation.yaml beside its data says '
                            'how to prepare them')
        if image_size and (preparation or self.dimensions == 3):
            raise UserError('--image-size: it is for models of Kinetics-Skeleton and COCO: leave it out')
        self.in_image = not preparation and self.dimensions == 2
        self.joints = np.random.default_rng(0).random((1, window, joints, 3))  # (M, window, V, C), the newest last
        self.seen, self.time, self.smoothed = window, None, None
        self.score()  # finds what does not fit before the first frame comes; a network's first pass is slow, too
        self.joints[:], self.seen, self.smoothed = 0, 0, None

    @property
    def due(self):
        """Whether a window ends at the newest frame."""
        return self.seen >= self.window and (self.seen - self.window) % self.stride == 0

    def push(self, frame):
        """Take the next frame; return the result for the window that ends there, if one is due, else None.

        `frame` is {'persons': (M, V, C), 'time': anything}, C = x y z in 3D and x y score or x y in 2D, as lists or
        arrays; or a frame of OpenPose or of MediaPipe, see docs/prediction.md. A result has the time of its last frame
        (None if it has none), the frames `from` … `to`, the `top` classes, which are none if nobody is there, and the
        `smoothed` class. Raises UserError for a frame that is none, which is passed over.
        """
        persons = self.persons_in(frame)
        absent = max(0, len(persons) - len(self.joints))
        self.joints = np.pad(self.joints[:, 1:], ((0, absent), (0, 1), (0, 0), (0, 0)))
        self.joints[:len(persons), -1] = persons
        self.time = frame.get('time') if isinstance(frame, dict) else None
        self.seen += 1
        return self.score() if self.due else None

    def finish(self):
        """Return the result for the window at the end, None if no frame came after the last result."""
        return self.score() if self.seen and not self.due else None

    def score(self):
        """Return the result for the window that ends at the newest frame."""
        length = min(self.seen, self.window)
        recording = Recording(self.joints[:, -length:], image_size=self.image_size or (1, 1))
        window, = score_windows(self.predictor.model, recording, self.clip_of, SOURCE, [(0, length)], 1)
        result = {'time': self.time, 'from': self.seen - length, 'to': self.seen, 'top': [], 'smoothed': None}
        if window.scores is None:
            self.smoothed = None
            return result
        chances = probabilities(window.scores)
        self.smoothed = chances if self.smoothed is None else SMOOTHING * chances + (1 - SMOOTHING) * self.smoothed
        names, label = self.predictor.class_names, int(self.smoothed.argmax())
        smoothed = {'label': label, 'name': names[label], 'probability': float(self.smoothed[label])}
        return {**result, 'top': best(window.scores, names, self.top_k), 'smoothed': smoothed}

    def persons_in(self, frame):
        """Return the joints of the persons in a frame as float64 (M, V, 3); BrokenSample if it is none."""
        V = self.joints.shape[2]
        try:
            persons = np.array(persons_of_any_form(frame, self.dimensions), np.float64)
        except (LookupError, TypeError, ValueError, OverflowError, AttributeError):
            raise BrokenSample(f'not a frame: {FORMS} is needed') from None
        if not persons.size:
            return np.zeros((0, V, 3))
        channels = (3,) if self.dimensions == 3 else (2, 3)
        if persons.ndim != 3 or persons.shape[1] != V or persons.shape[2] not in channels:
            raise BrokenSample(f'its persons are of the shape {persons.shape}, and (M, {V}, 3) is needed')
        check_size(persons)
        if self.in_image and not self.image_size and np.abs(persons[..., :2]).max() > FARTHEST_SHARE:
            raise BrokenSample(f'a coordinate of {np.abs(persons[..., :2]).max():g} is no share of an image: give '
                               '--image-size')
        if persons.shape[2] == 2:
            persons = np.concatenate((persons, persons.any(2, keepdims=True)), 2)
        return persons[:self.most_persons]


def persons_of_any_form(frame, dimensions):
    """Return the persons in a frame as nested lists (M, V, C).

    OpenPose writes {"people": [{"pose_keypoints_2d": [x0, y0, score0, …]}, …]}. MediaPipe's landmarks of a person are
    a list of {"x", "y", "z", "visibility"}, those of several a list of such lists.
    """
    if isinstance(frame, list):
        third = 'z' if dimensions == 3 else 'visibility'
        people = frame if frame and isinstance(frame[0], list) else [frame] if frame else []
        return [[[landmark['x'], landmark['y'], landmark[third]] for landmark in person] for person in people]
    if 'people' in frame and dimensions == 2:
        return [np.reshape(person['pose_keypoints_2d'], (-1, 3)) for person in frame['people']]
    return frame['persons']


def live_results(live, lines):
    """Yield the results of a LivePredictor for lines of JSON (bytes); say which lines are broken and pass over them."""
    for number, line in enumerate(lines, 1):
        try:
            result = live.push(parsed(line))
        except BrokenSample as error:
            complain(f'line {number}: {error}')
        else:
            if result:
                yield result
    if result := live.finish():
        yield result


def parsed(line):
    """Return the content of a line of JSON; BrokenSample if it is none."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BrokenSample(f'not valid JSON: {error}') from None
