"""A model that export.py wrote, without PyTorch: the frames of a clip, the pass through onnxruntime, the scores."""
import json

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
    prediction.streams.FusedStreams: `class_names`, `preparation`, `files`, `num_point`.
    """

    def __init__(self, function, description):
        self.function = function
        self.description = description
        self.class_names = description['class_names']
        self.files = [{key: stream[key] for key in ('config', 'weights')} for stream in description['streams']]
        self.num_point = len(description['joints'])
        preparation = description['preparation']
        self.preparation = preparation and check_preparation(Preparation(**preparation))

    def prepare(self, joints, path):
        """Return the frames of the joints (C, T, V, M) from `path` that the model takes, in a list of one array.

        The array is (draws, C, frames, V, M), chosen as the test feeder of the config does. Raises UserError if the
        model does not take such a clip.
        """
        said = self.description
        held = stream_of_file(path) or 'joint'
        if held != 'joint':
            raise UserError(f'{path}: by its name it holds {held}, and the model derives that itself: give the joints')
        C, T, V, M = joints.shape
        shape = (C, said['frames'] if said['uniform_sample'] else T, V, M)
        if shape != (said['channels'], said['frames'], len(said['joints']), said['persons']):
            raise UserError(f'{path}: its shape is {joints.shape}, and the model takes {said["channels"]} channels, '
                            f'{"any number of" if said["uniform_sample"] else said["frames"]} frames, '
                            f'{len(said["joints"])} joints and {said["persons"]} persons')
        if not np.isfinite(joints).all():
            raise UserError(f'{path}: a value is not finite')
        joints = joints.astype(np.float32, copy=False)
        if not said['uniform_sample']:
            return [joints[None]]
        length, draws = true_length(joints), said['draws']
        shares = (np.arange(draws) + .5) / draws
        return [np.stack([joints[:, uniform_frames(length, said['frames'], share)] for share in shares])]

    def scores(self, clips):
        """Return the scores (N, num_class), means over the draws, of N clips as `prepare` returns them.

        Of a model that ends in softmax they are the logarithms of the probabilities: scores but for a constant.
        """
        stacked = np.stack([clip for clip, in clips])
        scores = self.function(stacked.reshape(-1, *stacked.shape[2:]))
        if self.description['output'] == 'probabilities':
            scores = np.log(np.maximum(scores, np.finfo(np.float32).tiny))
        return scores.reshape(*stacked.shape[:2], -1).mean(1)


def load_onnx(path):
    """Return the ExportedModel in the `.onnx` file at `path`; UserError, naming the file, if there is none."""
    with open(path, 'rb') as file:
        return onnx_model(file.read(), path)


def onnx_model(content, path):
    """Return the ExportedModel of `content`, the bytes of the file at `path`."""
    try:
        import onnxruntime
    except ModuleNotFoundError:
        raise UserError(f'{path} needs onnxruntime: pip install -r requirements-extra.txt') from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # the line below says what is wrong
    try:
        session = onnxruntime.InferenceSession(content, options, providers=['CPUExecutionProvider'])
        metadata = session.get_modelmeta().custom_metadata_map
        check_version(metadata, path)
        description = {key: json.loads(value) for key, value in metadata.items()}
        return ExportedModel(lambda joints: session.run(None, {'joints': joints})[0], description)
    except UserError:
        raise
    except Exception as error:  # onnxruntime's own exceptions have no class in common
        reason = str(error).rpartition(' : ')[2] or type(error).__name__
        raise UserError(f'{path}: not a whole .onnx file ({reason}): export it again') from None


def check_version(metadata, path):
    """Raise UserError if the model at `path`, with this metadata, is not by export.py, or by another version of it."""
    if VERSION_KEY not in metadata:
        raise UserError(f'{path}: not a model of export.py: it does not say which joints it takes')
    if metadata[VERSION_KEY] != str(VERSION):
        raise UserError(f'{path}: it is of version {metadata[VERSION_KEY]}, and this program reads version {VERSION}: '
                        'export it again, or take the program that wrote it')
