"""How the clips of a data set are made of recordings, and the file beside the data that says so: `preparation.yaml`.

`Preparation.clip` is the only way from a Recording to a clip, in data preparation as in prediction, so that a network
is fed what it was trained on.
"""
import dataclasses
import functools
import pathlib

import numpy as np
import yaml

from data_gen import persons
from data_gen.formats.kinetics_json import MAX_PERSONS
from data_gen.formats.ntu_skeleton import MAX_BODIES
from data_gen.formats.sample import BrokenSample
from data_gen.normalize import clip_2d, clip_3d, most_active, pyskl_2d, pyskl_3d
from data_gen.recording import CENTRED, FRACTIONS, METRES, PIXELS
from data_gen.resample import resample
from graph.mapping import map_joints
from graph.skeleton import SKELETONS, Graph, joint_number
from runtime.arguments import read_yaml
from runtime.errors import UserError, shown

FILE = 'preparation.yaml'
SKELETON = 'skeleton.yaml'  # the same skeleton, for configs of one's own data

# The kinds of clips. NTU and OWN are in 3D, see data_gen.normalize.normalize_bodies: in NTU's, as published, a body is
# absent where its values sum to 0, in others where all are 0. PYSKL's are in 3D or 2D, see pyskl_3d and pyskl_2d.
NTU, OWN, FLAT, PYSKL, CTRGCN = 'ntu', '3d', '2d', 'pyskl', 'ctrgcn'
KINDS = NTU, OWN, FLAT, PYSKL, CTRGCN
# How persons are chosen.
MOST_ACTIVE, BY_ID, BEST_OF_FRAME, BEST_OF_CLIP = (
    'most active', 'most active, followed by id', 'best of each frame', 'best of the clip')
CHOICES = MOST_ACTIVE, BY_ID, BEST_OF_FRAME, BEST_OF_CLIP
# Coordinates that nothing says the units of can be fractions of an image between these, which leaves room for a person
# partly outside.
MIN_FRACTION, MAX_FRACTION = -0.5, 1.5
SAME_RATE = 0.01  # 29.97 frames per second are as good as 30
MAX_NOT_PIXELS = 2  # coordinates that are all this small are no pixels of a larger image


@dataclasses.dataclass(frozen=True)
class Preparation:
    """How the clips of a data set are made; `preparation.yaml` beside the data has the same keys.

    - `kind`: one of KINDS; `choose`: one of CHOICES.
    - `skeleton`: the V joints, in the order of the data, and their links, as graph.skeleton.Graph takes them.
    - `dimensions`: 3 (x, y, z) or 2 (x, y, score).
    - `units` of the joints: METRES or CENTRED in 3D; in 2D FRACTIONS, if x and y become fractions of the image from its
      centre, y upwards; None if nothing says them, and they stay as they are.
    - `frames` and `persons` of a clip; with `frames` None, clips have as many as their recordings.
    - `bodies`: how many bodies of a frame count, the first ones; None: all.
    - `fps`: frames per second, to which recordings of other rates are resampled; None if they are not known.
    - `center`: the joint that is the origin; `up` and `right`: pairs of joints: the direction from the one to the other
      in the first frame is turned onto z, or onto x. Each may be None.
    - `image_size`: (width, height) in pixels, for joints that nothing says the units of.
    """

    kind: str
    choose: str
    skeleton: dict
    dimensions: int
    units: str | None = None
    frames: int | None = None
    persons: int = 2
    bodies: int | None = None
    fps: float | None = None
    center: str | None = None
    up: list | None = None
    right: list | None = None
    image_size: list | None = None

    @functools.cached_property
    def graph(self):
        """The SkeletonGraph of the joints."""
        return Graph(**self.skeleton)

    @property
    def joints(self):
        """The names of the V joints."""
        return self.graph.joint_names

    @property
    def shape(self):
        """The shape (C, T, V, M) of a clip; T is None if clips have different numbers of frames."""
        return 3, self.frames, len(self.joints), self.persons

    @property
    def is_published(self):
        """Whether it is that of a published data set, whose recordings have forms of their own."""
        return self in published().values()

    def as_text(self):
        """Return the YAML that `read_preparation` reads."""
        content = {key: value for key, value in dataclasses.asdict(self).items() if value is not None}
        return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)

    def fit(self, recording):
        """Return the Recording with the joints of this data set, in its units and at its rate.

        Raises BrokenSample, which says what does not fit. The remarks say what was derived and resampled.
        """
        if recording.dimensions != self.dimensions:
            raise BrokenSample(f'its joints have {recording.dimensions} dimensions, and the network was trained on '
                               f'joints in {self.dimensions}')
        if self.units == CENTRED != recording.units:
            raise BrokenSample('the clips of this data set were prepared by CTR-GCN, and recordings cannot be prepared '
                               'in that way: give prepared clips (.npy)')
        if self.dimensions == 2:
            recording = self.in_known_units(recording)
        if None not in (self.fps, recording.fps) and abs(recording.fps / self.fps - 1) > SAME_RATE:
            remark = f'resampled from {recording.fps:g} to {self.fps:g} frames per second'
            recording = resample(recording, self.fps)._replace(remarks=(*recording.remarks, remark))
        if list(recording.joint_names) != self.joints:
            recording = self.with_joints(recording)
        return recording

    def in_known_units(self, recording):
        """Return the 2D Recording with its units, if nothing says them; BrokenSample if they do not fit."""
        if self.units is None:
            if recording.units is not None:
                raise BrokenSample(f'its x and y are {recording.units} of an image, and nothing says what those of the '
                                   'data set are: prepare it again with --image_size')
            return recording
        if recording.units is None:
            x_y = recording.joints[..., :2]
            low, high = x_y.min(initial=0), x_y.max(initial=0)
            if self.image_size:
                if x_y.any() and max(-low, high) <= MAX_NOT_PIXELS < min(self.image_size):
                    width, height = self.image_size
                    raise BrokenSample(f'coordinates from {low:g} to {high:g} are no pixels of an image of {width:g} × '
                                       f'{height:g}: fractions of an image have the image_size 1 1')
                return recording._replace(units=PIXELS, image_size=tuple(self.image_size))
            if not MIN_FRACTION <= low <= high <= MAX_FRACTION:
                raise BrokenSample(f'coordinates from {low:g} to {high:g} are no fractions of an image, and nothing '
                                   'says its size in pixels')
            recording = recording._replace(units=FRACTIONS)
        if recording.size is None:
            raise BrokenSample('nothing says how large its image is in pixels')
        return recording

    def with_joints(self, recording):
        """Return the Recording with the joints of this data set, taken or derived from its own by their names."""
        try:
            joints, notes = map_joints(recording.joints, list(recording.joint_names), self.graph, self.dimensions)
        except ValueError as error:
            raise BrokenSample(f'its joints are others than those of the data set, and cannot be mapped: {error}'
                               ) from None
        remarks = (f'joints are derived: {"; ".join(notes)}',) if notes else ()
        return recording._replace(joints=joints, joint_names=tuple(self.joints), remarks=recording.remarks + remarks)

    def clip(self, recording):
        """Return the clip of a Recording, float32 (C, T, V, M), zeros if nobody is there, and a list of remarks.

        Raises BrokenSample if the recording does not fit, see `fit`.
        """
        recording = self.fit(recording)
        remarks = list(recording.remarks)
        if self.frames is not None and recording.joints.shape[1] > self.frames:
            recording = recording.part(0, self.frames)
            remarks.append(f'longer than {self.frames} frames, cut')
        joints = self.bodies_of(recording)
        if self.choose != BEST_OF_FRAME and self.kind != NTU and joints.any((1, 2, 3)).sum() > self.persons:
            remarks.append(f'more than {self.persons} persons, of whom {self.persons} are kept')
        if self.kind == CTRGCN:
            return joints.transpose(3, 1, 2, 0).astype(np.float32), remarks
        if self.kind == PYSKL:
            return self.pyskl_clip(joints, recording.size), remarks
        if self.kind == FLAT:
            return clip_2d(joints, self.frames, self.persons, recording.size, self.choose == BEST_OF_FRAME), remarks
        return clip_3d(joints, self.frames or joints.shape[1], self.persons, *self.axes(),
                       all_joints=self.kind == OWN), remarks

    def bodies_of(self, recording):
        """Return the bodies (M, T, V, C) of a Recording that persons are chosen from.

        As published for NTU, a person is the place of a body in its frame. Elsewhere persons are followed by their ids,
        if there are any.
        """
        if self.bodies is not None:
            recording = persons.first_of_each_frame(recording, self.bodies)
        if self.choose == BY_ID:
            if recording.ids is None and not recording.followed:
                raise BrokenSample('persons of this data set are followed by their ids, and this recording has none')
            return persons.without_still(persons.by_id(recording))
        if recording.ids is None or self.kind == NTU or self.choose == BEST_OF_FRAME:
            return recording.joints
        return persons.by_id(recording)

    def axes(self):
        """Return (up, right, center) as numbers of joints; each may be None."""
        number = self.joints.index
        up, right = (pair and tuple(map(number, pair)) for pair in (self.up, self.right))
        return up, right, None if self.center is None else number(self.center)

    def pyskl_clip(self, joints, image_size):
        """Return the bodies (M, T, V, C) as PYSKL's test pipeline has them before the stream is derived."""
        if len(joints) > self.persons and self.dimensions == 3:
            joints = most_active(joints, self.persons)
        elif len(joints) > self.persons:
            joints = joints[np.argsort(-joints[..., 2].sum((1, 2)), kind='stable')[:self.persons]]
        joints = joints.astype(np.float32)
        up, right, center = self.axes()
        x = pyskl_3d(joints, center, up, right) if self.dimensions == 3 else pyskl_2d(joints, image_size)
        clip = np.zeros((3, x.shape[1], x.shape[2], self.persons), np.float32)
        clip[..., :len(x)] = x.transpose(3, 1, 2, 0)
        return clip


def shipped(name):
    """Return the skeleton config/skeletons/`name`.yaml as a dict."""
    return read_yaml(SKELETONS / f'{name}.yaml')


# Joints of NTU's and NW-UCLA's skeletons.
CENTER, UP, RIGHT = 'middle of spine', ['base of spine', 'middle of spine'], ['left shoulder', 'right shoulder']
FRAMES = 300


@functools.cache
def published():
    """Return dotted graph → the Preparation of the published data set that it stands for."""
    ntu = Preparation(NTU, MOST_ACTIVE, shipped('ntu25'), 3, METRES, FRAMES, 2, MAX_BODIES, 30, CENTER, UP, RIGHT)
    coco = Preparation(FLAT, BEST_OF_CLIP, shipped('coco17'), 2, FRACTIONS, FRAMES, 2, fps=30)
    replace = dataclasses.replace
    return {
        'graph.ntu_rgb_d.Graph': ntu,
        'graph.kinetics.Graph': replace(coco, choose=BEST_OF_FRAME, skeleton=shipped('openpose18'), bodies=MAX_PERSONS),
        'graph.coco.Graph': coco,
        'graph.nw_ucla.Graph': replace(ntu, skeleton=shipped('kinect20'), persons=1)}


def pyskl(dimensions, skeleton=None):
    """Return PYSKL's Preparation of COCO's 17 joints in 2D or NTU's 25 in 3D.

    Those of another `skeleton`, a dict, are centred on its center in 3D, and not turned.
    """
    if dimensions == 2:
        return Preparation(PYSKL, BEST_OF_CLIP, skeleton or shipped('coco17'), 2, FRACTIONS, fps=30)
    if skeleton:
        return Preparation(PYSKL, MOST_ACTIVE, skeleton, 3, METRES, fps=30, center=skeleton['center'])
    return Preparation(PYSKL, MOST_ACTIVE, shipped('ntu25'), 3, METRES, fps=30, center=CENTER, up=UP, right=RIGHT)


# Graphs of configs whose feeder is PYSKL_FEEDER → the dimensions of their joints.
PYSKL_FEEDER = 'feeders.pyskl.Feeder'
PYSKL_GRAPHS = {'graph.ntu_rgb_d.Graph': 3, 'graph.coco.Graph': 2, 'graph.coco.PysklGraph': 2}


def preparation_of(arg):
    """Return the Preparation of the clips that a config's network was trained on, None if nothing says it.

    `arg` holds the arguments of a run. The `preparation.yaml` beside its test data says it; without one, as for data
    made with the published code, the published preparation that its graph stands for.
    """
    beside, graph = folder_of(arg.test_feeder_args), arg.model_args.get('graph')
    if beside and (beside / FILE).is_file():
        return read_preparation(beside / FILE)
    if arg.feeder == PYSKL_FEEDER:
        return pyskl(PYSKL_GRAPHS[graph]) if graph in PYSKL_GRAPHS else None
    return published().get(graph)


def folder_of(feeder_args):
    """Return the folder of the data that a feeder's arguments name, None if they name none."""
    if feeder_args.get('recordings'):
        return pathlib.Path(feeder_args['recordings'])
    return pathlib.Path(feeder_args['data_path']).parent if feeder_args.get('data_path') else None


def needed(preparation, config):
    """Return the Preparation; UserError if nothing says that of `config`."""
    if preparation is None:
        raise UserError(f'{config}: nothing says how recordings become the clips that its network takes: there is no '
                        f'{FILE} beside its test data, and its graph is none of {", ".join(published())}: prepare the '
                        'data with data_gen/, or give prepared clips (.npy)')
    return preparation


def read_preparation(path):
    """Return the Preparation in the YAML file at `path`; UserError, naming it, if there is none."""
    content = read_yaml(path)
    try:
        return checked(Preparation(**(content if 'kind' in content else before_kinds(content, path))))
    except (ValueError, TypeError) as error:
        raise UserError(f'{path}: {error}: prepare the data again with data_gen/') from None


def before_kinds(content, path):
    """Return the content of a file from before there were kinds, as of now; ValueError if it says too little."""
    if 'joints' not in content:
        raise ValueError(f'no kind: one of {", ".join(KINDS)}')
    content = dict(content)
    joints, dimensions = content.pop('joints'), content.get('dimensions')
    skeleton = read_yaml(path.with_name(SKELETON))
    if skeleton.get('joints') != joints:
        raise ValueError(f'its joints are not those of the {SKELETON} beside it')
    if dimensions == 3:
        return {'kind': OWN, 'choose': MOST_ACTIVE, 'skeleton': skeleton, **content}
    if content.get('image_size') is None:
        raise ValueError('it does not say what its x and y are')
    return {'kind': FLAT, 'choose': BEST_OF_CLIP, 'skeleton': skeleton, 'units': FRACTIONS, **content}


def checked(preparation):
    """Return the Preparation; ValueError, which names the key, if it cannot be followed."""
    number = {name: i for i, name in enumerate(Graph(**preparation.skeleton).joint_names)}
    for key, known in (('kind', KINDS), ('choose', CHOICES), ('dimensions', (2, 3)),
                       ('units', (METRES, FRACTIONS, CENTRED, None))):
        if getattr(preparation, key) not in known:
            raise ValueError(f'{key}: {shown(getattr(preparation, key))} is none of {", ".join(map(str, known))}')
    for key in ('frames', 'persons', 'bodies'):
        value = getattr(preparation, key)
        if value is not None and (not isinstance(value, int) or value < 1):
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
    if preparation.fps is not None and not is_positive(preparation.fps):
        raise ValueError(f'fps: {shown(preparation.fps)} is no number above 0')
    size = preparation.image_size
    if size is not None and not (isinstance(size, list) and len(size) == 2 and all(map(is_positive, size))):
        raise ValueError(f'image_size: {shown(size)} is no width and height')
    if size is not None and preparation.dimensions != 2:
        raise ValueError('image_size: only joints in 2 dimensions are in an image')
    return preparation


def is_positive(value):
    return isinstance(value, int | float) and 0 < value < float('inf')
