"""The configs of config/small, filled in for a data set of one's own and written beside it."""
import numpy as np
import yaml

from graph.skeleton import SKELETONS
from runtime.arguments import read_yaml
from runtime.atomic_file import write_whole

TEMPLATES = SKELETONS.parent / 'small'
NAMES = 'train_joint', 'train_bone', 'test_joint', 'test_bone'
NOISE = 0.006  # of the size of a body: a centimetre for a person who stands
MEASURED = 100  # clips


def write_configs(folder, preparation, num_class, overwrite):
    """Write the configs of both streams for the data in `folder`; existing ones are kept, unless `overwrite`.

    Results and weights are named after the folder. Without training data, nothing is written.
    """
    path = folder / 'train_data_joint.npy'
    if not path.exists():
        return
    data = np.load(path, mmap_mode='r')
    for name in NAMES:
        config = folder / f'{name}.yaml'
        if overwrite or not config.exists():
            content = filled_in(read_yaml(TEMPLATES / config.name), folder, preparation, num_class, data)
            with write_whole(config, 'w', encoding='utf-8') as file:
                file.write(f'# config/small/{config.name} for these data: docs/own-clips.md.\n')
                yaml.safe_dump(content, file, sort_keys=False, allow_unicode=True, width=120)
    print(f'{folder}: {", ".join(f"{name}.yaml" for name in NAMES)} are the configs of these data')


def filled_in(content, folder, preparation, num_class, data):
    """Return the content of a template with what the data (N, C, T, V, M) in `folder` are."""
    name, graph_args = folder.resolve().name, {'file': str(folder / 'skeleton.yaml')}
    content['work_dir'] = content['work_dir'].replace('/mine/', f'/{name}/')
    for key in content.keys() & {'model_saved_name', 'weights'}:
        content[key] = content[key].replace('/mine_', f'/{name}_')
    for key in content.keys() & {'train_feeder_args', 'test_feeder_args'}:
        arguments = content[key]
        for path in ('data_path', 'label_path'):
            arguments[path] = str(folder / arguments[path].rpartition('/')[2])
        if 'graph_args' in arguments:
            arguments['graph_args'] = graph_args
    if 'train_feeder_args' in content:
        content['train_feeder_args'] |= {'dimensions': preparation.dimensions,
                                         'random_noise': float(f'{NOISE * size_of_bodies(data, preparation):.2g}')}
        content['batch_size'] = min(content['batch_size'], len(data))
    _, _, V, M = preparation.shape
    content['model_args'] |= {'num_class': num_class, 'num_point': V, 'num_person': M, 'graph_args': graph_args}
    return content


def size_of_bodies(data, preparation):
    """Return the median size, from corner to corner, of the first person in clips (N, C, T, V, M), in their units."""
    clips = np.asarray(data[::-(-len(data) // MEASURED), ..., 0])
    bodies = clips.transpose(0, 2, 3, 1).reshape(-1, clips.shape[3], 3)
    seen = bodies[..., 2] > 0 if preparation.dimensions == 2 else bodies.any(-1)
    joints = np.where(seen[..., None], bodies[..., :preparation.dimensions], np.nan)[seen.any(1)]
    return np.median(np.linalg.norm(np.nanmax(joints, 1) - np.nanmin(joints, 1), axis=1))
