"""Frames that are scored while they are recorded: what a frame holds, and the windows that end at the newest one."""
import json

import numpy as np

from data_gen.formats import kinetics_json, ntu_skeleton, pose_files
from data_gen.formats.detections import Nobody
from data_gen.formats.mediapipe_landmarks import IMAGE, WORLD
from data_gen.formats.raw_file import check_size
from data_gen.formats.sample import BrokenSample, Recording
from data_gen.normalize import coco_clip, kinetics_clip, ntu_clip, nwucla_clip
from prediction.ranking import best, probabilities
from prediction.windows import check_stride, score_windows
from runtime.errors import UserError, complain

# Joints of a published data set → dimensions, the function that makes the clip, and how many persons of a frame count.
PUBLISHED = {25: (3, ntu_clip, ntu_skeleton.MAX_BODIES), 20: (3, nwucla_clip, None),
             18: (2, kinetics_clip, kinetics_json.MAX_PERSONS), 17: (2, coco_clip, None)}
SMOOTHING = .5  # weight of the newest window in the smoothed probabilities
SOURCE = 'the frames'
NEEDED = '{"persons": [[[x, y, score], …], …]} is needed, or a frame of a pose estimator'


class LivePredictor:
    """Scores the last `window` frames after every `stride` frames, half a window if it is None.

    `predictor` is a predict.Predictor. Clips are prepared as `preparation.yaml` beside the data says or, without one,
    as those of the published data set with as many joints. The predictor's pose flags hold the size of the image, if
    coordinates are in pixels, and the skeleton that joints are mapped to. The results are those of `Predictor.windows`
    for the same frames. Persons are not tracked: person m of a frame is person m of the frame before. Raises
    UserError if the model does not take such windows.
    """

    def __init__(self, predictor, window, stride=None, top_k=5):
        self.predictor, self.window, self.stride, self.top_k = predictor, window, check_stride(window, stride), top_k
        preparation, joints = predictor.preparation, predictor.model.num_point
        flags, size = predictor.pose_flags, None
        if preparation:
            self.dimensions, self.clip_of, self.most_persons = preparation.dimensions, preparation.clip, None
            flags, size = flags._replace(joints=preparation.joints), preparation.image_size
        elif joints in PUBLISHED:
            self.dimensions, self.clip_of, self.most_persons = PUBLISHED[joints]
        else:
            raise UserError(f'--live: the model takes {joints} joints, and no preparation.yaml beside its data says '
                            'how to prepare them')
        self.flags = flags._replace(image_size=flags.image_size or size, dimensions=self.dimensions)
        self.joints = np.random.default_rng(0).random((1, window, joints, 3))  # (M, window, V, C), the newest last
        self.seen, self.time, self.smoothed, self.image_size = window, None, None, (1, 1)
        self.score()  # reports what does not fit before the first frame comes; the first pass is slow, too
        self.joints[:], self.seen, self.smoothed = 0, 0, None

    @property
    def due(self):
        """Whether a window ends at the newest frame."""
        return self.seen >= self.window and (self.seen - self.window) % self.stride == 0

    def push(self, frame):
        """Take the next frame; return the result for the window that ends there, if one is due, else None.

        `frame` is {'persons': (M, V, C), 'time': anything}, C = x y z in 3D and x y score or x y in 2D, as lists or
        arrays; or a frame of a pose estimator, see docs/prediction.md. A result has the time of its last frame (None if
        it has none), the frames `from` … `to`, the `top` classes, which are none if nobody is there, and the `smoothed`
        class. Raises BrokenSample for an invalid frame, which is ignored.
        """
        if isinstance(frame, dict) and 'persons' in frame:
            persons = self.persons_in(frame['persons'])
        else:
            persons = self.poses_in(frame)
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
        recording = Recording(self.joints[:, -length:], image_size=self.image_size)
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

    def persons_in(self, persons):
        """Return the joints of the `persons` in a frame, (M, V, C), as float64 (M, V, 3)."""
        try:
            persons = np.array(persons, np.float64)
        except (TypeError, ValueError, OverflowError):
            raise BrokenSample('its persons are not lists of numbers, all of one length') from None
        V, channels = self.joints.shape[2], (3,) if self.dimensions == 3 else (2, 3)
        if not persons.size:
            return np.zeros((0, V, 3))
        if persons.ndim != 3 or persons.shape[1] != V or persons.shape[2] not in channels:
            raise BrokenSample(f'its persons are of the shape {persons.shape}, and (M, {V}, 3) is needed')
        check_size(persons)
        if persons.shape[2] == 2:
            persons = np.concatenate((persons, persons.any(2, keepdims=True)), 2)
        size = self.flags.image_size
        farthest = np.abs(persons[..., :2]).max()
        if self.dimensions == 2 and not size and not self.predictor.preparation:
            if farthest > kinetics_json.FARTHEST_SHARE:
                raise BrokenSample(f'a coordinate of {farthest:g} is not a fraction of an image: give --image_size')
            size = 1, 1
        return self.in_shares(persons, size)[:self.most_persons]

    def poses_in(self, frame):
        """Return the joints (M, V, 3) in a frame of a pose estimator; a list is MediaPipe's landmarks."""
        if isinstance(frame, list):
            frame = {(WORLD if self.dimensions == 3 else IMAGE)[0]: frame}
        if not isinstance(frame, dict) or pose_files.form_in(frame) is None:
            raise BrokenSample(f'not a frame: {NEEDED}')
        try:
            recording = pose_files.recording_in(frame, SOURCE, self.flags)
        except Nobody:
            return np.zeros((0, *self.joints.shape[2:]))
        if recording.joints.shape[1:3] != (1, self.joints.shape[2]):
            raise BrokenSample(f'{recording.joints.shape[1]} frames of {recording.joints.shape[2]} joints, and one of '
                               f'{self.joints.shape[2]} is needed')
        return self.in_shares(recording.joints[:, 0], recording.image_size)[:self.most_persons]

    def in_shares(self, persons, size):
        """Return the persons with x and y as shares of an image of this `size`; as they are if it is None or in 3D."""
        if size is None or self.dimensions == 3:
            self.image_size = None
            return persons
        self.image_size = 1, 1
        return persons / (*size, 1)


def live_results(live, lines):
    """Yield the results of a LivePredictor for lines of JSON (bytes); report broken lines and ignore them."""
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
