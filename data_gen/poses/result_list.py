"""Lists of results as AlphaPose and COCO's tools write them: a JSON file of one recording.

Formats: https://github.com/MVIG-SJTU/AlphaPose/blob/master/docs/output.md, https://cocodataset.org/#format-results.
A list of detections, each with `image_id` (a number, or a name with a number in it), `category_id` (1 is a person),
`keypoints`, x0, y0, score0, x1, … in pixels, and, where persons were followed, their number, `idx`. Frames of nobody
are not in the list: a recording begins with the first frame of somebody.
"""
from data_gen.formats.raw_file import look_up
from data_gen.poses.detections import detections_2d, frame_numbers, person_number, skeleton_of_size, triples

WORDS = "AlphaPose's and COCO's lists of results (image_id, keypoints)"
SKELETONS = 'coco17', 'halpe26'
HALPE_FULL_BODY = 136  # joints, of which the first are Halpe's 26; face and hands follow
PERSON = 1


def recognises(content):
    return isinstance(content, list) and (
        not content or isinstance(content[0], dict) and {'image_id', 'keypoints'} <= content[0].keys())


def parse(content):
    """Return the Detections in the content of a file."""
    keypoints, names, ids = [], [], []
    for number, result in enumerate(content, 1):
        values = look_up(result, 'keypoints', list, f'result {number}')
        if result.get('category_id', PERSON) == PERSON:
            keypoints.append(values)
            names.append(result.get('image_id'))
            ids.append(person_number(result.get('idx', result.get('track_id'))))
    joints = triples(keypoints, 'the keypoints')
    if joints.shape[1] == HALPE_FULL_BODY:
        joints = joints[:, :26]
    return detections_2d(joints, frame_numbers(names), ids, skeleton_of_size(joints.shape[1], SKELETONS))
