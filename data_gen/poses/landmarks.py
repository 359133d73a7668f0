"""The joints of the people in a video, found by MediaPipe's Pose Landmarker.

It finds 33 landmarks, the joints of config/skeletons/mediapipe33.yaml: in the image, as fractions of its width and
height, with a visibility, which is the score here; and in the world, in metres from the middle of the hips, x to the
right, y down, z away from the camera. Both are kept to the digit.
https://ai.google.dev/edge/mediapipe/solutions/vision/pose_landmarker/python
"""
import contextlib
import os
import pathlib
import sys

import numpy as np

from data_gen.poses.libraries import library
from data_gen.poses.recordings import Detections, nobody
from data_gen.poses.video import constant_rate
from runtime.errors import UserError

SKELETON = 'mediapipe33'
PERSONS = 2  # at most, by default
MODEL = pathlib.Path('data/pose/pose_landmarker_full.task')
DOWNLOAD = ('https://storage.googleapis.com/mediapipe-models/pose_landmarker/pose_landmarker_full/float16/latest/'
            'pose_landmarker_full.task')


class Landmarker:
    """Finds the joints of at most `persons` people in the frames of one video; to be used in a `with` block."""

    def __init__(self, model, persons):
        check_model(model)
        self.mediapipe = library('mediapipe')
        tasks = self.mediapipe.tasks
        options = tasks.vision.PoseLandmarkerOptions(
            tasks.BaseOptions(model_asset_path=str(model)), num_poses=persons,
            running_mode=tasks.vision.RunningMode.VIDEO)
        try:
            self.landmarker = tasks.vision.PoseLandmarker.create_from_options(options)
        except (RuntimeError, ValueError, OSError) as error:
            raise UserError(f'{model}: MediaPipe cannot use it ({error}): download it again from {DOWNLOAD}') from None
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


def check_model(model):
    """Raise UserError, which says where to download it, if there is no file at the path `model`."""
    if not pathlib.Path(model).is_file():
        raise UserError(f'{model}: no such model of poses: download it from {DOWNLOAD}, or give --pose-model FILE')


def add_pose_model(add):
    """Add the flag that names the model by `add`, the add_argument of a parser."""
    add('--pose-model', '--pose_model', type=pathlib.Path, default=MODEL, metavar='FILE',
        help='videos and cameras: the model of MediaPipe, a .task file')


def detect(frames, rate, landmarker):
    """Return the Detections in `frames` of (seconds, image); BrokenSample if nobody is found.

    `rate` is the rate that the video states, or None.
    """
    poses, worlds, numbers, times = [], [], [], []
    for seconds, image in frames:
        joints, world = landmarker.find(seconds, image)
        poses.append(joints)
        worlds.append(world)
        numbers += [len(times)] * len(joints)
        times.append(seconds)
    if not numbers:
        raise nobody()
    fps, even = constant_rate(times, rate)
    return Detections(np.array(numbers), len(times), SKELETON, np.concatenate(poses), np.concatenate(worlds),
                      image_size=image.shape[1::-1], fps=fps, times=None if even else np.array(times))


@contextlib.contextmanager
def silent_libraries():
    """Drop what C libraries write to standard error, such as 50 lines of MediaPipe's; Python's lines are kept."""
    sys.stderr.flush()
    kept = os.dup(2)
    with (open(kept, 'w', buffering=1, errors='backslashreplace') as lines, open(os.devnull, 'w') as nowhere,
          contextlib.redirect_stderr(lines)):
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            lines.flush()
            os.dup2(kept, 2)
