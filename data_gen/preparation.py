"""How the clips of a user's own data set are prepared, and the file that says so: `preparation.yaml`."""
import pathlib
from typing import NamedTuple

import yaml

from data_gen.normalize import EmptySample, clip_2d, clip_3d, first_frames
from graph.skeleton import joint_number
from runtime.arguments import read_yaml
from runtime.errors import UserError, shown

FILE = 'preparation.yaml'


class Preparation(NamedTuple):
    """How the clips of a data set are prepared; `preparation.yaml` beside the data has the same keys.

    `joints` are the names of the V joints in the order of the data, `dimensions` 3 (x, y, z) or 2 (x, y, score, which
    may be left out). `frames` and `persons` are those of a prepared clip. In 3D, `center` is the joint that is the
    origin of every frame, and `up` and `right` are pairs of joints: in the first frame the way from the one to the
    other is turned onto z, or onto x. In 2D, `image_size` (width, height) makes pixels shares of the image.
    """

    joints: list
    dimensions: int
    frames: int
    persons: int
    center: str | None = None
    up: list | None = None
    right: list | None = None
    image_size: list | None = None

    @property
    def shape(self):
        """The shape (C, T, V, M) of a prepared clip."""
        return 3, self.frames, len(self.joints), self.persons

    def is_prepared(self, array):
        """Say whether an array holds clips that are prepared already: one, or several (N, C, T, V, M).

        One of a shape that a recording of 3 persons, (3, T, V, C), may have too is taken for a recording.
        """
        channels = (3,) if self.dimensions == 3 else (2, 3)
        return array.ndim == 5 or array.shape == self.shape and self.persons not in channels

    def as_text(self):
        """Return the YAML that `read_preparation` reads."""
        return yaml.safe_dump({key: value for key, value in self._asdict().items() if value is not None},
                              sort_keys=False, allow_unicode=True)

    def clip(self, recording):
        """Return the clip (C, T, V, M) of a Recording, float32, and a list of remarks.

        In 3D the most active persons are kept, and frames repeated, as for NTU; in 2D those of highest score, and zeros
        follow. Raises EmptySample if nobody is there.
        """
        joints, remarks = first_frames(recording.joints, self.frames)
        remarks += recording.remarks
        if not (joints[..., 2] if self.dimensions == 2 else joints).any():
            raise EmptySample('without a skeleton in any frame')  # no published set of samples asks for it
        if joints.any((1, 2, 3)).sum() > self.persons:
            remarks.append(f'more than {self.persons} persons, of whom {self.persons} are kept')
        if self.dimensions == 2:
            return clip_2d(joints, self.frames, self.persons, recording.image_size or self.image_size), remarks
        center = None if self.center is None else self.joints.index(self.center)
        up, right = (pair and tuple(map(self.joints.index, pair)) for pair in (self.up, self.right))
        return clip_3d(joints, self.frames, self.persons, up, right, center, all_joints=True), remarks


def check_preparation(preparation):
    """Return the Preparation; ValueError, which names the key, if it cannot be followed."""
    number = {name: i for i, name in enumerate(preparation.joints)}
    if preparation.dimensions not in (2, 3):
        raise ValueError(f'dimensions: {shown(preparation.dimensions)} is neither 2 nor 3')
    for key in ('frames', 'persons'):
        value = getattr(preparation, key)
        if not isinstance(value, int) or value < 1:
            raise ValueError(f'{key}: {shown(value)} is no number from 1')
    for key, count in (('center', 1), ('up', 2), ('right', 2)):
        value = getattr(preparation, key)
        if value is None:
            continue
        if preparation.dimensions != 3:
            raise ValueError(f'{key}: only joints in 3 dimensions are centred and turned')
        names = [value] if count == 1 else value
        if not isinstance(names, list) or len({joint_number(name, key, number) for name in names}) != count:
            raise ValueError(f'{key}: {shown(value)} is no pair of joints')
    if preparation.image_size is not None:
        if preparation.dimensions != 2:
            raise ValueError('image_size: only joints in 2 dimensions are in an image')
        if not is_size(preparation.image_size):
            raise ValueError(f'image_size: {shown(preparation.image_size)} is no width and height')
    return preparation


def is_size(value):
    """Say whether `value` is a list of two numbers above 0."""
    return isinstance(value, list) and len(value) == 2 and all(isinstance(n, int | float) and n > 0 for n in value)


def read_preparation(path):
    """Return the Preparation in the YAML file at `path`; UserError, naming it, if there is none."""
    content = read_yaml(path)
    try:
        if not isinstance(content.get('joints'), list):
            raise ValueError('joints: a list of names is needed')
        return check_preparation(Preparation(**content))
    except (ValueError, TypeError) as error:
        raise UserError(f'{path}: {error}: prepare the data again with data_gen/custom_gendata.py') from None


def preparation_beside(data_path):
    """Return the Preparation in the folder of `data_path`, None if there is none or no `data_path`."""
    path = data_path and pathlib.Path(data_path).with_name(FILE)
    return read_preparation(path) if path and path.is_file() else None
