"""PYSKL's annotations: one pickle of a whole data set, and each annotation in it as joints.

Format: https://github.com/kennymckormick/pyskl/blob/main/tools/data/README.md. A dict of `split`, name → list of
frame_dir, and `annotations`, a list of dicts with frame_dir, label, total_frames and keypoint (M, T, V, C); in 2D also
keypoint_score (M, T, V) and img_shape (height, width). The pickle is one piece, so all of it is held in memory, about
the size of the file.
"""
import collections
import re
from typing import NamedTuple

import numpy as np

from data_gen.formats.ntu_benchmarks import SUFFIX, recording_name
from data_gen.formats.ntu_skeleton import FPS
from data_gen.formats.raw_file import numbers, reading
from data_gen.formats.sample import BrokenSample, Sample
from data_gen.recording import METRES, PIXELS, Recording
from runtime.data_file import load_pickle
from runtime.errors import UserError, short_repr

SPLIT = re.compile(r'(?:([\w-]+)_)?(train|val|test)(\d*)')


class Layout(NamedTuple):
    """A kind of keypoints: how many joints, and how many coordinates each."""

    joints: int
    coordinates: int

    def __str__(self):
        return f'{self.joints} joints of {self.coordinates} coordinates'


NTU, COCO = LAYOUTS = Layout(25, 3), Layout(17, 2)


def list_recordings(path, joints=None, all_splits=False):
    """Return (Samples, names of the parts, Layout) of the pickle at `path`.

    Prints how many annotations are in no split. A Sample's source is (path, annotation). Samples are sorted by name;
    those of NTU are named as in label files made from the raw data, with the suffix .skeleton, so that their scores can
    be fused. With `all_splits`, the parts are PYSKL's splits, and Samples have PYSKL's names and order. `joints` is the
    number of a skeleton's, NTU's or COCO's if it is None. Raises UserError if the pickle is not in PYSKL's form, or has
    not the keypoints of such a skeleton.
    """
    split, annotations = read_annotations(path)
    known = LAYOUTS if joints is None else (Layout(joints, 2), Layout(joints, 3))
    parts = {name: name for name in split} if all_splits else parts_of(split, path)
    layout = common_layout(annotations, known, path)
    print(f'{path}: {len(annotations)} annotations of {layout}')
    by_name = {annotation['frame_dir']: annotation for annotation in annotations}
    counts = collections.Counter(annotation['frame_dir'] for annotation in annotations)
    members = {}
    for split_name, part in parts.items():
        for name in dict.fromkeys(split[split_name]):
            members[name] = (*members.get(name, ()), part)
    if others := len(by_name.keys() - members.keys()):
        print(f'ignoring {others} annotations that belong to no split')

    samples = []
    in_order = [name for name in dict.fromkeys([*by_name, *members]) if name in members]
    for name in in_order if all_splits else sorted(members):
        if problem := problem_of(by_name.get(name), counts[name]):
            samples.append(Sample(name, -1, (), problem=f'{path}: {name}: {problem}'))
        else:
            full_name = name + SUFFIX if recording_name(name) and not all_splits else name
            samples.append(Sample(full_name, int(by_name[name]['label']), members[name], (path, by_name[name])))
    return samples, list(parts.values()), layout


def problem_of(annotation, count):
    """Return why the annotation of a name, of which there are so many, is no Sample; '' if it is one."""
    if count != 1:
        return 'more than one annotation of that frame_dir' if count else 'in a split, but there is no such annotation'
    label = annotation.get('label')
    if not isinstance(label, int | np.integer) or isinstance(label, bool) or label < 0:
        return f'its label is {short_repr(label)}'
    return ''


def read_annotations(path):
    """Return (split, annotations) of the pickle at `path`; UserError if it is not in PYSKL's form, or holds code."""
    content = load_pickle(path)
    split, annotations = (content.get(key) if isinstance(content, dict) else None for key in ('split', 'annotations'))
    if not isinstance(split, dict) or not all(is_list_of(names, str) for names in split.values()) or not is_list_of(
            annotations, dict) or not all(isinstance(one.get('frame_dir'), str) for one in annotations):
        raise UserError(f"{path}: not PYSKL's annotations: split (a dict, name → list of frame_dir) and annotations (a "
                        'list of dicts, each with a frame_dir) are needed')
    return split, annotations


def is_list_of(values, kind):
    """Say whether `values` is a list or a tuple of nothing but `kind`."""
    return isinstance(values, (list, tuple)) and all(isinstance(value, kind) for value in values)


def parts_of(split, path):
    """Return the name of each split → its part: xsub_train → xsub/train, train → train, test1 → 1/val.

    The test split is val where there is no val beside it. Prints the names of the other splits.
    """
    parts = {}
    for name in sorted(split, key=lambda name: 'test' in str(name)):
        match = SPLIT.fullmatch(str(name))
        folder, kind, number = match.groups('') if match else ('', '', '')
        part = '/'.join(filter(None, ('_'.join(filter(None, (folder, number))), 'val' if kind == 'test' else kind)))
        if match and part not in parts.values():
            parts[name] = part
        else:
            print(f'ignoring the split {short_repr(name)}: only train and val, or test where there is no val, are '
                  'written, with what stands before or a number after it')
    if not parts:
        raise UserError(f'{path}: no split to write: there are {", ".join(map(repr, split)) or "none"}')
    return parts


def layout_of(annotation):
    """Return the Layout of an annotation's keypoints, None if it has none (M, T, V, C)."""
    keypoint = annotation.get('keypoint')
    return Layout(*keypoint.shape[2:]) if isinstance(keypoint, np.ndarray) and keypoint.ndim == 4 else None


def common_layout(annotations, known, path):
    """Return the Layout of the first annotation that has one of those `known`; UserError if none has."""
    for annotation in annotations:
        if (layout := layout_of(annotation)) in known:
            return layout
    first = f'{annotations[0]["frame_dir"]}: {describe_keypoint(annotations[0])}' if annotations else 'no annotation'
    raise UserError(f'{path}: {first}: {" or ".join(map(str, known))} are read, and others with a --skeleton that '
                    'names the joints')


def describe_keypoint(annotation):
    """Return what an error line says of an annotation whose keypoints have not the Layout that they should have."""
    if 'keypoint' not in annotation and 'raw_file' in annotation:  # Kinetics-400's
        return f'its keypoints are not in the pickle, but in {str(annotation["raw_file"])[:99]}, which is not read'
    return f'its keypoint has the shape {getattr(annotation.get("keypoint"), "shape", None)}, (M, T, V, C) is needed'


def read_recording(source, layout, names):
    """Return the Recording in a source (path, annotation): x y z, NTU's in metres, or x y in pixels and a score.

    `names` are those of its joints. Raises BrokenSample, which names path and annotation, if it is not of the `layout`
    or otherwise damaged.
    """
    path, annotation = source
    with reading(f'{path}: {annotation["frame_dir"]}'):
        if layout_of(annotation) != layout:
            raise BrokenSample(f'{describe_keypoint(annotation)}: the others have {layout}')
        M, T, V, _ = annotation['keypoint'].shape
        total = annotation.get('total_frames', T)
        if not isinstance(total, (int, np.integer)) or not 0 < total <= T:
            raise BrokenSample(f'its total_frames is {short_repr(total)}, its keypoint has {T} frames')
        joints = numbers(annotation['keypoint'], 'its keypoints')[:, :total]
        if layout.coordinates == 3:
            return Recording(joints, tuple(names), 3, METRES, fps=FPS, followed=True)
        score = numbers(annotation.get('keypoint_score'), 'its keypoint_scores')
        size = numbers(annotation.get('img_shape'), 'its img_shape')  # height, width
        if score.shape != (M, T, V) or size.shape != (2,) or size.min() <= 0:
            raise BrokenSample(f'its keypoint_score has the shape {score.shape}, {(M, T, V)} is needed, and its '
                               f'img_shape, (height, width), is {short_repr(annotation["img_shape"])}')
        joints = np.concatenate((joints, score[:, :total, :, None]), 3)
        return Recording(joints, tuple(names), 2, PIXELS, tuple(size[::-1].tolist()), FPS, followed=True)
