"""PYSKL's annotations, whose arrays stay in the file. For the format see data_gen.formats.pyskl_annotations."""
import math

import numpy as np

from data_gen.formats.pyskl_annotations import label_of, read_annotations
from runtime.errors import UserError, shown
from runtime.large_pickle import ArrayInFile, InFile, load_large_pickle, read_bytes

# Where an array lies, see `runtime.large_pickle`. One numpy array holds this of all annotations: Python objects would
# be copied into every worker, because reading one changes its reference count.
PLACE = [('place', [('offset', 'i8'), ('length', 'i8'), ('as_text', '?')]), ('dtype', 'S8'), ('order', 'S1'),
         ('shape', 'i4', 4)]


class Annotations:
    """The annotations of one split, in the file's order.

    Attributes: `name` (frame_dir) and `label`, lists; `kind`: '3d', NTU's 25 joints in metres, or '2d', COCO's 17 in
    pixels; `num_point`, their number. Other skeletons' joints, of either kind, need their number as `joints`. Raises
    UserError, which names file and annotation, for what is not in PYSKL's form.
    """

    def __init__(self, path, split, joints=None):
        self.path = path
        self.known = {(joints or 25, 3): '3d', (joints or 17, 2): '2d'}  # joints and coordinates → kind
        annotations, self.name, self.label = chosen(path, split)
        self.short = bytearray()  # the data of short arrays, at offset −1 − its place
        self.kind, self.num_point = None, None
        self.keypoint, self.score = (np.zeros(len(annotations), PLACE) for _ in range(2))
        self.frames = np.zeros(len(annotations), np.int32)
        self.size = np.zeros((len(annotations), 2), np.float32)  # height, width
        for i, annotation in enumerate(annotations):
            try:
                self.take(i, annotation)
            except (TypeError, ValueError, AttributeError, OverflowError) as error:
                raise UserError(f'{path}: {self.name[i]}: {error}') from None

    def take(self, i, annotation):
        """Note where the arrays of annotation `i` lie; ValueError if they are not of the split's kind."""
        keypoint = annotation.get('keypoint')
        if keypoint is None:
            raise ValueError('it has no keypoint: keypoints in files of their own (Kinetics-400) are not read')
        M, T, V, C = map(int, keypoint.shape)
        kind = self.known.get((V, C))
        if kind is None or kind != (self.kind or kind):
            known = ' nor '.join(f'{joints} of {coordinates}' for joints, coordinates in self.known)
            raise ValueError(f'its {V} joints of {C} coordinates are neither {known}, or not those of the annotations '
                             'before it')
        self.kind, self.num_point = kind, V
        self.frames[i] = annotation.get('total_frames', T)
        if not 0 < self.frames[i] <= T or M < 1:
            raise ValueError(f'it has {M} bodies and {T} frames, and total_frames is {self.frames[i]}')
        self.keypoint[i] = self.place_of(keypoint, (M, T, V, C))
        if kind == '2d':
            self.score[i] = self.place_of(annotation.get('keypoint_score'), (M, T, V))
            self.size[i] = annotation.get('img_shape', (1080, 1920))
            if not (self.size[i] > 0).all():
                raise ValueError('its img_shape is not (height, width)')

    def place_of(self, array, shape):
        """Return `array`, an ArrayInFile, as an entry of PLACE."""
        if not isinstance(array, ArrayInFile) or array.shape != shape or array.dtype.kind not in 'fiu':
            raise ValueError(f'it has no array of numbers of shape {shape} where one should be')
        place = array.data
        if not isinstance(place, InFile):
            place = InFile(-len(self.short) - 1, len(array.data), False)
            self.short += array.data
        if place.length < math.prod(shape) * array.dtype.itemsize:
            raise ValueError('an array is longer than its data')
        return place, array.dtype.str.encode(), array.order.encode(), (*shape, 1)[:4]

    def __len__(self):
        return len(self.name)

    def joints(self, i):
        """Return float32 arrays of annotation `i`: its first two bodies' keypoints (M, T, V, C), and in 2D their scores
        (M, T, V) and the picture's (height, width), in 3D None for both."""
        try:
            keypoint = self.array(self.keypoint[i])[:2, :self.frames[i]].astype(np.float32)
            if self.kind == '3d':
                return keypoint, None, None
            return keypoint, self.array(self.score[i])[:2, :self.frames[i], :, 0].astype(np.float32), self.size[i]
        except ValueError as error:
            raise UserError(f'{self.path}: {self.name[i]}: {error}') from None

    def array(self, entry):
        (offset, length, as_text), dtype, order, shape = entry.tolist()
        if offset < 0:
            data = bytes(self.short[-offset - 1:][:length])
        else:
            data = read_bytes(self.path, (offset, length, as_text))
        return np.frombuffer(data, dtype.decode()).reshape(shape, order=order.decode())


def chosen(path, split):
    """Return (annotations, names, labels) of `split` in the pickle at `path`; UserError if it has no such split."""
    splits, annotations = read_annotations(path, load_large_pickle)
    if split not in splits:
        raise UserError(f"{path}: there is no split '{split}': there are {', '.join(map(str, splits))}")
    members = set(splits[split])
    found = [one for one in annotations if one['frame_dir'] in members]
    names, labels = [one['frame_dir'] for one in found], list(map(label_of, found))
    if len(set(names)) < len(names):
        raise UserError(f'{path}: split {split}: an annotation is there twice')
    if not found:
        raise UserError(f'{path}: split {split}: there is no annotation of it')
    if None in labels:
        which = found[labels.index(None)]
        raise UserError(f'{path}: the label of {which["frame_dir"]} is {shown(which.get("label"))}: integers from 0 '
                        'are needed')
    if len(found) < len(members):
        print(f'{path}: {len(members) - len(found)} of the {len(members)} names of split {split} have no annotation')
    return found, names, labels
