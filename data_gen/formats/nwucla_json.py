"""NW-UCLA (Northwestern-UCLA Multiview Action 3D): a folder of JSON files, and one of them as joints.

Format: https://github.com/Uason-Chen/CTR-GCN, the files of `all_sqe`, named a01_s01_e00_v01.json by action, subject,
repetition and view. A file is an object with `skeletons` (T, 20, 3): one person's joints in metres, in the order of
config/skeletons/kinect20.yaml. Its other keys are not read: the name says the class and the view. Source of classes and
parts: Wang et al., Cross-view Action Modeling, Learning and Recognition, CVPR 2014 (trained on views 1 and 2).
"""
import os
import re

from data_gen.formats.raw_file import load_json, look_up, numbers, reading
from data_gen.formats.sample import BrokenSample, Sample
from data_gen.recording import METRES, Recording
from graph.skeleton import skeleton
from runtime.errors import UserError

PARTS = 'train', 'val'
NAME = re.compile(r'a(\d\d)_s\d\d_e\d\d_v(\d\d)\.json')
CLASSES = {1: 'pick up with one hand', 2: 'pick up with two hands', 3: 'drop trash', 4: 'walk around', 5: 'sit down',
           6: 'stand up', 8: 'donning', 9: 'doffing', 11: 'throw', 12: 'carry'}  # by the number in the name
LABELS = {action: label for label, action in enumerate(CLASSES)}
VAL_VIEW = 3
JOINTS = 20
FPS = 30  # of Kinect v1


def list_recordings(folder):
    """Return the Samples of the recordings in `folder`, sorted by name; UserError if there is none."""
    names = sorted(os.listdir(folder))
    samples = []
    for name in names:
        match = NAME.fullmatch(name)
        action, view = map(int, match.groups()) if match else (0, 0)
        if action in LABELS:
            part = 'val' if view == VAL_VIEW else 'train'
            samples.append(Sample(name, LABELS[action], (part,), os.path.join(folder, name)))
    if not samples:
        raise UserError(f'{folder}: no recording in it (a01_s01_e00_v01.json and so on): check --data_path')
    if other := len(names) - len(samples):
        print(f'ignoring {other} files that are not named like recordings of NW-UCLA')
    return samples


def read_recording(path):
    """Return the Recording in the JSON file at `path`: one person's joints in metres, (1, T, 20, 3).

    Raises BrokenSample, which names the file and what is wrong.
    """
    with reading(path):
        return recording_in(load_json(path))


def recording_in(content):
    """Return the Recording in the content of a JSON file; BrokenSample says what is wrong with it."""
    joints = numbers(look_up(content, 'skeletons', list, 'not a recording of NW-UCLA'), 'its skeletons')
    if joints.ndim != 3 or joints.shape[1:] != (JOINTS, 3):
        raise BrokenSample(f'its skeletons are no frames of {JOINTS} joints, x y z each')
    return Recording(joints[None], tuple(skeleton('kinect20').joint_names), 3, METRES, fps=FPS, followed=True)
