"""OpenPose's output: a folder of one recording, with a JSON file for each of its frames.

Format: https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/doc/02_output.md. A file holds `people`,
each with `pose_keypoints_2d`, x0, y0, score0, x1, … in pixels (or as its flag keypoint_scale says), and `person_id`,
[-1] where OpenPose did not follow them. The file's name ends in the number of the frame and `_keypoints.json`. Files
before version 1.2 have `pose_keypoints`.
"""
import pathlib

from data_gen.formats.detections import detections, frame_numbers, triples
from data_gen.formats.raw_file import load_json, look_up

WORDS = "OpenPose's folder of frames (people with pose_keypoints_2d)"
SKELETONS = {25: 'openpose25', 18: 'openpose18'}


def recognises(content):
    return isinstance(content, dict) and 'people' in content


def is_folder(path):
    """Say whether `path` is a folder of OpenPose's frames: its first JSON file is one."""
    first = min(pathlib.Path(path).glob('*.json'), default=None)
    return first is not None and recognises(load_json(first))


def parse_folder(path):
    """Return the Detections in the frames of a folder; frames without a file are frames of nobody."""
    files = sorted(pathlib.Path(path).glob('*.json'))
    return parse_frames([load_json(file) for file in files], frame_numbers([file.name for file in files]),
                        [file.name for file in files])


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
    return detections(triples(keypoints, 'the pose_keypoints_2d'), frames, ids, SKELETONS, max(numbers) - first + 1)


def id_of(person):
    """Return the number of a person, None if OpenPose did not follow persons."""
    number = person.get('person_id', [-1])
    number = number[0] if isinstance(number, list) and number else number
    return number if isinstance(number, int) and number >= 0 else None
