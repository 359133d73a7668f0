"""The instances that MMPose, and programs around rtmlib, write: a JSON file of one recording.

Format: https://github.com/open-mmlab/mmpose, demo/topdown_demo_with_mmdet.py with --save-predictions and the Inferencer
with pred_out_dir. A list of frames (in the former under `instance_info`), each with `frame_id` and `instances`. An
instance has `keypoints`, (V, 2) in pixels, `keypoint_scores`, (V,), and where persons were followed `track_id`.
"""
import numpy as np

from data_gen.formats.detections import detections, person_number
from data_gen.formats.raw_file import look_up, numbers
from data_gen.formats.sample import BrokenSample

WORDS = "MMPose's instances (keypoints, keypoint_scores)"
SKELETONS = {17: 'coco17', 26: 'halpe26'}


def recognises(content):
    first = content[0] if isinstance(content, list) and content else content
    return isinstance(first, dict) and bool({'instance_info', 'instances'} & first.keys())


def parse(content):
    """Return the Detections in the content of a file."""
    frames = content if isinstance(content, list) else [content]
    if 'instance_info' in frames[0]:
        frames = look_up(frames[0], 'instance_info', list, 'the file')
    keypoints, scores, places, ids, all_frames = [], [], [], [], []
    for number, frame in enumerate(frames, 1):
        where = f'frame {number} of the file'
        all_frames.append(look_up(frame, 'frame_id', int, where))
        for instance in look_up(frame, 'instances', list, where):
            keypoints.append(look_up(instance, 'keypoints', list, where))
            scores.append(look_up(instance, 'keypoint_scores', list, where))
            places.append(all_frames[-1])
            ids.append(person_number(instance.get('track_id')))
    keypoints, scores = numbers(keypoints, 'the keypoints'), numbers(scores, 'the keypoint_scores')
    if keypoints.size and (keypoints.shape[2:] != (2,) or keypoints.shape[:2] != scores.shape):
        raise BrokenSample(f'keypoints {keypoints.shape[1:]} and keypoint_scores {scores.shape[1:]}: (V, 2) and (V,) '
                           'are taken')
    first = min(all_frames, default=0)
    joints = np.concatenate((keypoints, scores[..., None]), -1) if len(keypoints) else keypoints
    return detections(joints, [place - first for place in places], ids, SKELETONS,
                      max(all_frames, default=0) - first + 1)
