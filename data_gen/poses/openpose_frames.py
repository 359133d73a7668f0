"""OpenPose's output: a folder of one recording, with a JSON file for each of its frames.

Format: https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/doc/02_output.md. A file holds `people`,
each with `pose_keypoints_2d`, x0, y0, score0, x1, … in pixels, or as its flag keypoint_scale says: from 0 to 1 (3), or
from −1 to 1 (4). `person_id` is [-1] where OpenPose did not follow persons. The file's name ends in the number of the
frame and `_keypoints.json`; other files in the folder, such as that of --write_coco_json, are none of its frames. Files
before version 1.2 have `pose_keypoints`.
"""
import pathlib

import numpy as np

from data_gen.formats.raw_file import load_json, look_up
from data_gen.poses.detections import detections_2d, frame_numbers, skeleton_of_size, triples

WORDS = "OpenPose's folder of frames (people with pose_keypoints_2d)"
FRAMES = '*_keypoints.json'
SKELETONS = 'openpose25', 'openpose18'


def recognises(content):
    return isinstance(content, dict) and 'people' in content


def is_folder(path):
    """Say whether `path` is a folder of OpenPose's frames."""
    return any(pathlib.Path(path).glob(FRAMES))


def parse_folder(path):
    """Return the Detections in the frames of a folder; frames without a file are frames of nobody."""
    files = sorted(pathlib.Path(path).glob(FRAMES))
    names = [file.name for file in files]
    return parse_frames([load_json(file) for file in files], frame_numbers(names), names)


def parse(content):
    """Return the Detections in the content of a single file."""
    return parse_frames([content], [0], ['the frame'])


def parse_frames(contents, numbers, names):
    """Return the Detections in the contents of files, whose frames have these `numbers` and `names`."""
    first, keypoints, frames, ids = min(numbers), [], [], []
    for content, number, name in zip(contents, numbers, names):
        for person in look_up(content, 'people', list, name):
            old = isinstance(person, dict) and 'pose_keypoints' in person
            key = 'pose_keypoints' if old else 'pose_keypoints_2d'
            if values := look_up(person, key, list, name):
                keypoints.append(values)
                frames.append(number - first)
                ids.append(id_of(person))
    joints = triples(keypoints, 'the pose_keypoints_2d')
    name = skeleton_of_size(joints.shape[1], SKELETONS)
    found = detections_2d(joints, frames, ids, name, max(numbers) - first + 1)
    return found._replace(joints_2d=from_0_to_1(found.joints_2d))


def from_0_to_1(joints):
    """Return joints with x and y from 0 to 1 if they are from −1 to 1, and else as they are.

    Pixels, and shares from 0 to 1, are never negative in OpenPose's files.
    """
    seen = joints[joints[..., 2] > 0][:, :2]
    if not -1 <= seen.min() < 0 or seen.max() > 1:
        return joints
    halves = np.concatenate(((joints[..., :2] + 1) / 2, joints[..., 2:]), -1)
    return np.where(joints[..., 2:] > 0, halves, 0)


def id_of(person):
    """Return the number of a person, None if OpenPose did not follow persons."""
    number = person.get('person_id', [-1])
    number = number[0] if isinstance(number, list) and number else number
    return number if isinstance(number, int) and number >= 0 else None
