#!/usr/bin/env python3
"""Say what is done in recordings: `python predict.py --config C --weights W FILE …`.

For programs: `Predictor(config, weights)('clip.skeleton')` returns the names of the classes, likeliest first, and their
probabilities.
"""
import functools
import itertools
import json
import pathlib
import random
import sys
from typing import Any, NamedTuple

from data_gen.class_names import NAMES_HELP, class_names, names_beside
from runtime.arguments import Parser, count
from runtime.errors import UserError, complain, run_command
from runtime.run_flags import get_parser as get_run_parser

SOME_BROKEN, NONE_USABLE = 1, 2  # exit statuses
JSON_VERSION = 1


def get_parser():
    parser = Parser(description='Say what is done in recordings, with the weights of one stream, or of two that are '
                                'fused.')
    add = parser.add_argument
    add('files', nargs='+', metavar='FILE', help='.skeleton of NTU RGB+D, .json of Kinetics-Skeleton, .npy of prepared '
        'joints (C, T, V, M) or (N, C, T, V, M), a clip of your own as custom_gendata.py takes it, or a folder of such '
        'files')
    add('--config', required=True, help='config of the stream; the clip is prepared as its test feeder does it')
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


if __name__ == '__main__' and {'-h', '--help'} & set(sys.argv[1:]):
    get_parser().parse_args()  # answers before torch is imported, which takes seconds

import numpy as np  # noqa: E402
import torch  # noqa: E402
from tqdm import tqdm  # noqa: E402

from data_gen.formats import read_clips, recordings_in  # noqa: E402
from data_gen.preparation import preparation_beside  # noqa: E402
from ensemble import fuse  # noqa: E402
from feeders.batches import kept_random_state  # noqa: E402
from feeders.labels import read_labels  # noqa: E402
from feeders.streams import derive, stream_of_file  # noqa: E402
from runtime import precision  # noqa: E402
from runtime.device import choose_devices  # noqa: E402
from runtime.dotted import build  # noqa: E402
from runtime.results import write_scores  # noqa: E402
from runtime.trained import answer, build_graph, check_shape, class_count, load_trained  # noqa: E402


class Stream:
    """One trained network, and the road of a clip of joints to it, both as a config says.

    Attributes: `network`, in eval mode, `arg`, the config's arguments, `weights`, the path of the weights, `data_path`,
    that of the config's test data, `graph`.
    """

    def __init__(self, config, weights=None, device=None):
        self.arg = arg = get_run_parser().parse_with_config(['--config', str(config)])
        self.network, self.weights = load_trained(arg, weights)
        (self.device, *_), _ = choose_devices([device] if device else arg.device)
        self.network.to(self.device)
        self.network.skip_empty_bodies = arg.skip_empty_bodies
        self.execution = precision.prepare(self.network, arg.precision, device=self.device)
        self.data_path = arg.test_feeder_args.get('data_path')
        self.stream = stream_of_file(self.data_path or '') or 'joint'
        self.feeder = build(arg.feeder, without_data(arg.test_feeder_args, self.data_path), 'test_feeder_args')
        if not hasattr(self.feeder, 'prepare'):
            raise UserError(f'{arg.feeder}: it has no prepare(clip), which makes of a clip what the model takes')

    @functools.cached_property
    def graph(self):
        return build_graph(self.arg)

    def prepare(self, joints, path):
        """Return the clip of joints (C, T, V, M) from `path` as the test feeder hands it to the model, (C, T', V, M).

        A `.npy` whose name says that it holds this very stream is taken as it is. What is drawn at random is drawn
        from the config's seed. Raises UserError if the clip is not the model's.
        """
        held = stream_of_file(path) or 'joint'
        if held not in ('joint', self.stream):
            raise UserError(f'{path}: by its name it holds {held}, and {self.arg.config} needs {self.stream}: '
                            'give the joints')
        C = joints.shape[0] * (2 if self.stream == 'joint_bone' != held else 1)
        check_shape((C, *joints.shape[1:]), self.arg, path)
        if not np.isfinite(joints).all():
            raise UserError(f'{path}: a value is not finite')
        clip = joints if held == self.stream else derive(joints, self.stream, self.graph.bone_partners)
        with kept_random_state():
            random.seed(self.arg.seed)
            np.random.seed(self.arg.seed % 2 ** 32)
            return self.feeder.prepare(clip)

    def scores(self, clips):
        """Return float32 (N, num_class): the network's scores of N prepared clips, all of one shape."""
        try:
            with torch.inference_mode(), self.execution.autocast():
                scores, _ = answer(self.network, torch.from_numpy(np.stack(clips)).to(self.device))
        except torch.OutOfMemoryError:
            raise UserError(f'the GPU has not enough memory for {len(clips)} clips: lower --batch-size') from None
        return scores.cpu().numpy()


def without_data(feeder_args, data_path):
    """Return the arguments of a feeder that prepares clips as the one of `feeder_args` does, without its data."""
    arguments = {**feeder_args, 'data_path': None, 'label_path': None}
    if feeder_args.get('normalization'):
        arguments.setdefault('statistics_path', data_path)
    return arguments


class Prediction(NamedTuple):
    """What was found in one clip: its file, its number there (None in a file of one), and its fused scores.

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
    """Says what is done in recordings, by one trained stream or by two whose scores are fused.

    `config` is the path of a YAML, `weights` that of a `.pt` (default: what the config names). With `bone_config` and
    `bone_weights` the scores are those of the first stream plus `alpha` times those of the second. `names` is a file
    that names the classes, see data_gen.class_names (default: the one beside the config's test data); `device` replaces
    that of the configs. A `preparation.yaml` beside these data says how clips of one's own are prepared.

    A call with the path of a recording returns (names, probabilities) of all classes, likeliest first. `class_names`
    has the names by label. Raises UserError, whose text is one line, for whatever is wrong with a file.
    """

    def __init__(self, config, weights=None, bone_config=None, bone_weights=None, alpha=1.0, names=None, device=None):
        if bone_weights and not bone_config:
            raise UserError('--bone-weights needs the --bone-config that they belong to')
        self.streams = [Stream(config, weights, device)]
        self.stream_weights = [1.0]
        if bone_config:
            self.streams.append(Stream(bone_config, bone_weights, device))
            self.stream_weights.append(alpha)
        numbers = {class_count(stream.arg) for stream in self.streams}
        if len(numbers) > 1:
            raise UserError(f'{config} and {bone_config} are of {" and ".join(map(str, numbers))} classes: '
                            'only streams of the same classes can be fused')
        self.num_class, = numbers
        self.class_names = class_names(self.num_class, names or names_beside(self.streams[0].data_path))
        self.preparation = preparation_beside(self.streams[0].data_path)

    def __call__(self, path):
        clips = read_clips(path, self.preparation).clips
        if len(clips) > 1:
            raise UserError(f'{path}: it holds {len(clips)} clips: predict([path]) goes through them')
        order, probabilities = ranked(self.scores([self.prepare(clips[0], path)])[0])
        return [self.class_names[label] for label in order], probabilities

    def prepare(self, joints, path):
        """Return the clip of joints (C, T, V, M) from `path` as each stream takes it, a list."""
        return [stream.prepare(joints, path) for stream in self.streams]

    def scores(self, clips):
        """Return the fused scores (N, num_class) of N clips as `prepare` returns them, all of one shape."""
        stacked = [stream.scores(of_stream) for stream, of_stream in zip(self.streams, zip(*clips))]
        return fuse(np.stack(stacked), self.stream_weights)

    def predict(self, paths, batch_size=16):
        """Yield the Prediction of every clip in the files and folders `paths`, in their order.

        Broken files are predictions too, with an `error`; the others are not disturbed.
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
        """Yield the Predictions of some items of `prepared_clips`, those of one shape by one pass of the network."""
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
    """Return (labels, probabilities), likeliest first, of scores (num_class,): softmax."""
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
        'streams': [{'config': stream.arg.config, 'weights': str(stream.weights)} for stream in predictor.streams],
        'num_class': predictor.num_class,
        'predictions': [{'file': str(p.file), 'clip': p.clip, 'top': best(p, predictor.class_names, k)}
                        for p in predictions],
        'errors': [{'file': str(p.file), 'clip': p.clip, 'error': str(p.error)} for p in broken]}


def sample_names(predictions, given):
    """Return the names that data preparation gives the clips of `predictions`, made of the paths `given`.

    A file in a folder is named by its path from there, another without its folder, unless two have one name then; the
    clips of `val_data_joint.npy` by the `val_label.pkl` beside it.
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
    predictor = Predictor(arg.config, arg.weights, arg.bone_config, arg.bone_weights, arg.alpha, arg.names, arg.device)
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
        write_scores(arg.out, sample_names(predictions, arg.files), [p.scores for p in predictions])
    if broken:
        return SOME_BROKEN if predictions else NONE_USABLE
    return 0


if __name__ == '__main__':
    run_command(main)
