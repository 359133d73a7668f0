"""A model that export.py wrote, without PyTorch: the frames of a clip, the pass through onnxruntime, the scores."""
import json
import pathlib

import numpy as np

from data_gen.preparation import Preparation, check_preparation
from feeders.augment import true_length, uniform_frames
from feeders.streams import stream_of_file
from runtime.errors import UserError

VERSION = 1
VERSION_KEY = 'two_stream_agcn'  # the metadata key that tells our files from others; its value is the VERSION


class ExportedModel:
    """A function from joints (N, C, T, V, M), float32, to scores or probabilities (N, num_class), and its description.

    `description` is the dict that export.py writes into the file, see docs/export.md. Attributes, as those of
    prediction.streams.FusedStreams: `class_names`, `joint_names`, `num_point`, `preparation`, `files`.
    """

    def __init__(self, function, description):
        self.function = function
        self.class_names = description['class_names']
        self.joint_names = description['joints']
        self.num_point = len(self.joint_names)
        self.files = [{key: stream[key] for key in ('config', 'weights')} for stream in description['streams']]
        preparation = description['preparation']
        self.preparation = preparation and check_preparation(Preparation(**preparation))
        self.shape = shape_of_clip(description)
        self.uniform_sample, self.draws = description['uniform_sample'], description['draws']
        self.gives_probabilities = description['output'] == 'probabilities'

    def prepare(self, joints, path):
        """Return the frames of the joints (C, T, V, M) from `path` that the model takes, in a list of one array.

        The array is (draws, C, frames, V, M), chosen as the test feeder of the config does. Raises UserError if the
        model does not take such a clip.
        """
        held = stream_of_file(path) or 'joint'
        if held != 'joint':
            raise UserError(f'{path}: its name says it holds {held}, but the model takes joints: give the joint file')
        C, frames, V, M = self.shape
        if joints.shape != (C, joints.shape[1] if self.uniform_sample else frames, V, M):
            raise UserError(f'{path}: its shape is {joints.shape}, and the model takes {C} channels, '
                            f'{"any number of" if self.uniform_sample else frames} frames, {V} joints and {M} persons')
        if not np.isfinite(joints).all():
            raise UserError(f'{path}: a value is not finite')
        joints = joints.astype(np.float32, copy=False)
        if not self.uniform_sample:
            return [joints[None]]
        length, shares = true_length(joints), (np.arange(self.draws) + .5) / self.draws
        return [np.stack([joints[:, uniform_frames(length, frames, share)] for share in shares])]

    def scores(self, clips):
        """Return the scores (N, num_class), means over the draws, of N clips as `prepare` returns them.

        If the model gives probabilities, the scores are their logarithms: those before softmax up to a constant.
        """
        stacked = np.stack([clip for clip, in clips])
        scores = self.function(stacked.reshape(-1, *stacked.shape[2:]))
        if self.gives_probabilities:
            scores = np.log(np.maximum(scores, np.finfo(np.float32).tiny))
        return scores.reshape(*stacked.shape[:2], -1).mean(1)


def shape_of_clip(description):
    """Return (C, T, V, M), the shape of one clip of joints that the model takes."""
    return description['channels'], description['frames'], len(description['joints']), description['persons']


def onnx_model(path, content=None):
    """Return the ExportedModel in the `.onnx` file at `path`, whose bytes are `content` if they are given.

    Raises UserError, naming the file, if it is damaged, by another program, or of another version.
    """
    content = pathlib.Path(path).read_bytes() if content is None else content
    try:
        import onnxruntime
    except ModuleNotFoundError:
        raise UserError(f'{path} needs onnxruntime: pip install -r requirements-extra.txt') from None

    def run(joints):
        try:
            return session.run(None, {'joints': joints})[0]
        except Exception as error:
            raise UserError(f'{path}: onnxruntime cannot run it ({reason(error)}): lower --batch-size, or export it '
                            'again') from None

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors are raised as exceptions, too
    try:
        session = onnxruntime.InferenceSession(content, options, providers=['CPUExecutionProvider'], enable_fallback=0)
        metadata = session.get_modelmeta().custom_metadata_map
        if VERSION_KEY not in metadata:
            raise UserError(f'{path}: not a model of export.py: it does not say which joints it takes')
        if metadata[VERSION_KEY] != str(VERSION):
            raise UserError(f'{path}: it is of version {metadata[VERSION_KEY]}, and this program reads version '
                            f'{VERSION}: export it again, or take the program that wrote it')
        return ExportedModel(run, {key: json.loads(value) for key, value in metadata.items()})
    except UserError:
        raise
    except Exception as error:  # onnxruntime's own exceptions have no class in common
        raise UserError(f'{path}: an incomplete or damaged .onnx file ({reason(error)}): export it again') from None


def reason(error):
    """Return what an exception of onnxruntime says is wrong, or the class of an exception that says nothing."""
    return str(error).rpartition(' : ')[2][:200] or type(error).__name__
