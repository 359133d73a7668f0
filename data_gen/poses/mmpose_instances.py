"""The instances that MMPose, and programs around rtmlib, write: a JSON file of one recording.

Format: https://github.com/open-mmlab/mmpose, the demos with --save-predictions and the Inferencer with pred_out_dir. A
list of frames (in the former under `instance_info`), each with `frame_id` and `instances`. An instance has `keypoints`,
(V, 2) in pixels, or from a 3D lifter (V, 3); `keypoint_scores`, (V,); and where persons were followed `track_id`.
`meta_info` names the keypoints. Without it they are COCO's 17 or Halpe's 26 in 2D, and Human3.6M's 17 in 3D.

A lifter's x y z are kept as they are: in which direction x goes differs between versions of MMPose.
"""
import numpy as np

from data_gen.formats.raw_file import look_up, numbers
from data_gen.formats.sample import BrokenSample
from data_gen.poses.detections import Detections, Nobody, detections_2d, person_number, places
from graph.skeleton import skeleton
from runtime.errors import short_repr

WORDS = "MMPose's instances (keypoints, keypoint_scores)"
UNNAMED = {2: ('coco17', 'halpe26'), 3: ('h36m17',)}  # dimensions → the skeletons of files without meta_info
DATA_SETS = {'coco': 'coco17', 'halpe26': 'halpe26', 'h36m': 'h36m17'}
# MMPose's names of keypoints, where they are not those of config/skeletons with underscores.
NAMES = {'coco17': {},
         'halpe26': {'middle of hips': 'hip'},
         'h36m17': {'pelvis': 'root', 'right ankle': 'right_foot', 'left ankle': 'left_foot',
                    'middle of spine': 'spine', 'nose': 'neck_base', 'top of head': 'head'}}


def recognises(content):
    first = content[0] if isinstance(content, list) and content else content
    return isinstance(first, dict) and bool({'instance_info', 'instances'} & first.keys())


def parse(content):
    """Return the Detections in the content of a file."""
    frames, meta_info = (content if isinstance(content, list) else [content]), None
    if 'instance_info' in frames[0]:
        meta_info = frames[0].get('meta_info')
        frames = look_up(frames[0], 'instance_info', list, 'the file')
    keypoints, scores, places_in_time, ids = [], [], [], []
    for number, frame in enumerate(frames, 1):
        where = f'frame {number} of the file'
        look_up(frame, 'frame_id', int, where)
        for instance in look_up(frame, 'instances', list, where):
            keypoints.append(look_up(instance, 'keypoints', list, where))
            scores.append(look_up(instance, 'keypoint_scores', list, where))
            places_in_time.append(frame['frame_id'])
            ids.append(person_number(instance.get('track_id')))
    if not keypoints:
        raise Nobody
    keypoints, scores = numbers(keypoints, 'the keypoints'), numbers(scores, 'the keypoint_scores')
    if keypoints.shape[2:] not in ((2,), (3,)) or keypoints.shape[:2] != scores.shape:
        raise BrokenSample(f'keypoints {keypoints.shape[1:]} and keypoint_scores {scores.shape[1:]}: (V, 2) or (V, 3) '
                           'and (V,) are taken')
    name, order = skeleton_of(meta_info, *keypoints.shape[1:])
    keypoints, scores = keypoints[:, order], scores[:, order]
    first, last = (function(frame['frame_id'] for frame in frames) for function in (min, max))
    frames, num_frames = [place - first for place in places_in_time], last - first + 1
    if keypoints.shape[2] == 2:
        return detections_2d(np.concatenate((keypoints, scores[..., None]), -1), frames, ids, name, num_frames)
    frames, num_frames, found, ids = places(keypoints, frames, ids, num_frames)
    return Detections(frames, num_frames, name, joints_3d=keypoints[found], ids=ids)


def skeleton_of(meta_info, V, dimensions):
    """Return (the name of a skeleton in config/skeletons, the places of its joints among the V of the file).

    Raises BrokenSample, which says what `meta_info` names, if it is none of those.
    """
    meta_info = meta_info if isinstance(meta_info, dict) else {}
    names, data_set = meta_info.get('keypoint_id2name'), meta_info.get('dataset_name')
    if isinstance(names, dict):
        listed = [str(names.get(str(number))) for number in range(V)]
        for name in DATA_SETS.values():
            wanted = [NAMES[name].get(joint, joint.replace(' ', '_')) for joint in skeleton(name).joint_names]
            if sorted(wanted) == sorted(listed):
                return name, [listed.index(joint) for joint in wanted]
        raise BrokenSample(f"its keypoints are {', '.join(listed)}: those of {', '.join(DATA_SETS)} are taken")
    candidates = UNNAMED[dimensions] if data_set is None else [DATA_SETS[key] for key in DATA_SETS if key == data_set]
    for name in candidates:
        if skeleton(name).num_node == V:
            return name, list(range(V))
    whose = 'and nothing that names them' if data_set is None else f'of the data set {short_repr(data_set)}'
    raise BrokenSample(f'{V} keypoints in {dimensions}D {whose}: those of {", ".join(DATA_SETS)} are taken')
