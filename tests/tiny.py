"""Tiny data sets and configs, small enough that a training run on them takes seconds."""
import pickle

import numpy as np
import torch
import yaml

from model.agcn import Model

NUM_CLASS = 4
MODEL_ARGS = {'num_class': NUM_CLASS, 'graph': 'graph.ntu_rgb_d.Graph', 'base_channels': 8}


def write_dataset(folder, parts=(('train', 16), ('val', 8)), frames=12, points=25, persons=2, stream='joint'):
    """Write `<part>_data_<stream>.npy` and `<part>_label.pkl` as data_gen does; every other clip has one person.

    Classes differ by how fast a few joints swing, so that there is something to learn.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for part, number in parts:
        labels = [i % NUM_CLASS for i in range(number)]
        data = 0.05 * rng.standard_normal((number, 3, frames, points, persons))
        time = np.arange(frames)[None, :, None]
        speed = (1 + np.array(labels))[:, None, None]
        data[:, 0, :, 2:6] += np.sin(0.5 * speed * time)[..., None]
        data[1::2, ..., 1:] = 0
        np.save(folder / f'{part}_data_{stream}.npy', data.astype(np.float32))
        names = [f'S001C001P{i + 1:03d}R001A{label + 1:03d}.skeleton' for i, label in enumerate(labels)]
        (folder / f'{part}_label.pkl').write_bytes(pickle.dumps((names, labels)))


def config(data, work, **changes):
    """Return a config that trains on the data set in `data`, or tests on it, and writes below `work`.

    `changes` replace its keys. With phase='test' it names no training data.
    """
    parts = {'test': 'val'} if changes.get('phase') == 'test' else {'train': 'train', 'test': 'val'}
    feeders = {f'{feeder}_feeder_args': {'data_path': str(data / f'{part}_data_joint.npy'),
                                         'label_path': str(data / f'{part}_label.pkl')}
               for feeder, part in parts.items()}
    return {'work_dir': str(work / 'work_dir'), 'model_saved_name': str(work / 'runs/tiny'),
            'feeder': 'feeders.feeder.Feeder', **feeders, 'model': 'model.agcn.Model',
            'model_args': MODEL_ARGS, 'phase': 'train', 'device': 'cpu', 'batch_size': 4, 'test_batch_size': 4,
            'base_lr': 0.01, 'num_epoch': 2, 'step': [1], **changes}


def write_config(path, content):
    """Write the dict `content` as YAML to `path` and return the path."""
    path.write_text(yaml.safe_dump(content))
    return path


def write_weights(path, seed=0, network=Model, **model_args):
    """Write random weights of a narrow network, in which every graph counts, and return the model, in eval mode."""
    torch.manual_seed(seed)
    model = network(**{**MODEL_ARGS, **model_args}).eval()
    with torch.no_grad():
        for name, value in model.named_parameters():
            if name.endswith(('bn.weight', 'alpha')):
                value.fill_(.5)
            if name.endswith('PA'):
                value.normal_(0, .05)
    torch.save(model.state_dict(), path)
    return model
