"""What pictures are made of: the joints of a sample or a file, and the Predictor of the flags."""
import pathlib

import numpy as np

from data_gen.formats.raw_file import reading
from data_gen.preparation_file import preparation_of
from feeders.feeder import Feeder
from graph.streams import stream_of_file
from model.from_config import build_graph
from prediction.predictor import Predictor, log_once
from prediction.reading import read
from runtime.errors import UserError

FRAME_RATE = 30  # where nothing says it


def load_joints(arg, run):
    """Return (joints (3, T, V, M), their path, their name) of what --file or --sample names.

    A sample is one of the test data of the config, whose arguments are `run`.
    """
    if arg.file:
        joints, path, name = read_joints(arg, preparation_of(run)), arg.file, pathlib.Path(arg.file).name
    else:
        data_path, label_path = (run.test_feeder_args.get(key) for key in ('data_path', 'label_path'))
        if not data_path or not label_path:
            raise UserError(f'{arg.config}: test_feeder_args has no data_path and label_path to take a sample from: '
                            'give --file')
        path = data_path.replace(f'_data_{stream_of_file(data_path)}.npy', '_data_joint.npy')
        data = Feeder(path, label_path)
        found = [i for i, name in enumerate(data.sample_name) if arg.sample in (None, name, pathlib.Path(name).stem)]
        if not found:
            raise UserError(f'--sample {arg.sample}: no such sample in {label_path}, which begins with '
                            f'{", ".join(data.sample_name[:3])}')
        joints, name = np.asarray(data.data[found[0]]), data.sample_name[found[0]]
    V = build_graph(run).num_node
    if joints.shape[0] != 3 or joints.shape[2] != V:
        raise UserError(f'{path}: its shape is {joints.shape}, but (3, T, {V}, M) is needed')
    if not joints.any():
        raise UserError(f'{path}: {name} contains no person')
    return joints, path, pathlib.Path(name).stem


def read_joints(arg, preparation):
    """Return the joints (3, T, V, M) of --file, prepared by the Preparation of the config."""
    clips, recordings = read(arg.file, [preparation], arg.config, arg.pose_model)
    if recordings is None:
        return np.asarray(clips[0])
    with reading(arg.file):
        joints, remarks = preparation.clip(recordings[0])
    for remark in remarks:
        log_once(f'{arg.file}: {remark}')
    return joints


def rate_of(preparation):
    """Return the frames per second of the clips of a Preparation, FRAME_RATE if nothing says them."""
    return preparation.fps if preparation and preparation.fps else FRAME_RATE


def predictor_of(arg):
    """Return the Predictor that the flags of add_windows describe."""
    return Predictor(arg.config, arg.weights, arg.stream_weights, arg.names, 'cpu', pose_model=arg.pose_model,
                     log=log_once)
