"""Files of pose estimators, each of one recording.

- OpenPose: a folder with a file `…_keypoints.json` for each frame; other files in it are ignored. A file holds
  `people`, each with `pose_keypoints_2d`, x0, y0, score0, x1, …, and `person_id`, [-1] if persons were not tracked.
  https://github.com/CMU-Perceptual-Computing-Lab/openpose/blob/master/doc/02_output.md
- AlphaPose and COCO's tools: a list of poses, each with `image_id`, a number or a name with a number in it,
  `keypoints`, as above, and `idx` if persons were tracked. Frames without a person are not in the list.
  https://github.com/MVIG-SJTU/AlphaPose/blob/master/docs/output.md
  https://cocodataset.org/#format-results
- MMPose and programs around rtmlib: a list of frames, alone or under `instance_info`, each with `frame_id` and
  `instances`. An instance has `keypoints`, (V, 2), or from a 3D lifter (V, 3), in its axes, `keypoint_scores`, (V,),
  and `track_id` if persons were tracked. `meta_info` names the data set that defines the keypoints.
  https://github.com/open-mmlab/mmpose, the demos with --save-predictions
"""
import pathlib
import re

import numpy as np

from data_gen.formats.raw_file import load_json, look_up, numbers
from data_gen.formats.sample import BrokenSample
from data_gen.poses.recordings import MAX_POSES, Detections, nobody
from data_gen.recording import MAX_FRACTION, MIN_FRACTION
from graph.skeleton import skeleton

OPENPOSE_FILES = '*_keypoints.json'
HALPE_FULL_BODY = 136  # joints, of which the first 26 are Halpe's 26; face and hands follow
MMPOSE_DATA_SETS = {'coco': 'coco17', 'halpe26': 'halpe26', 'h36m': 'h36m17'}  # dataset_name → skeleton
NUMBERED = re.compile(r'(.*?)(\d+)(\D*)')
MAX_OUTSIDE = 0.25  # of the sum of scores, for joints outside the image
CORNER = 0.125  # of the image's width and height: if all joints lie in this corner, the image has another size


def is_openpose_folder(path):
    """Return whether `path` is a folder of OpenPose's frames."""
    return any(pathlib.Path(path).glob(OPENPOSE_FILES))


def read_detections(path, image_size=None, fps=None):
    """Return the Detections in the file or folder at `path`, x and y as fractions of the image.

    The files do not say the `image_size`, (width, height) in pixels, and the frames per second, `fps`.
    Raises BrokenSample if the form is unknown, or if coordinates and image size do not fit.
    """
    path = pathlib.Path(path)
    detections = read_openpose(path) if path.is_dir() else read_json(load_json(path))
    if detections.joints_2d is not None:
        detections = detections._replace(joints_2d=in_fractions(detections.joints_2d, image_size))
    return detections._replace(image_size=image_size, fps=fps)


def read_json(content):
    """Return the Detections in the content of a JSON file, whose first element tells the form."""
    first = content[0] if isinstance(content, list) and content else content
    keys = first.keys() if isinstance(first, dict) else ()
    if content == [] or 'keypoints' in keys:
        return read_results(content)
    if 'instances' in keys or 'instance_info' in keys:
        return read_mmpose(content)
    raise BrokenSample("no poses of a known form: OpenPose's folder (…_keypoints.json), AlphaPose's or COCO's results "
                       "(image_id, keypoints) or MMPose's instances (keypoints, keypoint_scores) are needed")


def read_openpose(folder):
    files = sorted(folder.glob(OPENPOSE_FILES))
    frames, poses = frame_numbers([file.name for file in files]), []
    for file, frame in zip(files, frames):
        for person in look_up(load_json(file), 'people', list, file.name):
            if keypoints := look_up(person, 'pose_keypoints_2d', list, file.name):
                poses.append((frame, person.get('person_id'), triples(keypoints, file.name)))
    detections = detections_of(poses, frames, ['openpose25', 'openpose18'])
    return detections._replace(joints_2d=from_minus_1(detections.joints_2d))


def read_results(content):
    images, persons, joints = [], [], []
    for number, result in enumerate(content, 1):
        pose = triples(look_up(result, 'keypoints', list, f'result {number}'), f'result {number}')
        images.append(result.get('image_id'))
        persons.append(result.get('idx'))
        joints.append(pose[:26] if len(pose) == HALPE_FULL_BODY else pose)
    frames = frame_numbers(images)
    return detections_of(list(zip(frames, persons, joints)), frames, ['coco17', 'halpe26'])


def read_mmpose(content):
    frames, meta_info = content if isinstance(content, list) else [content], None
    if 'instance_info' in frames[0]:
        meta_info = frames[0].get('meta_info')
        frames = look_up(frames[0], 'instance_info', list, 'the file')
    poses, dimensions = [], None
    for number, frame in enumerate(frames, 1):
        where = f'frame {number} of the file'
        frame_id = look_up(frame, 'frame_id', int, where)
        for instance in look_up(frame, 'instances', list, where):
            keypoints, scores = (numbers(look_up(instance, key, list, where), f'{where}: {key}')
                                 for key in ('keypoints', 'keypoint_scores'))
            dimensions = dimensions or keypoints.shape[-1]
            if dimensions not in (2, 3) or keypoints.shape != (scores.size, dimensions):
                raise BrokenSample(f'{where}: keypoints (V, 2), or all (V, 3), and keypoint_scores (V,) are needed')
            joints = keypoints if dimensions == 3 else if_found(np.column_stack((keypoints, scores)))
            poses.append((frame_id, instance.get('track_id'), joints))
    skeletons = ['h36m17'] if dimensions == 3 else ['coco17', 'halpe26']
    if isinstance(meta_info, dict) and 'dataset_name' in meta_info:
        name = str(meta_info['dataset_name'])
        if name not in MMPOSE_DATA_SETS:
            raise BrokenSample(f'keypoints of the data set {name}: those of {", ".join(MMPOSE_DATA_SETS)} are read')
        skeletons = [MMPOSE_DATA_SETS[name]]
    return detections_of(poses, [frame['frame_id'] for frame in frames], skeletons,
                         'joints_3d' if dimensions == 3 else 'joints_2d')


def detections_of(poses, frames, skeletons, key='joints_2d'):
    """Return the Detections of `poses`, each (number of its frame, its person in the file, joints (V, 3)).

    `frames` are the numbers of all frames. The skeleton is the one of `skeletons` with V joints. A pose without any
    joint is left out.
    """
    poses = [pose for pose in poses if pose[2].any()]
    if not poses:
        raise nobody()
    first, T = min(frames), max(frames) - min(frames) + 1
    if T > MAX_POSES:
        raise BrokenSample(f'its frames span {T}: those of one recording are numbered one after the other')
    at, persons, joints = zip(*poses)
    sizes = {len(pose) for pose in joints}
    name = next((name for name in skeletons if {skeleton(name).num_node} == sizes), None)
    if name is None:
        raise BrokenSample(f'{" and ".join(map(str, sorted(sizes)))} joints in a person: those of '
                           f'{", ".join(skeletons)} are read')
    ids = [person_id(person) for person in persons]
    return Detections(np.array(at) - first, T, name, **{key: np.stack(joints)},
                      ids=None if None in ids else np.array(ids))


def triples(values, where):
    """Return x0, y0, score0, x1, … as an array (V, 3)."""
    array = numbers(values, f'{where}: its keypoints')
    if array.ndim != 1 or array.size % 3:
        raise BrokenSample(f'{where}: its keypoints are not x, y and score of each joint')
    return if_found(array.reshape(-1, 3))


def if_found(joints):
    """Return joints (V, 3), x, y and score, with zeros for a joint of score 0, which was not found."""
    return np.where(joints[:, 2:] > 0, joints, 0)


def person_id(value):
    """Return the number of a person, None if the file has none or −1; some programs write it in a list."""
    if isinstance(value, list) and len(value) == 1:
        value, = value
    return value if isinstance(value, int | float) and value >= 0 else None


def frame_numbers(names):
    """Return the last number in each of the `names` of frames.

    Raises BrokenSample if there is none, or if the names differ in more than that.
    """
    parts = [NUMBERED.fullmatch(str(name)) for name in names]
    if None in parts:
        raise BrokenSample(f"'{names[parts.index(None)]}' has no number that says which frame it is")
    others = sorted({f'{part[1]}…{part[3]}' for part in parts})
    if len(others) > 1:
        raise BrokenSample(f"frames of several recordings ('{others[0]}' and '{others[1]}'): separate them")
    return [int(part[2]) for part in parts]


def from_minus_1(joints):
    """Return joints (P, V, 3), x and y from 0 to 1 if OpenPose's --keypoint_scale 4 made them from −1 to 1.

    Pixels, and fractions from 0 to 1, are never negative in its files.
    """
    found = joints[..., 2:] > 0
    xy = joints[..., :2]
    if not -1 <= xy.min() < 0 or xy.max() > 1:
        return joints
    return np.where(found, np.concatenate(((xy + 1) / 2, joints[..., 2:]), -1), 0)


def in_fractions(joints, image_size):
    """Return joints (P, V, 3) with x and y as fractions of the image; fractions are kept.

    Raises BrokenSample for pixels without an `image_size`, and for one that cannot be the image's.
    """
    xy, score = joints[..., :2], joints[..., 2]
    found = score > 0
    low, high = xy[found].min(), xy[found].max()
    if MIN_FRACTION <= low <= high <= MAX_FRACTION:
        return joints
    if image_size is None:
        raise BrokenSample(f'coordinates from {low:g} to {high:g} are pixels: give the size of the image by '
                           '--image_size WIDTH HEIGHT')
    fractions = xy / image_size
    outside = ((fractions < 0) | (fractions > 1)).any(-1)
    if score[outside].sum() > MAX_OUTSIDE * score.sum() or fractions[found].max() < CORNER:
        raise BrokenSample(f'coordinates from {low:g} to {high:g} cannot be pixels of an image of {image_size[0]} × '
                           f'{image_size[1]}: check --image_size')
    return np.concatenate((fractions, joints[..., 2:]), -1)
