"""Trained networks in PyTorch, and how each takes a clip of joints: as the test feeder of its config prepares it."""
import functools
import random

import numpy as np
import torch

from data_gen.class_names import class_names, names_beside
from data_gen.preparation import preparation_beside
from ensemble import fuse
from feeders.batches import kept_random_state
from feeders.streams import derive, stream_of_file
from graph.tools import attribute_of
from model.empty_bodies import with_bodies
from runtime.device import choose_devices, choose_execution
from runtime.dotted import build
from runtime.errors import UserError
from runtime.run_flags import get_parser as get_run_parser
from runtime.trained import answer, build_graph, check_shape, class_count, load_trained, model_arguments


class Stream:
    """One trained network, and the preparation of clips for it, both as a config says.

    `weights`, `device` and `precision` replace those of the config.

    Attributes: `network`, in eval mode; `arg`, the config's arguments; `weights`, the path of the weights; `data_path`,
    that of the config's test data; `stream`, which of feeders.streams.FILE_STREAMS these data hold; `feeder`, the test
    feeder without data; `graph`.
    """

    def __init__(self, config, weights=None, device=None, precision=None):
        self.arg = arg = get_run_parser().parse_with_config(['--config', str(config)])
        self.network, self.weights = load_trained(arg, weights)
        (self.device, *_), _ = choose_devices([device] if device else arg.device)
        self.network.to(self.device)
        self.network.skip_empty_bodies = arg.skip_empty_bodies
        self.execution = choose_execution(self.network, precision or arg.precision, device=self.device)
        self.data_path = arg.test_feeder_args.get('data_path')
        self.stream = stream_of_file(self.data_path or '') or 'joint'
        self.feeder = build(arg.feeder, without_data(arg.test_feeder_args, self.data_path), 'test_feeder_args')
        if not hasattr(self.feeder, 'prepare'):
            raise UserError(f'{arg.feeder}: it has no method prepare(clip), which predict.py needs')

    @functools.cached_property
    def graph(self):
        return build_graph(self.arg)

    def prepare(self, joints, path):
        """Return the clip of joints (C, T, V, M) from `path` as the test feeder hands it to the model, (C, T', V, M).

        A `.npy` whose name says that it holds this stream is used as it is. Random augmentations are drawn from
        the config's seed. Raises UserError if the model does not take such a clip.
        """
        held = stream_of_file(path) or 'joint'
        if held not in ('joint', self.stream):
            raise UserError(f'{path}: its name says it holds {held}, but {self.arg.config} needs '
                            f'{self.stream}: give the joint file')
        C = joints.shape[0] * (2 if self.stream == 'joint_bone' != held else 1)
        check_shape((C, *joints.shape[1:]), self.arg, path)
        if not np.isfinite(joints).all():
            raise UserError(f'{path}: a value is not finite')
        if held != self.stream:
            partners = attribute_of(self.graph, 'bone_partners') if 'bone' in self.stream else None
            joints = derive(joints, self.stream, partners)
        with kept_random_state():
            random.seed(self.arg.seed)
            np.random.seed(self.arg.seed % 2 ** 32)
            return self.feeder.prepare(joints)

    def scores(self, clips):
        """Return float32 (N, num_class): the network's scores of N prepared clips, all of one shape."""
        data = torch.from_numpy(np.stack(clips))
        network = with_bodies(self.network, data, self.device)
        try:
            with torch.inference_mode(), self.execution.autocast():
                scores, _ = answer(network, data.to(self.device))
        except torch.OutOfMemoryError:
            raise UserError(f'out of GPU memory with {len(clips)} clips: lower --batch-size') from None
        return scores.cpu().numpy()


def without_data(feeder_args, data_path):
    """Return the arguments of a feeder that prepares clips as the one of `feeder_args` does, without its data."""
    arguments = {**feeder_args, 'data_path': None, 'label_path': None}
    if feeder_args.get('normalization'):
        arguments.setdefault('statistics_path', data_path)
    return arguments


class FusedStreams:
    """One Stream, or two whose scores are fused: those of the first plus `alpha` times those of the second.

    `names` is a file that names the classes (default: the one beside the config's test data). Attributes: `streams`;
    `stream_weights`, a factor for the scores of each; `class_names`, by label; `preparation`, how the user's own clips
    are prepared, or None; `joint_names`, None if there are none; `num_point`, how many there are; `files`, a dict of
    config and weights for each stream.
    """

    def __init__(self, config, weights=None, bone_config=None, bone_weights=None, alpha=1.0, names=None, device=None,
                 precision=None):
        if bone_weights and not bone_config:
            raise UserError('--bone-weights needs --bone-config')
        self.streams = [Stream(config, weights, device, precision)]
        self.stream_weights = [1.0]
        if bone_config:
            self.streams.append(Stream(bone_config, bone_weights, device, precision))
            self.stream_weights.append(alpha)
        numbers = {class_count(stream.arg) for stream in self.streams}
        if len(numbers) > 1:
            raise UserError(f'{config} and {bone_config} have {" and ".join(map(str, numbers))} classes: '
                            'only streams with the same classes can be fused')
        data_path = self.streams[0].data_path
        self.class_names = class_names(numbers.pop(), names or names_beside(data_path))
        self.preparation = preparation_beside(data_path)
        self.num_point = model_arguments(self.streams[0].arg).get('num_point')
        named = 'graph' in self.streams[0].arg.model_args
        self.joint_names = getattr(self.streams[0].graph, 'joint_names', None) if named else None
        self.files = [{'config': stream.arg.config, 'weights': str(stream.weights)} for stream in self.streams]

    def prepare(self, joints, path):
        """Return the clip of joints (C, T, V, M) from `path` as each stream takes it, a list."""
        return [stream.prepare(joints, path) for stream in self.streams]

    def scores(self, clips):
        """Return the fused scores (N, num_class) of N clips as `prepare` returns them, all of one shape."""
        stacked = [stream.scores(of_stream) for stream, of_stream in zip(self.streams, zip(*clips))]
        return fuse(np.stack(stacked), self.stream_weights)
