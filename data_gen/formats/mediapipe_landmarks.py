"""MediaPipe's 33 pose landmarks: a JSON or CSV file of one recording.

Format: https://ai.google.dev/edge/mediapipe/solutions/vision/pose_landmarker. A result has landmarks in shares of the
image (x, y; z is not used) and world landmarks in metres, whose origin is the middle of the hips (x, y, z), each with a
`visibility`. MediaPipe writes no files itself; these forms of its results are taken:

JSON: a list of results, one a frame (or {"frames": that list}), with keys as its interfaces name them, see IMAGE and
WORLD. Each holds the landmarks of one person, a list of such persons, or {"landmark": those of one person}.
CSV: a line a frame and person with columns such as `nose_x`, `0_x` or `landmark_0_x`, and `nose_visibility`; or a line
a landmark with the columns `frame`, `landmark` (number or name), `x`, `y`, `z`, `visibility`. A column `person` is
optional. World landmarks are those with the hips around the origin.
"""
import re

import numpy as np

from data_gen.formats.detections import detections, numbers
from data_gen.formats.own_clips import numbers_in, places_of_rows
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
    return {'landmark', 'x', 'y'} <= set(columns) or len(landmark_columns(columns)) >= 2 * len(NAMES)


def landmark_columns(columns):
    """Return column → (number of the landmark, axis)."""
    matches = {column: COLUMN.fullmatch(column.lower()) for column in columns}
    return {column: (NUMBER[match[1]], AXES.index(match[2])) for column, match in matches.items() if match}


def parse_table(table):
    """Return the Detections in a Table."""
    values, persons, frames = (lines_of_landmarks if 'landmark' in table.columns else lines_of_frames)(table)
    there = np.isfinite(values[..., :2]).all((1, 2))
    joints = values[there]
    world = bool((np.abs(joints[:, HIPS, :2].mean(1)) < AT_ORIGIN).all())
    joints = numbers(joints[..., [0, 1, 2 if world else 3]], 'the landmarks')
    ids = np.array(persons)[there] if 'person' in table.columns else None
    return as_detections(joints, np.array(frames)[there], max(frames) + 1, 3 if world else 2, ids)


def lines_of_frames(table):
    """Return values (P, 33, 4), persons and frames of a Table with a line a frame and person."""
    values = no_landmarks(len(table.rows))
    for column, (landmark, axis) in landmark_columns(table.columns).items():
        values[:, landmark, axis] = numbers_in(table, column)
    return values, *places_of_rows(table)


def lines_of_landmarks(table):
    """Return values (P, 33, 4), persons and frames of a Table with a line a frame, person and landmark."""
    landmarks = [NUMBER.get(name.lower()) for name in table.column('landmark')]
    if None in landmarks:
        line = table.lines[landmarks.index(None)]
        raise BrokenSample(f"line {line}: its landmark is neither 0 to {len(NAMES) - 1} nor a name such as {NAMES[0]}")
    names = table.column('person') if 'person' in table.columns else [''] * len(landmarks)
    places = np.stack((numbers_in(table, 'frame'), np.unique(names, return_inverse=True)[1]), 1)
    places, rows = np.unique(places, axis=0, return_inverse=True)
    values = no_landmarks(len(places))
    for axis, name in enumerate(AXES):
        if name in table.columns:
            values[rows.ravel(), landmarks, axis] = numbers_in(table, name)
    frames, persons = (places - places.min(0)).astype(int).T
    return values, persons, frames


def no_landmarks(P):
    """Return P persons without landmarks, (P, 33, 4); the visibility of one that will be there is 1."""
    return np.tile([np.nan, np.nan, np.nan, 1], (P, len(NAMES), 1))


def as_detections(joints, frames, num_frames, dimensions, ids=None):
    ids = [None] * len(joints) if ids is None else ids
    return detections(joints, frames, ids, {len(NAMES): SKELETON}, num_frames, dimensions=dimensions, shares=True)
