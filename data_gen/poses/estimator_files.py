"""Files of pose estimators: which of the three forms they have, and their x and y as fractions of the image."""
import pathlib

import numpy as np

from data_gen.formats.raw_file import load_json
from data_gen.formats.sample import BrokenSample
from data_gen.poses import mmpose_instances, openpose_frames, result_list
from data_gen.recording import MAX_FRACTION, MIN_FRACTION

FORMS = openpose_frames, result_list, mmpose_instances
OUTSIDE = 0.25  # share of the score that may lie outside the image
CORNER = 0.125  # of the image's width and height: who is never outside this corner has another size of image


def read_detections(path, image_size=None, fps=None):
    """Return the Detections in the file or folder at `path`, x and y as fractions of the image.

    `image_size` (width, height) is the image's in pixels, `fps` the video's frames per second: no such file says
    either. Raises BrokenSample if it has none of the FORMS, or if its coordinates and the image's size do not fit.
    """
    path = pathlib.Path(path)
    if path.is_dir():
        detections = openpose_frames.parse_folder(path)
    else:
        content = load_json(path)
        form = form_of(content)
        if form is None:
            raise BrokenSample(f'{looks_of(content)}: taken are {", ".join(form.WORDS for form in FORMS)}')
        detections = form.parse(content)
    joints = detections.joints_2d
    return detections._replace(joints_2d=None if joints is None else in_fractions(joints, image_size),
                               image_size=image_size, fps=fps)


def form_of(content):
    """Return the module that reads the content of a JSON file, None if none does."""
    return next((form for form in FORMS if form.recognises(content)), None)


def looks_of(content):
    """Return what the content of a JSON file looks like."""
    if not isinstance(content, dict):
        return 'a list' if isinstance(content, list) else 'no object and no list'
    first = next(iter(content.values()), None)
    if isinstance(first, dict) and 'has_skeleton' in first:
        return 'a label file of Kinetics-Skeleton'
    return f'an object with {", ".join(sorted(content)[:3]) or "no keys"}'


def in_fractions(joints, image_size):
    """Return joints (P, V, 3) with x and y as fractions of the image, whose size in pixels is `image_size`.

    Fractions are kept. Raises BrokenSample for pixels without a size, and for a size that cannot be theirs.
    """
    xy, score = joints[..., :2], joints[..., 2]
    seen = score > 0
    low, high = xy[seen].min(), xy[seen].max()
    if MIN_FRACTION <= low <= high <= MAX_FRACTION:
        return joints
    if image_size is None:
        raise BrokenSample(f'coordinates from {low:g} to {high:g} are pixels: give the size of the image by '
                           '--image_size WIDTH HEIGHT')
    shares = xy / image_size
    outside = ((shares < 0) | (shares > 1)).any(-1)
    size = ' '.join(map(str, image_size))
    if score[outside].sum() > OUTSIDE * score.sum():
        raise BrokenSample(f'coordinates from {low:g} to {high:g} do not fit into an image of {size} pixels: check '
                           '--image_size')
    if shares[seen].max() < CORNER:
        raise BrokenSample(f'coordinates from {low:g} to {high:g} are all in the upper left corner of an image of '
                           f'{size} pixels: check --image_size')
    return np.concatenate((shares, joints[..., 2:]), -1)
