"""Annotation files and checkpoints as PYSKL and MMAction2 write them, of the golden answers."""
import json
import pickle

import numpy as np
import torch

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


def write_annotations(path, content, protocol=4):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(content, protocol))
    return path


def state_dict(shapes, golden, kind, network):
    """Return the golden weights by PYSKL's names; `shapes` is the content of pyskl_state_dict.json."""
    weights = {key: torch.from_numpy(np.asarray(recipe_value(key, tuple(shape))))
               for key, shape in shapes[f'{kind}/{network}'].items()}
    return {**weights, 'backbone.A': torch.from_numpy(golden[f'{kind}/backbone_A'])}
