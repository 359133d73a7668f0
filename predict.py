#!/usr/bin/env python3
"""Recognise the actions in recordings: `python predict.py --config C --weights W FILE …`, or with `--onnx model.onnx`.

For programs: `Predictor(config, weights)('clip.skeleton')` returns the names of the classes, likeliest first, and their
probabilities.
"""
import functools
import itertools
import json
import pathlib
import pickle
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from data_gen.class_names import NAMES_HELP, class_names
from data_gen.formats import read_clips, recordings_in
from feeders.labels import read_labels
from prediction.exported import load_onnx
from runtime.arguments import Parser, count
from runtime.atomic_file import write_whole
from runtime.errors import UserError, complain, run_command

SOME_BROKEN, NONE_USABLE = 1, 2  # exit statuses
JSON_VERSION = 1


def get_parser():
    parser = Parser(description='Recognise the actions in recordings, with one trained stream or two that are fused.')
    add = parser.add_argument
    add('files', nargs='+', metavar='FILE', help='.skeleton of NTU RGB+D, .json of Kinetics-Skeleton, .npy of prepared '
        'joints (C, T, V, M) or (N, C, T, V, M), a clip of your own as custom_gendata.py takes it, or a folder of such '
        'files')
    add_source = parser.add_mutually_exclusive_group(required=True).add_argument
    add_source('--config', help='config of the stream; the clip is prepared as its test feeder does it')
    add_source('--onnx', help='model that export.py wrote, instead of configs and weights')
    add('--weights', help='weights of the stream, instead of those that the config names')
    add('--bone-config', help='config of a second stream')
    add('--bone-weights', help='weights of the second stream')
    add('--alpha', type=float, default=1.0, help='weight of the second stream, as in ensemble.py')
    add('--names', help=NAMES_HELP)
    add('--top-k', type=count, default=5, help='how many classes to name')
    add('--batch-size', type=count, default=16, help='clips that pass the network at a time')
    add('--device', help='GPU number, cuda:1, mps, cpu or auto, instead of what the config says')
    add('--json', action='store_true', help='write JSON for programs, see README.md')
    add('--out', help='write the scores to this file, as main.py does with save_score')
    return parser


class Prediction(NamedTuple):
    """The result for one clip: its file, its number in the file (None if it is the only one), and its scores.

    `scores` is (num_class,) float32, or None where `error`, a UserError, says why there are none.
    """

    file: Any
    clip: Any
    scores: Any
    error: Any = None

    @property
    def source(self):
        return str(self.file) if self.clip is None else f'{self.file}[{self.clip}]'


class Predictor:
    """Recognises the actions in recordings, with one trained stream or two whose scores are fused.

    `config` is the path of a YAML, `weights` that of a `.pt` (default: what the config names). With `bone_config` and
    `bone_weights` the scores are those of the first stream plus `alpha` times those of the second. `names` is a file
    that names the classes, see data_gen.class_names (default: the one beside the config's test data); `device` replaces
    that of the configs. Clips of one's own are prepared as `preparation.yaml` beside these data says.

    `onnx` is the path of a model that export.py wrote, which takes the place of configs and weights; PyTorch is then
    not imported.

    A call with the path of a recording returns (names, probabilities) of all classes, likeliest first. `class_names`
    has the names by label. Raises UserError, whose text is one line, if something is wrong with a file.
    """

    def __init__(self, config=None, weights=None, bone_config=None, bone_weights=None, alpha=1.0, names=None,
                 device=None, onnx=None):
        if onnx:
            self.model = load_onnx(onnx)
            self.class_names = class_names(len(self.model.class_names), names) if names else self.model.class_names
        else:
            from prediction.streams import FusedStreams  # and with it torch, which an exported model does without
            self.model = FusedStreams(config, weights, bone_config, bone_weights, alpha, names, device)
            self.class_names = self.model.class_names
        self.preparation = self.model.preparation

    def __call__(self, path):
        clips = read_clips(path, self.preparation).clips
        if len(clips) > 1:
            raise UserError(f'{path}: it holds {len(clips)} clips: predict([path]) goes through them')
        order, probabilities = ranked(self.scores([self.prepare(clips[0], path)])[0])
        return [self.class_names[label] for label in order], probabilities

    def prepare(self, joints, path):
        """Return the clip of joints (C, T, V, M) from `path` as the model takes it, a list with one for each stream."""
        return self.model.prepare(joints, path)

    def scores(self, clips):
        """Return the scores (N, num_class) of N clips as `prepare` returns them, all of one shape."""
        return self.model.scores(clips)

    def predict(self, paths, batch_size=16):
        """Yield the Prediction of every clip in the files and folders `paths`, in their order.

        A file that cannot be used yields a Prediction with an `error`, and the others are predicted all the same.
        """
        for batch in batched(self.prepared_clips(recordings_in(paths, self.preparation)), batch_size):
            yield from self.predict_batch(batch)

    def prepared_clips(self, files):
        """Yield (file, clip's number or None, clips as `prepare` returns them or a UserError)."""
        for file in files:
            try:
                clips = read_clips(file, self.preparation).clips
            except UserError as error:
                yield file, None, error
                continue
            for number, joints in enumerate(clips):
                try:
                    prepared = self.prepare(joints.view(np.ndarray), file)
                except UserError as error:
                    prepared = error
                yield file, number if len(clips) > 1 else None, prepared

    def predict_batch(self, items):
        """Yield the Predictions of some items of `prepared_clips`; clips of one shape pass the network together."""
        def shapes(item):
            return None if isinstance(item[2], UserError) else [clip.shape for clip in item[2]]

        for shape, same in itertools.groupby(items, key=shapes):
            same = list(same)
            if shape is None:
                yield from (Prediction(file, number, None, error) for file, number, error in same)
                continue
            scores = self.scores([clips for _, _, clips in same])
            yield from (Prediction(file, number, row) for (file, number, _), row in zip(same, scores))


def batched(items, size):
    """Yield lists of `size` items, the last one shorter."""
    items = iter(items)
    while batch := list(itertools.islice(items, size)):
        yield batch


def ranked(scores):
    """Return (labels, probabilities), likeliest first, of scores (num_class,), by softmax."""
    order = np.argsort(-scores, kind='stable')
    likelihoods = np.exp(scores[order].astype(np.float64) - scores[order[0]])
    return order, likelihoods / likelihoods.sum()


def best(prediction, names, k):
    """Return the k likeliest classes of a Prediction as dicts: label, name, score, probability."""
    order, probabilities = ranked(prediction.scores)
    return [{'label': int(label), 'name': names[label], 'score': float(prediction.scores[label]),
             'probability': float(probability)} for label, probability in zip(order[:k], probabilities)]


def as_table(prediction, names, k):
    """Return the lines of the k likeliest classes: rank, name, probability."""
    width = max(map(len, names))
    rows = best(prediction, names, k)
    return '\n'.join([prediction.source, *(f'  {rank:2d}  {row["name"]:{width}}  {row["probability"]:7.2%}'
                                           for rank, row in enumerate(rows, 1))])


def as_json(predictor, predictions, broken, k):
    """Return what --json prints; README.md describes it."""
    return {
        'version': JSON_VERSION,
        'streams': predictor.model.files,
        'num_class': len(predictor.class_names),
        'predictions': [{'file': str(p.file), 'clip': p.clip, 'top': best(p, predictor.class_names, k)}
                        for p in predictions],
        'errors': [{'file': str(p.file), 'clip': p.clip, 'error': str(p.error)} for p in broken]}


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
    within = (folder for folder in folders if prediction.file.is_relative_to(folder))
    folder = next(within, prediction.file.parent)
    return pathlib.PurePath(prediction.source).relative_to(folder).as_posix()


@functools.cache
def names_beside_data(path):
    """Return the sample names that lie beside prepared data such as `val_data_joint.npy`, or []."""
    part, found, _ = path.stem.partition('_data_')
    label_path = path.with_name(f'{part}_label.pkl')
    return read_labels(label_path)[0] if found and path.suffix == '.npy' and label_path.is_file() else []


def main():
    arg = get_parser().parse_args()
    if arg.onnx and (arg.weights or arg.bone_config or arg.bone_weights or arg.device):
        raise UserError('--onnx: the file holds configs and weights, and runs on the CPU: leave out --weights, '
                        '--bone-config, --bone-weights and --device')
    predictor = Predictor(arg.config, arg.weights, arg.bone_config, arg.bone_weights, arg.alpha, arg.names, arg.device,
                          arg.onnx)
    predictions, broken = [], []
    files = recordings_in(arg.files, predictor.preparation)
    many = len(files) > arg.batch_size
    for prediction in tqdm(predictor.predict(files, arg.batch_size), unit='clip', disable=None if many else True):
        if prediction.error is not None:
            complain(prediction.error)
            broken.append(prediction)
            continue
        predictions.append(prediction)
        if not arg.json:
            print(as_table(prediction, predictor.class_names, arg.top_k))
    if not predictions and not broken:
        raise UserError(f'{", ".join(arg.files)}: no recording there')
    if arg.json:
        print(json.dumps(as_json(predictor, predictions, broken, arg.top_k), indent=1))
    if arg.out and predictions:
        with write_whole(arg.out) as file:
            pickle.dump(dict(zip(sample_names(predictions, arg.files), (p.scores for p in predictions))), file)
    if broken:
        return SOME_BROKEN if predictions else NONE_USABLE
    return 0


if __name__ == '__main__':
    run_command(main)
