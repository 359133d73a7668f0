"""PYSKL's annotations: one pickle of a whole data set, and each annotation in it as the clip that the model takes.

Format: https://github.com/kennymckormick/pyskl/blob/main/tools/data/README.md. A dict of `split`, name → list of
frame_dir, and `annotations`, a list of dicts with frame_dir, label, total_frames and keypoint (M, T, V, C); in 2D also
keypoint_score (M, T, V) and img_shape (height, width). The pickle is one piece, so all of it is held in memory, about
the size of the file, once for all processes.
"""
import re
from typing import NamedTuple

import numpy as np

from data_gen import ntu_skeleton
from data_gen.flat_joints import clip_of_flat
from data_gen.ntu_benchmarks import SUFFIX, recording_of
from data_gen.samples import BrokenSample, EmptySample, Sample
from runtime.errors import UserError
from runtime.safe_pickle import load_pickle

MAX_FRAMES = 300
PERSONS = 2
COCO_JOINTS = 17
FARTHEST = 1e6  # metres or pixels
SPLIT = re.compile(r'(?:([\w-]+)_)?(train|val)')


class Layout(NamedTuple):
    """A kind of keypoints: how many joints, how many coordinates each, and the function that makes a clip of them."""

    joints: int
    coordinates: int
    clip_of: object

    @property
    def clip_shape(self):
        return 3, MAX_FRAMES, self.joints, PERSONS

    def __str__(self):
        return f'{self.joints} joints of {self.coordinates} coordinates'


def read_annotations(path):
    """Return (split, annotations) of the pickle at `path`; UserError if it is not in PYSKL's form, or holds code."""
    content = load_pickle(path)
    if not isinstance(content, dict) or not {'split', 'annotations'} <= content.keys():
        raise UserError(f'{path}: not PYSKL\'s annotations: a dict with the keys split and annotations is needed')
    split, annotations = content['split'], content['annotations']
    if not isinstance(split, dict) or not all(is_list_of(names, str) for names in split.values()):
        raise UserError(f'{path}: split must map names such as xsub_train to lists of frame_dir')
    if not is_list_of(annotations, dict) or not all(isinstance(one.get('frame_dir'), str) for one in annotations):
        raise UserError(f'{path}: annotations must be a list of dicts, each with a frame_dir')
    return split, annotations


def is_list_of(values, kind):
    """Say whether `values` is a list or a tuple of nothing but `kind`."""
    return isinstance(values, (list, tuple)) and all(isinstance(value, kind) for value in values)


def parts_of(split):
    """Return the name of each split → its part: xsub_train → xsub/train, train → train; says which are neither."""
    parts = {}
    for name in split:
        if match := SPLIT.fullmatch(str(name)):
            parts[name] = '/'.join(filter(None, match.groups()))
        else:
            print(f'passed over: the split {name!r}: only …_train, …_val, train and val are written')
    if not parts:
        raise UserError(f'no split to write: there are {", ".join(map(repr, split)) or "none"}')
    return parts


def list_samples(split, annotations, parts):
    """Return the Samples of all splits in `parts` (as parts_of gives them), sorted by name; tells of those in none.

    A Sample's source is its annotation, or a text that says why there is none to use. Recordings of NTU are named as
    in label files made from the raw data, with the suffix .skeleton, so that their scores can be fused.
    """
    by_name, twice = {}, set()
    for annotation in annotations:
        name = annotation['frame_dir']
        if name in by_name:
            twice.add(name)
        by_name[name] = annotation
    members = {}
    for split_name, part in parts.items():
        for name in dict.fromkeys(split[split_name]):
            members[name] = (*members.get(name, ()), part)
    if others := len(by_name.keys() - members.keys()):
        print(f'passed over: {others} annotations that belong to no split')

    samples, seen_parts = [], {}
    for name in sorted(members):
        annotation = by_name.get(name)
        label = annotation and annotation.get('label')
        if annotation is None:
            problem = f'{name}: in split {members[name][0]}, but there is no such annotation'
        elif name in twice:
            problem = f'{name}: more than one annotation of that frame_dir'
        elif not isinstance(label, (int, np.integer)) or isinstance(label, bool) or label < 0:
            problem = f'{name}: its label is {str(label)[:20]}'
        else:
            where = seen_parts.setdefault(members[name], members[name])  # one tuple for all samples that share it
            samples.append(Sample(name + SUFFIX if recording_of(name) else name, int(label), where, annotation))
            continue
        samples.append(Sample(name, -1, (), problem))
    return samples


def layout_of(annotation):
    """Return the Layout of an annotation's keypoints, None if it is none that is known."""
    keypoint = annotation.get('keypoint')
    shape = keypoint.shape[2:] if isinstance(keypoint, np.ndarray) and keypoint.ndim == 4 else ()
    return next((layout for layout in LAYOUTS if shape == (layout.joints, layout.coordinates)), None)


def common_layout(annotations):
    """Return the Layout of the first annotation that has one; UserError if none has."""
    for annotation in annotations:
        if layout := layout_of(annotation):
            return layout
    raise UserError(f'no annotation has a keypoint (M, T, V, C) of {" or ".join(map(str, LAYOUTS))}')


def prepare_clip(annotation, layout):
    """Return an annotation's clip, float32 of `layout.clip_shape`, and whether frames beyond the 300th were cut.

    Raises BrokenSample, which names the annotation and what is wrong with it; EmptySample if nobody is there.
    """
    name = annotation['frame_dir']
    try:
        if layout_of(annotation) is not layout:
            raise BrokenSample(f'its keypoint has the shape {getattr(annotation.get("keypoint"), "shape", None)}, not '
                               f'(M, T, {layout.joints}, {layout.coordinates})')
        T = annotation['keypoint'].shape[1]
        total = annotation.get('total_frames', T)
        if not isinstance(total, (int, np.integer)) or not 0 <= total <= T:
            raise BrokenSample(f'its total_frames is {str(total)[:20]}, its keypoint has {T} frames')
        return layout.clip_of(annotation, min(total, MAX_FRAMES)), total > MAX_FRAMES
    except BrokenSample as error:
        raise BrokenSample(f'{name}: {error}') from None


def clip_of_3d(annotation, frames):
    """Return the clip (3, 300, 25, 2) of joints in metres, normalised as those of the raw recordings are."""
    return ntu_skeleton.clip_of_bodies(numbers(annotation, 'keypoint')[:, :frames])


def clip_of_2d(annotation, frames):
    """Return the clip (3, 300, 17, 2) of joints in pixels, as `clip_of_flat` does."""
    keypoint, score = numbers(annotation, 'keypoint'), numbers(annotation, 'keypoint_score')
    if score.shape != keypoint.shape[:3]:
        raise BrokenSample(f'its keypoint_score has the shape {score.shape}, not {keypoint.shape[:3]}')
    height, width = image_size(annotation.get('img_shape'))
    keypoint, score = keypoint[:, :frames], score[:, :frames]
    if not score.any():
        raise EmptySample('without a skeleton in any frame')
    return clip_of_flat(keypoint, score, (3, MAX_FRAMES, COCO_JOINTS, PERSONS), (height, width))


def numbers(annotation, key):
    """Return the array annotation[key] as float64; BrokenSample unless it holds numbers of a possible size."""
    array = annotation.get(key)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in 'fiu':
        raise BrokenSample(f'its {key} is no array of numbers')
    array = array.astype(np.float64)
    near = np.abs(array) < FARTHEST
    if not near.all():
        raise BrokenSample(f'its {key} has a value of {array[~near][0]}')
    return array


def image_size(shape):
    """Return (height, width) of the annotation's img_shape; BrokenSample if it is none."""
    try:
        height, width = (float(size) for size in shape)
    except (TypeError, ValueError, OverflowError):
        height = width = 0
    if not (0 < height < FARTHEST and 0 < width < FARTHEST):
        raise BrokenSample(f'its img_shape is {str(shape)[:20]}, not (height, width)')
    return height, width


LAYOUTS = Layout(ntu_skeleton.JOINTS, 3, clip_of_3d), Layout(COCO_JOINTS, 2, clip_of_2d)
