#!/usr/bin/env python3
"""Recognise the actions in recordings: `python predict.py --config C --weights W FILE …`.

For programs: `Predictor(config, weights)('clip.skeleton')`, and `prediction.live.LivePredictor` for single frames.
"""
import json
import pathlib
import signal

import numpy as np
from tqdm import tqdm

from data_gen.class_names import NAMES_HELP
from data_gen.poses.landmarks import add_pose_model, check_model
from data_gen.sources import is_video, recordings_in
from feeders.labels import read_labels
from prediction.flags import add_streams, separate_files
from prediction.live import LivePredictor
from prediction.live_sources import live_results, open_source
from prediction.predictor import Predictor, log_once
from prediction.printed import as_json, as_text, live_line
from prediction.scores import write_scores
from prediction.windows import check_stride
from runtime.arguments import Parser, count
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
    add('--batch-size', type=count, default=16, help='number of clips of a file, or windows, in a batch')
    add('--device', help='GPU number, cuda:1, mps, cpu or auto (default: the device in the config)')
    add('--json', action='store_true', help='print JSON for other programs, see docs/prediction.md')
    add('--out', help='write the scores to this file, in the format of main.py --save-score')
    return parser


def parse_arguments(argv=None):
    arg = get_parser().parse_args(argv)
    separate_files(arg)
    for is_wrong, line in (
            (bool(arg.onnx) == bool(arg.config), 'give either --config or --onnx'),
            (arg.onnx and (arg.weights or arg.stream_weights or arg.device),
             '--onnx: the file holds configs and weights, and runs on the CPU: leave out --weights, --stream-weights '
             'and --device'),
            ((arg.stride or arg.live) and not arg.window, '--stride and --live need --window FRAMES'),
            (arg.window and arg.out,
             '--out holds one row of scores for each clip: leave out --window, or use --json'),
            (bool(arg.files) == bool(arg.live), 'name a FILE to predict, or give --live and no FILE')):
        if is_wrong:
            raise UserError(line)
    if arg.window:
        check_stride(arg.window, arg.stride)
    return arg


def main():
    arg = parse_arguments()
    predictor = Predictor(arg.config, arg.weights, arg.stream_weights, arg.names, arg.device, arg.onnx, arg.pose_model,
                          log_once)
    return predict_live(predictor, arg) if arg.live else predict_files(predictor, arg)


def predict_live(predictor, arg):
    """Print a line for every window of the frames that arrive, until there are no more, or an interrupt.

    Then the window at the end is scored. Returns the exit status.
    """
    def show(result):
        print(json.dumps(result) if arg.json else live_line(result), flush=True)

    status = 0
    with open_source(arg.live, predictor.needed_preparations(), arg.pose_model) as source:
        live = LivePredictor(predictor, arg.window, arg.stride, arg.top_k, **source.header)
        try:
            for result in live_results(live, source):
                show(result)
        except KeyboardInterrupt:
            status = print_error('interrupted', 128 + signal.SIGINT)
        if result := live.finish():
            show(result)
    if source.dropped():
        log_once(f'{source.dropped()} frames came too fast, and were dropped')
    return status


def predict_files(predictor, arg):
    """Print the Predictions of the files, and an error line for each file that cannot be used."""
    files, predictions = recordings_in(arg.files), []
    if not files:
        raise UserError(f'{", ".join(arg.files)}: no recordings found')
    if any(map(is_video, files)):
        check_model(arg.pose_model)
    found = predictor.predict(files, arg.batch_size, arg.window, arg.stride)
    for prediction in tqdm(found, unit='clip', disable=None if arg.json else True):
        predictions.append(prediction)
        if prediction.error is not None:
            print_error(prediction.error)
            continue
        if prediction.used != prediction.frames:
            log_once(f'{prediction.file}: only the first {prediction.used} of {prediction.frames} frames are used: '
                '--window FRAMES scores all of them')
        if not arg.json:
            print(as_text(prediction, predictor.class_names, arg.top_k))
    if arg.json:
        print(json.dumps(as_json(predictor.model, predictor.class_names, predictions, arg.top_k), indent=1))
    usable = [prediction for prediction in predictions if prediction.error is None]
    if arg.out and usable:
        scores = [np.exp(p.scores) if predictor.model.are_probabilities else p.scores for p in usable]
        write_scores(arg.out, sample_names(usable, arg.files), scores)
    return 0 if len(usable) == len(predictions) else SOME_BROKEN if usable else NONE_USABLE


def sample_names(predictions, given):
    """Return the names that data preparation gives the clips of `predictions`, made of the paths `given`.

    A file found in a folder is named by its path from that folder, a file given by itself by its name alone, unless two
    names would be the same. Clips of `val_data_joint.npy` have the names in the `val_label.pkl` beside it.
    """
    folders = [path for path in map(pathlib.Path, given) if path.is_dir()]
    labelled = {file: names_of_data(file) for file in {prediction.file for prediction in predictions}}
    names = []
    for file, clip, source in ((p.file, p.clip or 0, pathlib.Path(p.source)) for p in predictions):
        folder = next((path for path in folders if path in file.parents), file.parent)
        in_labels = clip < len(labelled[file])
        names.append(labelled[file][clip] if in_labels else source.relative_to(folder).as_posix())
    return names if len(set(names)) == len(names) else [prediction.source for prediction in predictions]


def names_of_data(path):
    """Return the sample names in the label file of prepared data such as `val_data_joint.npy`, [] without such a file.
    """
    part, is_data, _ = path.stem.partition('_data_')
    labels = path.with_name(f'{part}_label.pkl')
    return read_labels(labels)[0] if is_data and path.suffix == '.npy' and labels.is_file() else []


if __name__ == '__main__':
    run_command(main)
