#!/usr/bin/env python3
"""Recognise the actions in recordings: `python predict.py --config C --weights W FILE …`, or with `--onnx model.onnx`.

For programs: `Predictor(config, weights)('clip.skeleton')` returns the names of the classes, likeliest first, and their
probabilities. `prediction.live.LivePredictor` takes frames one by one.
"""
import functools
import itertools
import json
import pathlib
import pickle
import signal
import sys
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from data_gen.class_names import NAMES_HELP, class_names
from data_gen.formats import read_file
from data_gen.formats.raw_file import reading
from data_gen.formats.sample import BrokenSample
from data_gen.poses.landmarks import MODEL, add_pose_model, check_model
from data_gen.sources import is_video, read_video, recordings_in, video_recordings
from feeders.labels import read_labels
from prediction.exported import onnx_model
from prediction.flags import add_streams, separate_files
from prediction.live import LivePredictor
from prediction.live_sources import live_results, open_source
from prediction.printed import as_json, as_text, cut_line, live_line
from prediction.ranking import ranked
from prediction.windows import check_stride, score_windows, spans
from runtime.arguments import Parser, count
from runtime.atomic_file import write_whole
from runtime.errors import UserError, print_error, run_command

SOME_BROKEN, NONE_USABLE = 1, 2  # exit statuses


def get_parser():
    parser = Parser(description='Recognise the actions in recordings, with one trained stream or several that are '
                                'fused.')
    add = parser.add_argument
    add('files', nargs='*', metavar='FILE', help='.skeleton of NTU RGB+D, .json of Kinetics-Skeleton or NW-UCLA, .npz '
        'of pose_gendata.py, .npy of prepared joints (C, T, V, M) or (N, C, T, V, M), a .npy or .csv as '
        'custom_gendata.py takes it, a video, or a folder of such files')
    add_streams(add)
    add('--onnx', help='model that export.py wrote, instead of configs and weights')
    add('--window', type=count, metavar='FRAMES', help='score windows of this many frames over the whole '
        'recording, instead of its first frames')
    add('--stride', type=count, metavar='FRAMES', help='frames from one window to the next (default: half a window)')
    add('--live', metavar='SOURCE', help='write a line for each window of frames that come: those of a video, of the '
        'camera with this number, or of lines of JSON in a file, or on standard input (-)')
    add_pose_model(add)
    add('--names', help=NAMES_HELP)
    add('--top-k', type=count, default=5, help='number of classes to print')
    add('--batch-size', type=count, default=16, help='number of clips, or windows, in a batch')
    add('--device', help='GPU number, cuda:1, mps, cpu or auto (default: the device in the config)')
    add('--json', action='store_true', help='print JSON for other programs, see docs/prediction.md')
    add('--out', help='write the scores to this file, in the format of main.py --save-score')
    return parser


class Prediction(NamedTuple):
    """The result for one clip: its file, its number in the file (None if it is the only one), and its scores.

    `scores` is (num_class,) float32, or None where `error`, a UserError, says why there are none. Of a recording,
    `frames` is how many it has, and `used` how many of them, the first ones, were scored. A recording scored in
    windows has `windows`, see prediction.windows, in place of `scores`.
    """

    file: Any
    clip: Any
    scores: Any
    error: Any = None
    frames: Any = None
    used: Any = None
    windows: Any = None

    @property
    def source(self):
        return str(self.file) if self.clip is None else f'{self.file}[{self.clip}]'


class Predictor:
    """Recognises the actions in recordings, with one trained stream or several whose scores are fused.

    `config` is the path of a YAML, `weights` that of a `.pt` (default: what the config names); lists of both are
    several streams, whose scores are summed, each times its factor of `stream_weights` (default: 1). `names` is a file
    that names the classes, see data_gen.class_names (default: the one beside the config's test data); `device` replaces
    that of the configs. Recordings are prepared as the data that each stream was trained on, see
    data_gen.preparation.preparation_of.

    `onnx` is the path of a model that export.py wrote, which takes the place of configs and weights; PyTorch is then
    not imported. `pose_model` is the path of the model that finds people in videos. `tell` is called with lines about
    the recordings.

    A call with the path of a recording returns (names, probabilities) of all classes, likeliest first; of a recording
    longer than a clip, only its first frames are scored; `windows` scores all. `class_names` has the names by label.
    Raises UserError, whose text is one line, if something is wrong with a file.
    """

    def __init__(self, config=None, weights=None, stream_weights=None, names=None, device=None, onnx=None,
                 pose_model=MODEL, tell=lambda line: None):
        if onnx:
            self.model = onnx_model(onnx)
            self.class_names = class_names(len(self.model.class_names), names) if names else self.model.class_names
        else:
            from prediction.streams import FusedStreams  # and with it torch, which an exported model does without
            self.model = FusedStreams(as_list(config), weights and as_list(weights), stream_weights, names, device)
            self.class_names = self.model.class_names
        self.pose_model, self.tell = pose_model, tell

    def __call__(self, path):
        clips, _, _ = self.read_clips(path)
        if len(clips) > 1:
            raise UserError(f'{path}: it holds {len(clips)} clips: use predict([path])')
        return self.classes(clips[0], path)

    def classes(self, clips, path):
        """Return (names, probabilities) of all classes, likeliest first, for clips of joints (C, T, V, M).

        `clips` is a list of one clip for each of the model's preparations.
        """
        order, probabilities = ranked(self.model.scores([self.model.prepare(clips, path)])[0])
        return [self.class_names[label] for label in order], probabilities

    def read(self, path):
        """Return (prepared clips (N, C, T, V, M), None) or (None, fitted Recordings, one a preparation) of a file.

        Raises BrokenSample, which names the file.
        """
        if is_video(path):
            preparations = self.model.needed_preparations()  # an error comes before the minutes that a video takes
            return None, self.fitted(video_recordings(*read_video(path, self.pose_model), preparations), path)
        contents = [read_file(path, preparation) for preparation in self.model.preparations]
        if isinstance(contents[0], np.ndarray):
            if len(contents) > 1:
                raise BrokenSample(f'{path}: prepared clips, and the streams were trained on clips that were prepared '
                                   'differently: give recordings')
            return contents[0], None
        return None, self.fitted(contents, path)

    def fitted(self, recordings, path):
        """Return the Recordings from `path`, one a preparation, fitted to these; tell the remarks on them."""
        with reading(path):
            recordings = [preparation.fit(recording)
                          for preparation, recording in zip(self.model.needed_preparations(), recordings)]
        for remark in dict.fromkeys(remark for recording in recordings for remark in recording.remarks):
            self.tell(f'{path}: {remark}')
        return recordings

    def read_clips(self, path):
        """Return (clips, frames, used) of the file at `path`: a list, for each clip, of one array a preparation.

        Of a raw recording, which is one clip, `frames` is how many it has and `used` how many of them are in the clip;
        of prepared clips both are None. Raises BrokenSample, which names the file.
        """
        prepared, recordings = self.read(path)
        if recordings is None:
            return [[clip] for clip in prepared], None, None
        with reading(path):
            clips = [preparation.clip(recording)[0]
                     for preparation, recording in zip(self.model.preparations, recordings)]
            if not any(clip.any() for clip in clips):
                raise BrokenSample('without a skeleton in any frame')
        frames = recordings[0].joints.shape[1]
        return [clips], frames, min(frames, self.model.preparations[0].frames or frames)

    def predict(self, paths, batch_size=16):
        """Yield the Prediction of every clip in the files and folders `paths`, in their order.

        A file that cannot be used yields a Prediction with an `error`, and the others are still predicted.
        """
        for batch in batched(self.prepared_clips(recordings_in(paths)), batch_size):
            yield from self.predict_batch(batch)

    def prepared_clips(self, files):
        """Yield (Prediction without scores, its clip for each stream, None if it has an error)."""
        for file in files:
            try:
                clips, frames, used = self.read_clips(file)
            except UserError as error:
                yield Prediction(file, None, None, error), None
                continue
            for number, joints in enumerate(clips):
                prediction = Prediction(file, number if len(clips) > 1 else None, None, None, frames, used)
                try:
                    yield prediction, self.model.prepare([clip.view(np.ndarray) for clip in joints], file)
                except UserError as error:
                    yield prediction._replace(error=error), None

    def predict_batch(self, items):
        """Yield the Predictions of some items of `prepared_clips`; clips of one shape pass the network together."""
        def shapes(item):
            return item[1] and [clip.shape for clip in item[1]]

        for shape, same in itertools.groupby(items, key=shapes):
            predictions, clips = zip(*same)
            rows = self.model.scores(clips) if shape else [None] * len(clips)
            yield from (prediction._replace(scores=row) for prediction, row in zip(predictions, rows))

    def windows(self, path, window, stride=None, batch_size=16):
        """Return the Windows over all of the recording at `path`, of `window` frames, one every `stride` frames.

        The stride is half a window if it is None. The last window ends at the last frame; a recording shorter than a
        window is one window. See prediction.windows, which also makes a timeline of them.
        """
        return self.windows_of(self.read_recordings(path), path, window, stride, batch_size)

    def read_recordings(self, path):
        """Return fitted Recordings, one a preparation, of a file; BrokenSample if it holds prepared clips."""
        _, recordings = self.read(path)
        if recordings is None:
            raise BrokenSample(f'{path}: it holds prepared clips: --window takes recordings')
        return recordings

    def windows_of(self, recordings, path, window, stride=None, batch_size=16):
        """Return what `windows` does, of fitted Recordings from `path`."""
        lengths = {recording.joints.shape[1] for recording in recordings}
        if len(lengths) > 1:
            raise UserError('--window: the streams were trained on different frames per second')
        places = spans(lengths.pop(), window, check_stride(window, stride))
        windows = list(score_windows(self.model, recordings, path, places, batch_size))
        if all(window.scores is None for window in windows):
            raise BrokenSample(f'{path}: without a skeleton in any frame')
        return windows

    def predict_windows(self, paths, window, stride=None, batch_size=16):
        """Yield a Prediction with the `windows` of every recording in the files and folders `paths`; see `predict`."""
        for file in recordings_in(paths):
            try:
                windows = self.windows(file, window, stride, batch_size)
            except UserError as error:
                yield Prediction(file, None, None, error)
            else:
                yield Prediction(file, None, None, None, windows[-1].end, windows[-1].end, windows)


def as_list(value):
    """Return a list of paths, or the list of the one path `value`."""
    return list(value) if isinstance(value, list | tuple) else [value]


def batched(items, size):
    """Yield lists of `size` items, the last one shorter."""
    items = iter(items)
    while batch := list(itertools.islice(items, size)):
        yield batch


def sample_names(predictions, given):
    """Return the names that data preparation gives the clips of `predictions`, made of the paths `given`.

    A file found in a folder is named by its path from that folder, a file given by itself by its name alone, unless two
    names would be the same. Clips of `val_data_joint.npy` have the names in the `val_label.pkl` beside it.
    """
    folders = [path for path in map(pathlib.Path, given) if path.is_dir()]
    names = [sample_name(prediction, folders) for prediction in predictions]
    return names if len(set(names)) == len(names) else [prediction.source for prediction in predictions]


def sample_name(prediction, folders):
    known = names_beside_data(prediction.file)
    if (prediction.clip or 0) < len(known):
        return known[prediction.clip or 0]
    within = (folder for folder in folders if folder in prediction.file.parents)
    folder = next(within, prediction.file.parent)
    return pathlib.PurePath(prediction.source).relative_to(folder).as_posix()


@functools.cache
def names_beside_data(path):
    """Return the sample names that lie beside prepared data such as `val_data_joint.npy`, or []."""
    part, found, _ = path.stem.partition('_data_')
    label_path = path.with_name(f'{part}_label.pkl')
    return read_labels(label_path)[0] if found and path.suffix == '.npy' and label_path.is_file() else []


@functools.cache
def tell(line):
    """Write a line about a recording to standard error, once."""
    print(line, file=sys.stderr)


def parse_arguments(argv=None):
    arg = get_parser().parse_args(argv)
    separate_files(arg)
    check_arguments(arg)
    return arg


def check_arguments(arg):
    if bool(arg.onnx) == bool(arg.config):
        raise UserError('give either --config or --onnx')
    if arg.onnx and (arg.weights or arg.stream_weights or arg.device):
        raise UserError('--onnx: the file holds configs and weights, and runs on the CPU: leave out --weights, '
                        '--stream-weights and --device')
    if (arg.stride or arg.live) and not arg.window:
        raise UserError(f'{"--live" if arg.live else "--stride"} needs --window FRAMES')
    if arg.window:
        check_stride(arg.window, arg.stride)
    if arg.live and arg.files:
        raise UserError(f'--live {arg.live}: it takes no other files: leave out {arg.files[0]}')
    if arg.window and arg.out:
        raise UserError('--out holds one row of scores for each clip: leave out --window, or use --json')
    if not arg.files and not arg.live:
        raise UserError('name a FILE to predict')


def main():
    arg = parse_arguments()
    predictor = Predictor(arg.config, arg.weights, arg.stream_weights, arg.names, arg.device, arg.onnx, arg.pose_model,
                          tell)
    return predict_live(predictor, arg) if arg.live else predict_files(predictor, arg)


def predict_live(predictor, arg):
    """Print a line for every window of the frames that arrive, until there are no more, or an interrupt.

    Then the window at the end is scored. Returns the exit status.
    """
    def show(result):
        print(json.dumps(result) if arg.json else live_line(result, predictor.class_names), flush=True)

    status = 0
    with open_source(arg.live, predictor.model.needed_preparations(), arg.pose_model) as source:
        live = LivePredictor(predictor, arg.window, arg.stride, arg.top_k, **source.header)
        try:
            for result in live_results(live, source):
                show(result)
        except KeyboardInterrupt:
            status = print_error('interrupted', 128 + signal.SIGINT)
        if result := live.finish():
            show(result)
    if source.dropped():
        tell(f'{source.dropped()} frames came too fast, and were dropped')
    return status


def predict_files(predictor, arg):
    """Print the Predictions of the files, and an error line for each file that cannot be used."""
    predictions, broken = [], []
    files = recordings_in(arg.files)
    if any(map(is_video, files)):
        check_model(arg.pose_model)
    found = (predictor.predict_windows(files, arg.window, arg.stride, arg.batch_size) if arg.window
             else predictor.predict(files, arg.batch_size))
    many = len(files) > arg.batch_size
    for prediction in tqdm(found, unit='clip', disable=None if many else True):
        if prediction.error is not None:
            print_error(prediction.error)
            broken.append(prediction)
            continue
        predictions.append(prediction)
        if line := cut_line(prediction.file, prediction.frames, prediction.used):
            tell(f'{line}: --window FRAMES scores all of them')
        if not arg.json:
            print(as_text(prediction, predictor.class_names, arg.top_k))
    if not predictions and not broken:
        raise UserError(f'{", ".join(arg.files)}: no recordings found')
    if arg.json:
        print(json.dumps(as_json(predictor.model, predictor.class_names, predictions, broken, arg.top_k), indent=1))
    if arg.out and predictions:
        with write_whole(arg.out) as file:
            scores = [np.exp(p.scores) if predictor.model.are_probabilities else p.scores for p in predictions]
            pickle.dump(dict(zip(sample_names(predictions, arg.files), scores)), file)
    if broken:
        return SOME_BROKEN if predictions else NONE_USABLE
    return 0


if __name__ == '__main__':
    run_command(main)
