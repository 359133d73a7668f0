"""MediaPipe's landmarks of videos, as its own interface gives them; in 3D, of NTU's handedness."""
import sys

import numpy as np
import pytest
from conftest import shared_path

from data_gen.poses.landmarks import Landmarker, detect, silent_libraries
from data_gen.poses.recordings import as_recording
from data_gen.poses.video import open_video
from graph.mapping import map_joints
from graph.skeleton import skeleton
from runtime.errors import UserError
from tests.data_gen.poses.videos import images, write_video

pytest.importorskip('av')
pytest.importorskip('norfair')
pytest.importorskip('matplotlib')
FRAMES = 30


@pytest.fixture(scope='module')
def model():
    pytest.importorskip('mediapipe')
    return shared_path('pose/pose_landmarker_full.task')


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp('video') / 'hopper.mp4', images(FRAMES))


@pytest.fixture(scope='module')
def recording(video, model):
    with silent_libraries(), open_video(video) as (frames, rate), Landmarker(model, 2) as landmarker:
        return as_recording(detect(frames, rate, landmarker), 2)[0]


def test_landmarks_are_those_of_a_direct_call(video, model, recording):
    import av
    import mediapipe
    from mediapipe.tasks.python import BaseOptions, vision
    options = vision.PoseLandmarkerOptions(BaseOptions(model_asset_path=str(model)), num_poses=2,
                                           running_mode=vision.RunningMode.VIDEO)
    with silent_libraries(), av.open(str(video)) as container, \
            vision.PoseLandmarker.create_from_options(options) as landmarker:
        for t, frame in enumerate(container.decode(video=0)):
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=frame.to_ndarray(format='rgb24'))
            found = landmarker.detect_for_video(image, round(1000 * t / 30))
            for v in range(33):
                point, world = found.pose_landmarks[0][v], found.pose_world_landmarks[0][v]
                assert recording.joints_2d[0, t, v].tolist() == [point.x, point.y, point.visibility]
                assert recording.joints_3d[0, t, v].tolist() == [world.x, world.y, world.z]
    assert recording.joints_2d.shape == recording.joints_3d.shape == (2, t + 1, 33, 3) == (2, FRAMES, 33, 3)
    assert not recording.joints_2d[1].any()
    assert recording.image_size == (640, 480) and recording.fps == 30
    assert recording.joint_names == tuple(skeleton('mediapipe33').joint_names)


def test_a_missing_or_broken_model_and_missing_libraries_are_said(tmp_path, monkeypatch, video):
    path = tmp_path / 'model.task'
    with pytest.raises(UserError, match='model.task: no such model of poses: download it from https://.*--pose-model'):
        Landmarker(path, 1)
    path.write_bytes(b'no model')
    with pytest.raises(UserError, match='model.task: MediaPipe cannot use it.*https://'), silent_libraries():
        Landmarker(path, 1)
    for name, action in {'av': lambda: open_video(video).__enter__(), 'mediapipe': lambda: Landmarker(path, 1)}.items():
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(UserError, match=f'{name} is needed here: pip install -r requirements-video.txt'):
            action()


def toes_in_front(joints, names, toe, heel):
    """Return the fraction of bodies (…, V, 3) whose toes point where (left − right shoulder) × (shoulders − hips) does.
    """
    def at(joint):
        return joints[..., names.index(joint), :]
    across = at('left shoulder') - at('right shoulder')
    up = at('left shoulder') + at('right shoulder') - at('left hip') - at('right hip')
    feet = at(f'left {toe}') - at(f'left {heel}') + at(f'right {toe}') - at(f'right {heel}')
    return ((np.cross(across, up) * feet).sum(-1) > 0).mean()


def test_world_landmarks_and_ntus_joints_are_of_one_handedness(recording):
    names = list(recording.joint_names)
    assert toes_in_front(recording.joints_3d[0], names, 'foot index', 'heel') == 1
    mapped, _ = map_joints(recording.joints_3d[0], skeleton('mediapipe33').joint_names, skeleton('ntu25'), 3)
    assert toes_in_front(mapped, skeleton('ntu25').joint_names, 'foot', 'ankle') == 1
    with np.load(shared_path('real_motion/msr_action3d.npz')) as arrays:
        kinect = arrays['joints'][..., :3]
    kinects = ['left shoulder', 'right shoulder', 'spine at the shoulders', 'middle of spine', 'left hip', 'right hip',
               'base of spine', 'left elbow', 'right elbow', 'left wrist', 'right wrist', 'left hand', 'right hand',
               'left knee', 'right knee', 'left ankle', 'right ankle', 'left foot', 'right foot', 'head']
    assert toes_in_front(kinect, kinects, 'foot', 'ankle') > .9
