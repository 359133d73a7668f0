"""Trained networks in PyTorch, and how each takes a clip of joints: as the test feeder of its config prepares it."""
import functools
import random

import numpy as np
import torch

from data_gen.class_names import class_names, class_names_file
from data_gen.preparation_file import preparation_of
from feeders.batches import kept_random_state
from feeders.interface import average_of, check_shape
from graph.streams import derive, stream_of_file
from graph.tools import attribute_of
from model.empty_bodies import with_bodies
from model.from_config import build_graph, class_count, load_trained, model_arguments
from model.outputs import summed_scores
from prediction.scores import fuse, stream_weights
from runtime.arguments import get_parser as get_run_parser
from runtime.device import choose_devices, choose_execution
from runtime.dotted import build
from runtime.errors import UserError


class Stream:
    """One trained network, and the preparation of clips for it, both as a config says.

    `weights`, `device` and `precision` replace those of the config.

    Attributes: `network`, in eval mode; `arg`, the config's arguments; `stream`, what its test data hold, see
    graph.streams.FILE_STREAMS; `feeder`, the test feeder without data; `average`, what of several draws of a clip it
    averages: 'score' or 'probability'; `preparation`, that of its training data, None if nothing says it.
    """

    def __init__(self, config, weights=None, device=None, precision=None):
        self.arg = arg = get_run_parser().parse_with_config(['--config', str(config)])
        self.network, self.weights = load_trained(arg, weights)
        (self.device, *_), _ = choose_devices([device] if device else arg.device)
        self.network.to(self.device)
        self.network.skip_empty_bodies = arg.skip_empty_bodies
        self.execution = choose_execution(self.network, precision or arg.precision, device=self.device)
        self.preparation = preparation_of(arg)
        self.data_path = arg.test_feeder_args.get('data_path')
        self.stream = stream_of_file(self.data_path or '') or 'joint'
        self.feeder = build(arg.feeder, without_data(arg.test_feeder_args, self.data_path), 'test_feeder_args')
        self.average = average_of(self.feeder)
        if not hasattr(self.feeder, 'prepare'):
            raise UserError(f'{arg.feeder}: it has no method prepare(clip), which predict.py needs')

    @functools.cached_property
    def graph(self):
        return build_graph(self.arg)

    def prepare(self, joints, path):
        """Return the clip of joints (C, T, V, M) from `path` as the test feeder hands it to the model, (C, T', V, M).

        Random augmentations are drawn from the config's seed. Raises UserError if the model does not take such a clip.
        """
        C = joints.shape[0] * (2 if self.stream == 'joint_bone' else 1)
        check_shape((C, *joints.shape[1:]), model_arguments(self.arg), path)
        if not np.isfinite(joints).all():
            raise UserError(f'{path}: a value is not finite')
        partners = attribute_of(self.graph, 'bone_partners') if 'bone' in self.stream else None
        with kept_random_state():
            random.seed(self.arg.seed)
            np.random.seed(self.arg.seed % 2 ** 32)
            return self.feeder.prepare(derive(joints, self.stream, partners))

    def scores(self, clips):
        """Return float32 (N, num_class): the network's scores of N prepared clips, all of one shape.

        If the feeder averages probabilities, they are the logarithms of these.
        """
        data = torch.from_numpy(np.stack(clips))
        network = with_bodies(self.network, data, self.device)
        with torch.inference_mode(), self.execution.autocast():
            scores = summed_scores(network, data.to(self.device), self.average)
        return (scores.log_softmax(1) if self.average == 'probability' else scores).cpu().numpy()


def without_data(feeder_args, data_path):
    """Return the arguments of a feeder that prepares clips as the one of `feeder_args` does, without its data."""
    if 'recordings' in feeder_args:
        return {**feeder_args, 'recordings': None}
    arguments = {**feeder_args, 'data_path': None, 'label_path': None}
    if feeder_args.get('normalization'):
        arguments.setdefault('statistics_path', data_path)
    return arguments


class FusedStreams:
    """Any number of Streams, whose scores are fused: their sum, each times its weight.

    `configs` and `weights` are paths, one of each a stream, and `fusion` the factors. Attributes: `preparations`, the
    different ones of the streams; `are_probabilities`, whether probabilities are summed, as in score files of feeders
    that average them; `files`, a dict of config and weights for each stream; `configs`, their names as one text.
    """

    def __init__(self, configs, weights=None, fusion=None, names=None, device=None, precision=None):
        if weights and len(weights) != len(configs):
            raise UserError(f'--weights: {len(weights)} for {len(configs)} configs: give one file for each')
        self.stream_weights = stream_weights(fusion, len(configs))
        self.configs = ' and '.join(map(str, configs))
        self.streams = [Stream(config, path, device, precision)
                        for config, path in zip(configs, weights or [None] * len(configs))]
        kinds = {(class_count(stream.arg), stream.average) for stream in self.streams}
        if len(kinds) > 1:
            words = ' and '.join(f'{number} classes ({averaged})' for number, averaged in sorted(kinds))
            raise UserError(f'{self.configs}: streams of {words} cannot be fused: they must have the same classes and '
                            'average the same, score or probability')
        (num_class, average), = kinds
        self.are_probabilities = average == 'probability'
        self.class_names = class_names(num_class, names or class_names_file(self.streams[0].data_path))
        self.preparations = []
        for stream in self.streams:
            if stream.preparation not in self.preparations:
                self.preparations.append(stream.preparation)
        self.files = [{'config': stream.arg.config, 'weights': str(stream.weights)} for stream in self.streams]

    def prepare(self, clips, path):
        """Return the clips of joints (C, T, V, M) from `path`, one of each preparation, as each stream takes them."""
        return [stream.prepare(clips[self.preparations.index(stream.preparation)], path) for stream in self.streams]

    def scores(self, clips):
        """Return the fused scores (N, num_class) of N clips as `prepare` returns them, all of one shape.

        With `are_probabilities`, the sum is one of probabilities, and the scores are its logarithm.
        """
        stacked = np.stack([stream.scores(of_stream) for stream, of_stream in zip(self.streams, zip(*clips))])
        if self.are_probabilities:
            return np.log(np.maximum(fuse(np.exp(stacked), self.stream_weights), np.finfo(np.float32).tiny))
        return fuse(stacked, self.stream_weights)
