"""Annotation files and checkpoints as PYSKL and MMAction2 write them, of the golden answers."""
import json
import pickle

import numpy as np
import torch
from conftest import run_script

from tests.golden_models import recipe_value

SHORT = {'joint': 'j', 'bone': 'b', 'joint_motion': 'jm', 'bone_motion': 'bm'}


def annotations(golden, kind):
    """Return the golden annotations of '3d' or 'hrnet' in PYSKL's form, with a split `all_val` of all six."""
    content = json.loads(str(golden[f'{kind}/meta']))
    for i, one in enumerate(content['annotations']):
        one.update({key: tuple(one[key]) for key in ('img_shape', 'original_shape') if key in one})
        for key in ('keypoint', 'keypoint_score'):
            if f'{kind}/annotation/{i}/{key}' in golden:
                one[key] = golden[f'{kind}/annotation/{i}/{key}']
    content['split']['all_val'] = [one['frame_dir'] for one in content['annotations']]
    return content


def made_up(number=4, V=25, C=3, seed=0):
    """Return annotations of random joints, every other with one body."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(number):
        T = 30 + 50 * i
        keypoint = rng.standard_normal((1 + i % 2, T, V, C)).astype(np.float32)
        found.append({'frame_dir': f'clip{i}', 'label': i, 'total_frames': T, 'keypoint': keypoint})
    names = [one['frame_dir'] for one in found]
    return {'split': {'xsub_train': names, 'xsub_val': names[1:]}, 'annotations': found}


def write_annotations(path, content, protocol=4):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(content, protocol))
    return path


def write_recordings(folder, content, protocol=4, *flags, status=0):
    """Write annotations beside `folder`, and their recordings into it by the command; return the finished process."""
    path = write_annotations(folder.with_name(f'{folder.name}.pkl'), content, protocol)
    return run_script('data_gen/pyskl_gendata.py', '--annotations', path, '--recordings', folder, *flags,
                      cwd=folder.parent, status=status)


def bones_of(kind):
    """Return the feeder arguments that say the joints of '3d' or 'hrnet'."""
    graph = {'3d': 'graph.ntu_rgb_d.Graph', 'hrnet': 'graph.coco.PysklGraph'}[kind]
    return {'graph': graph, 'dimensions': 3 if kind == '3d' else 2}


def state_dict(shapes, golden, kind, network):
    """Return the golden weights by PYSKL's names; `shapes` is the content of pyskl_state_dict.json."""
    weights = {key: torch.from_numpy(np.asarray(recipe_value(key, tuple(shape))))
               for key, shape in shapes[f'{kind}/{network}'].items()}
    return {**weights, 'backbone.A': torch.from_numpy(golden[f'{kind}/backbone_A'])}
