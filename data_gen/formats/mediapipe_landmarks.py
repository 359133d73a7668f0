"""MediaPipe's 33 pose landmarks: a JSON or CSV file of one recording.

Format: https://ai.google.dev/edge/mediapipe/solutions/vision/pose_landmarker. A result has landmarks in shares of the
image (x, y; z is not used) and world landmarks in metres, whose origin is the middle of the hips (x, y, z), each with a
`visibility`. MediaPipe writes no files itself; these forms of its results are taken:

JSON: a list of results, one a frame (or {"frames": that list}), with keys as its interfaces name them, see IMAGE and
WORLD. Each holds the landmarks of one person, a list of such persons, or {"landmark": those of one person}.
CSV: a line a frame and person, with columns such as `nose_x`, `0_x` or `landmark_0_x`, and `nose_visibility`; columns
`frame` and `person` are optional.
"""
import re

import numpy as np

from data_gen.formats.detections import detections
from data_gen.formats.own_clips import numbers_in, places_of_rows
from data_gen.formats.raw_file import numbers
from data_gen.formats.sample import BrokenSample
from graph.mapping import skeleton

WORDS = "MediaPipe's 33 landmarks (JSON or CSV)"
SKELETON = 'mediapipe33'
IMAGE = 'pose_landmarks', 'poseLandmarks', 'landmarks'
WORLD = 'pose_world_landmarks', 'poseWorldLandmarks', 'worldLandmarks'
NAMES = [re.sub(r'^(left|right)_mouth$', r'mouth_\1', name.replace(' ', '_'))
         for name in skeleton(SKELETON).joint_names]  # as MediaPipe's PoseLandmark has them, in small letters
NUMBER = {name: number for number, name in enumerate(NAMES)} | {str(number): number for number in range(len(NAMES))}
HIPS = NUMBER['left_hip'], NUMBER['right_hip']
AT_ORIGIN = 0.05  # metres from the origin to the middle of the hips of world landmarks, at most
AXES = 'x', 'y', 'z', 'visibility'
COLUMN = re.compile(rf'(?:landmark_)?({"|".join(NUMBER)})_({"|".join(AXES)})')


def recognises(content):
    return any(isinstance(result, dict) and result.keys() & {*IMAGE, *WORLD} for result in results_in(content))


def results_in(content):
    """Return the list of results in the content of a JSON file."""
    content = content.get('frames', [content]) if isinstance(content, dict) else content
    return content if isinstance(content, list) else []


def parse(content, dimensions=2):
    """Return the Detections in the content of a JSON file; `dimensions` chooses if it has both kinds of landmarks."""
    results, landmarks, frames = results_in(content), [], []
    if not all(isinstance(result, dict) for result in results):
        raise BrokenSample('a frame is no object with landmarks')
    kinds = {kind: [next((result[key] for key in keys if key in result), None) for result in results]
             for kind, keys in ((2, IMAGE), (3, WORLD))}
    kind = dimensions if any(kinds[dimensions]) else 5 - dimensions
    for number, people in enumerate(kinds[kind]):
        for person in persons_in(people):
            try:
                landmarks.append([[point['x'], point['y'], point['z'] if kind == 3 else point.get('visibility', 1)]
                                  for point in person])
            except (TypeError, KeyError, AttributeError):
                raise BrokenSample(f'frame {number + 1} has a landmark without x, y and z') from None
            frames.append(number)
    return as_detections(numbers(landmarks, 'the landmarks'), frames, len(results), kind)


def persons_in(landmarks):
    """Return a list of the landmarks of each person."""
    if isinstance(landmarks, dict):
        landmarks = landmarks.get('landmark')
    if not isinstance(landmarks, list) or not landmarks:
        return []
    several = isinstance(landmarks[0], list) or isinstance(landmarks[0], dict) and 'landmark' in landmarks[0]
    return [person for one in landmarks for person in persons_in(one)] if several else [landmarks]


def recognises_columns(columns):
    """Say whether a table with these columns holds landmarks."""
    return len(landmark_columns(columns)) >= 2 * len(NAMES)


def landmark_columns(columns):
    """Return column → (number of the landmark, axis)."""
    matches = {column: COLUMN.fullmatch(column.lower()) for column in columns}
    return {column: (NUMBER[match[1]], AXES.index(match[2])) for column, match in matches.items() if match}


def parse_table(table):
    """Return the Detections in a Table. World landmarks are those with the hips around the origin."""
    values = np.full((len(table.lines), len(NAMES), len(AXES)), np.nan)
    values[..., AXES.index('visibility')] = 1
    for column, (landmark, axis) in landmark_columns(table.columns).items():
        values[:, landmark, axis] = numbers_in(table, column)
    persons, frames = map(np.array, places_of_rows(table))
    there = np.isfinite(values[..., :2]).all((1, 2))
    world = bool((np.abs(values[there][:, HIPS, :2].mean(1)) < AT_ORIGIN).all())
    joints = numbers(values[there][..., [0, 1, 2 if world else 3]], 'the landmarks')
    ids = persons[there] if 'person' in table.columns else None
    return as_detections(joints, frames[there], frames.max() + 1, 3 if world else 2, ids)


def as_detections(joints, frames, num_frames, dimensions, ids=None):
    ids = [None] * len(joints) if ids is None else ids
    return detections(joints, frames, ids, {len(NAMES): SKELETON}, num_frames, dimensions=dimensions, shares=True)
