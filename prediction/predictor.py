"""The recognition of actions in files, for programs and for predict.py."""
import functools
import sys
from typing import Any, NamedTuple

import numpy as np

from data_gen.class_names import class_names
from data_gen.formats.sample import BrokenSample
from data_gen.poses.landmarks import MODEL
from data_gen.sources import recordings_in
from prediction.exported import onnx_model
from prediction.ranking import best
from prediction.reading import needed_preparations, read
from prediction.windows import score_clips, score_windows, spans, window_clips
from runtime.errors import UserError


class Prediction(NamedTuple):
    """The result for one clip of a file.

    `clip` is its number, None if the file holds a single one. `scores` is (num_class,) float32. A recording has
    `frames`, of which the first `used` ones were scored. With windows, a list of prediction.windows.Window, there are
    no scores; with an `error`, a UserError, there is neither.
    """

    file: Any
    clip: Any = None
    scores: Any = None
    frames: Any = None
    used: Any = None
    windows: Any = None
    error: Any = None

    @property
    def source(self):
        return str(self.file) if self.clip is None else f'{self.file}[{self.clip}]'


class Predictor:
    """Recognises the actions in recordings, with one trained stream or several whose scores are fused.

    `config` and `weights` are paths, lists of both for several streams, and `stream_weights` the factors of their
    scores; `names` is a file that names the classes, see data_gen.class_names. `onnx`, the path of a model that
    export.py wrote, takes the place of configs and weights; PyTorch is then not imported. `pose_model` is the path of
    the model that finds people in videos. `log` is called with lines about the recordings.

    A call with the path of a recording returns (names, probabilities) of all classes, likeliest first; of a recording
    longer than a clip, only the first frames are scored. Raises UserError if something is wrong with a file.
    """

    def __init__(self, config=None, weights=None, stream_weights=None, names=None, device=None, onnx=None,
                 pose_model=MODEL, log=lambda line: None):
        if onnx:
            self.model = onnx_model(onnx)
            self.class_names = class_names(len(self.model.class_names), names) if names else self.model.class_names
        else:
            from prediction.streams import FusedStreams  # and with it torch, which an exported model does without
            self.model = FusedStreams(as_list(config), weights and as_list(weights), stream_weights, names, device)
            self.class_names = self.model.class_names
        self.pose_model, self.log = pose_model, log

    def __call__(self, path):
        predictions = list(self.predict([path]))
        if len(predictions) != 1:
            raise UserError(f'{path}: it holds {len(predictions)} clips: use predict([path])')
        if predictions[0].error:
            raise predictions[0].error
        rows = best(predictions[0].scores, self.class_names)
        return [row['name'] for row in rows], np.array([row['probability'] for row in rows])

    def predict(self, paths, batch_size=16, window=None, stride=None):
        """Yield the Prediction of every clip in the files and folders `paths`, in their order.

        With a `window`, that of every recording has `windows`, see there. A file that cannot be used yields a
        Prediction with an `error`, and the others are still predicted.
        """
        for file in recordings_in(paths):
            try:
                if window:
                    windows = self.windows(file, window, stride, batch_size)
                    yield Prediction(file, None, None, windows[-1].end, windows[-1].end, windows)
                    continue
                clips, frames, used = self.read_clips(file)
                for number, scores in enumerate(score_clips(self.model, clips, file, batch_size)):
                    yield Prediction(file, number if len(clips) > 1 else None, scores, frames, used)
            except UserError as error:
                yield Prediction(file, error=error)

    def windows(self, path, window, stride=None, batch_size=16, video=None):
        """Return the Windows over all of the recording at `path`, of `window` frames, one every `stride` frames.

        The stride is half a window by default. The last window ends at the last frame; a recording shorter than a
        window is one window. `video` is what read_video has returned for `path`, if it was called.
        """
        _, recordings = self.read(path, video)
        if recordings is None:
            raise BrokenSample(f'{path}: it holds prepared clips: --window takes recordings')
        lengths = {recording.joints.shape[1] for recording in recordings}
        if len(lengths) > 1:
            raise UserError('--window: the streams were trained on different frames per second')
        windows = list(score_windows(self.model, recordings, path, spans(lengths.pop(), window, stride), batch_size))
        if all(window.scores is None for window in windows):
            raise BrokenSample(f'{path}: without a skeleton in any frame')
        return windows

    def needed_preparations(self):
        """Return the model's preparations; UserError if one is not known, without which no recording becomes a clip."""
        return needed_preparations(self.model.preparations, self.model.configs)

    def read(self, path, video=None):
        """Return (prepared clips (N, C, T, V, M), None) or (None, fitted Recordings, one a preparation) of a file."""
        clips, recordings = read(path, self.model.preparations, self.model.configs, self.pose_model, video)
        for remark in dict.fromkeys(remark for recording in recordings or () for remark in recording.remarks):
            self.log(f'{path}: {remark}')
        return clips, recordings

    def read_clips(self, path):
        """Return (clips, frames, used) of a file: a list, for each clip, of one array (C, T, V, M) a preparation.

        Of a recording, which is one clip, `frames` is how many it has and `used` how many of them are in the clip; of
        prepared clips both are None.
        """
        prepared, recordings = self.read(path)
        if recordings is None:
            return [[np.asarray(clip)] for clip in prepared], None, None
        clips = window_clips(self.model, recordings)
        if clips is None:
            raise BrokenSample(f'{path}: without a skeleton in any frame')
        frames = recordings[0].joints.shape[1]
        return [clips], frames, min(frames, self.model.preparations[0].frames or frames)


def as_list(value):
    """Return a list of paths, or the list of the one path `value`."""
    return list(value) if isinstance(value, list | tuple) else [value]


@functools.cache
def log_once(line):
    """Write a line about a recording to standard error, once."""
    print(line, file=sys.stderr)
