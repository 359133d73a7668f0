"""A model that export.py wrote, without PyTorch: the frames of a clip, the pass through onnxruntime, the scores."""
import json
import pathlib

import numpy as np

from data_gen.preparation import Preparation
from data_gen.preparation_file import checked
from feeders.augment import true_length, uniform_frames
from feeders.pyskl_frames import draw_frames
from graph.streams import derive
from runtime.errors import UserError

VERSION = 2
VERSION_KEY = 'two_stream_agcn'  # the metadata key that marks our files; its value is the VERSION


class ExportedModel:
    """A function from clips to scores or probabilities (N, num_class), and its description.

    `description` is the dict that export.py writes into the file, see docs/export.md. Attributes, as those of
    prediction.streams.FusedStreams: `class_names`, `preparations`, `are_probabilities`, `files`, `configs`.
    """

    def __init__(self, function, description):
        self.function = function
        self.class_names = description['class_names']
        self.files = [{key: stream[key] for key in ('config', 'weights')} for stream in description['streams']]
        self.configs = ' and '.join(files['config'] for files in self.files)
        self.preparations = [preparation and checked(Preparation(**preparation))
                             for preparation in description['preparations']]
        self.inputs = description['inputs']
        self.gives_probabilities = description['output'] == 'probabilities'
        self.are_probabilities = self.inputs[0]['frames_are'] == 'drawn'

    def prepare(self, clips, path):
        """Return what the model takes of the clips of joints (C, T, V, M) from `path`, one of each preparation.

        It is a list of arrays (draws, C, frames, V, M), one of each input, chosen as the test feeder of the config
        does. Raises UserError if the model does not take such a clip.
        """
        return [prepare_input(clips[entry['preparation']], entry, path) for entry in self.inputs]

    def scores(self, clips):
        """Return the scores (N, num_class), means over the draws, of N clips as `prepare` returns them.

        If the model gives probabilities, the scores are their logarithms: those before softmax up to a constant.
        """
        stacked = [np.stack(of_input) for of_input in zip(*clips)]
        if not self.are_probabilities:  # else the model itself averages over the draws
            stacked = [of_input.reshape(-1, *of_input.shape[2:]) for of_input in stacked]
        scores = self.function(*stacked)
        if self.gives_probabilities:
            scores = np.log(np.maximum(scores, np.finfo(np.float32).tiny))
        return scores.reshape(len(clips), -1, scores.shape[-1]).mean(1)


def prepare_input(joints, entry, path):
    """Return the array (draws, C, frames, V, M) of one input of the model, an entry of the description's `inputs`."""
    C, frames, V, M = entry['shape']
    any_length = entry['frames_are'] != 'all'
    if joints.shape != (C, joints.shape[1] if any_length else frames, V, M):
        raise UserError(f'{path}: its shape is {joints.shape}, and the model takes {C} channels, '
                        f'{"any number of" if any_length else frames} frames, {V} joints and {M} persons')
    if not np.isfinite(joints).all():
        raise UserError(f'{path}: a value is not finite')
    joints = joints.astype(np.float32, copy=False)
    if entry['frames_are'] == 'all':
        return joints[None]
    if entry['frames_are'] == 'uniform':
        length, fractions = true_length(joints), (np.arange(entry['draws']) + .5) / entry['draws']
        return np.stack([joints[:, uniform_frames(length, frames, fraction)] for fraction in fractions])
    x = derive(joints, entry['stream'], entry['bone_partners'], entry['mean_score'])
    drawn = draw_frames(x.shape[1], frames, entry['draws'], np.random.RandomState(entry['seed']), False)
    return np.ascontiguousarray(x[:, drawn].swapaxes(0, 1), np.float32)


def onnx_model(path, content=None):
    """Return the ExportedModel in the `.onnx` file at `path`, whose bytes are `content` if they are given.

    Raises UserError, naming the file, if it is damaged, by another program, or of another version.
    """
    content = pathlib.Path(path).read_bytes() if content is None else content
    try:
        import onnxruntime
    except ModuleNotFoundError:
        raise UserError(f'{path} needs onnxruntime: pip install -r requirements-extra.txt') from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors are raised as exceptions, too
    try:
        session = onnxruntime.InferenceSession(content, options, providers=['CPUExecutionProvider'], enable_fallback=0)
    except Exception as error:  # onnxruntime's own exceptions have no class in common
        reason = str(error).rpartition(' : ')[2][:200]
        raise UserError(f'{path}: an incomplete or damaged .onnx file ({reason}): export it again') from None
    metadata = session.get_modelmeta().custom_metadata_map
    if metadata.get(VERSION_KEY) != str(VERSION):
        raise UserError(f'{path}: a file of export.py, version {VERSION}, is needed, and it says version '
                        f'{metadata.get(VERSION_KEY)}: export it again')
    names = [entry.name for entry in session.get_inputs()]
    return ExportedModel(lambda *clips: session.run(None, dict(zip(names, clips)))[0],
                         {key: json.loads(value) for key, value in metadata.items()})
