"""The joints of the people in a video, found by MediaPipe's Pose Landmarker.

Interface: https://ai.google.dev/edge/mediapipe/solutions/vision/pose_landmarker/python. It finds 33 landmarks, the
joints of config/skeletons/mediapipe33.yaml: in the image, as fractions of its width and height, with a visibility,
which is the score here; and in the world, in metres from the middle of the hips, x to the right, y down, z away from
the camera. Both are kept to the digit.
"""
import contextlib
import os
import pathlib
import sys

import numpy as np

from data_gen.formats.sample import BrokenSample
from data_gen.poses.detections import LONGEST, Detections, Nobody
from data_gen.poses.following import Follower
from data_gen.poses.libraries import library
from data_gen.poses.video import constant_rate
from runtime.errors import UserError

SKELETON = 'mediapipe33'
PERSONS = 2  # whom it looks for, by default
MODEL = pathlib.Path('data/pose/pose_landmarker_full.task')
DOWNLOAD = ('https://storage.googleapis.com/mediapipe-models/pose_landmarker/pose_landmarker_full/float16/latest/'
            'pose_landmarker_full.task')


class Landmarker:
    """MediaPipe's landmarks of at most `persons` people in one video; to be used in a `with` block."""

    def __init__(self, model, persons):
        self.mediapipe = library('mediapipe')
        tasks = self.mediapipe.tasks
        options = tasks.vision.PoseLandmarkerOptions(
            tasks.BaseOptions(model_asset_path=str(model)), num_poses=persons,
            running_mode=tasks.vision.RunningMode.VIDEO)
        try:
            self.landmarker = tasks.vision.PoseLandmarker.create_from_options(options)
        except (RuntimeError, ValueError, OSError) as error:
            raise UserError(f'{model}: MediaPipe cannot use it as a model of poses ({error}): download it again from '
                            f'{DOWNLOAD}') from None
        self.last = -1

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.landmarker.close()

    def find(self, seconds, image):
        """Return the joints in the image (P, 33, 3) and in the world (P, 33, 3) of a frame, float32.

        MediaPipe smooths over time, and takes only later and later milliseconds.
        """
        self.last = max(self.last + 1, round(1000 * seconds))
        image = self.mediapipe.Image(image_format=self.mediapipe.ImageFormat.SRGB, data=image)
        found = self.landmarker.detect_for_video(image, self.last)
        return (np.array([[(point.x, point.y, point.visibility) for point in person]
                          for person in found.pose_landmarks], np.float32).reshape(-1, 33, 3),
                np.array([[(point.x, point.y, point.z) for point in person]
                          for person in found.pose_world_landmarks], np.float32).reshape(-1, 33, 3))


def add_pose_model(add):
    """Add the flag that names the model by `add`, the add_argument of a parser."""
    add('--pose-model', '--pose_model', type=pathlib.Path, default=MODEL, metavar='FILE',
        help='videos and cameras: the model of MediaPipe, a .task file')


def detect(frames, rate, landmarker):
    """Return the Detections in `frames` of (seconds, image), persons followed; Nobody if there is nobody.

    `rate` is the rate that the video states, or None.
    """
    poses, worlds, persons, places, times, follower = [], [], [], [], [], None
    for seconds, image in frames:
        if follower is None:
            image_size = image.shape[1::-1]
            follower = Follower(image_size)
        if len(times) == LONGEST:
            raise BrokenSample(f'more than {LONGEST} frames: cut it into shorter videos')
        joints, world = landmarker.find(seconds, image)
        poses.append(joints)
        worlds.append(world)
        persons.append(follower.follow(joints))
        places += [len(times)] * len(joints)
        times.append(seconds)
    if not places:
        raise Nobody
    fps, even = constant_rate(times, rate)
    if not even and times[-1] * fps > LONGEST:
        raise BrokenSample(f'{times[-1]:.0f} seconds, most of them of {fps:g} frames, are more than {LONGEST} frames')
    return Detections(np.array(places), len(times), SKELETON, np.concatenate(poses), np.concatenate(worlds),
                      np.concatenate(persons), image_size, fps, None if even else np.array(times))


def check_model(model):
    """Raise UserError, which says where it is to be had, if there is no file at the path `model`."""
    if not pathlib.Path(model).is_file():
        raise UserError(f'{model}: no such model of poses: download it from {DOWNLOAD}, or give --pose-model FILE')


@contextlib.contextmanager
def silent_libraries():
    """Within this block, what C libraries write on standard error is dropped: MediaPipe greets with 50 lines.

    Python's own lines are written as before.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with (open(kept, 'w', buffering=1, encoding=sys.stderr.encoding, errors='backslashreplace') as lines,
          open(os.devnull, 'w') as nowhere, contextlib.redirect_stderr(lines)):
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            lines.flush()
            os.dup2(kept, 2)
