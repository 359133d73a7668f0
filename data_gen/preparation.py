"""How the clips of a data set are made of recordings.

`Preparation.clip` is the only way from a Recording to a clip, in data preparation as in prediction, so that a network
is fed what it was trained on. data_gen.preparation_file finds the Preparation of a data set, or of a config.
"""
import dataclasses
import functools

import numpy as np
import yaml

from data_gen import persons
from data_gen.formats.kinetics_json import MAX_PERSONS
from data_gen.formats.ntu_skeleton import MAX_BODIES
from data_gen.formats.sample import BrokenSample
from data_gen.normalize import clip_2d, clip_3d, most_active, pyskl_2d, pyskl_3d
from data_gen.recording import CENTRED, FRACTIONS, MAX_FRACTION, METRES, MIN_FRACTION, PIXELS
from data_gen.resample import rates_differ, resample
from graph.mapping import map_joints
from graph.skeleton import SKELETONS, Graph
from runtime.arguments import read_yaml

# The kinds of clips. NTU and OWN are in 3D, see data_gen.normalize.normalize_bodies: in NTU's, as published, a body is
# absent where its values sum to 0, in others where all are 0. PYSKL's are in 3D or 2D, see pyskl_3d and pyskl_2d.
NTU, OWN, FLAT, PYSKL, CTRGCN = 'ntu', '3d', '2d', 'pyskl', 'ctrgcn'
KINDS = NTU, OWN, FLAT, PYSKL, CTRGCN
# How persons are chosen.
MOST_ACTIVE, BY_ID, BEST_OF_FRAME, BEST_OF_CLIP = (
    'most active', 'most active, followed by id', 'best of each frame', 'best of the clip')
CHOICES = MOST_ACTIVE, BY_ID, BEST_OF_FRAME, BEST_OF_CLIP
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
        """The Graph of the joints."""
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

    @property
    def keeps_empty_clips(self):
        """Whether clips without anybody stay in the data: published sets of samples, and so score files, have them.

        NTU's have none, and of one's own recordings an empty one is a mistake.
        """
        return self.kind in (PYSKL, CTRGCN) or self.kind == FLAT and self.is_published

    def as_text(self):
        """Return the YAML that `read_preparation` reads."""
        content = {key: value for key, value in dataclasses.asdict(self).items() if value is not None}
        return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)

    def fit(self, recording):
        """Return the Recording with the joints, units and rate of this data set; BrokenSample where it cannot."""
        if recording.dimensions != self.dimensions:
            raise BrokenSample(f'its joints have {recording.dimensions} dimensions, and the network was trained on '
                               f'joints in {self.dimensions}')
        if self.units == CENTRED != recording.units:
            raise BrokenSample('the clips of this data set were prepared by CTR-GCN, and recordings cannot be prepared '
                               'in that way: give prepared clips (.npy)')
        if self.dimensions == 2:
            recording = self.in_known_units(recording)
        if rates_differ(recording.fps, self.fps):
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
        """Return the clip of a Recording, float32 (C, T, V, M), zeros if nobody is in it, and a list of remarks."""
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

        As published for NTU, a person is the position of a body in its frame. Elsewhere persons are followed by their
        ids, if there are any.
        """
        if self.bodies is not None:
            recording = persons.first_of_each_frame(recording, self.bodies)
        if self.choose == BY_ID:
            if recording.ids is None and not recording.followed:
                raise BrokenSample('persons of this data set are followed by their ids, and this recording has none')
            return persons.without_still(persons.by_id(recording, rejoined=True))
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
