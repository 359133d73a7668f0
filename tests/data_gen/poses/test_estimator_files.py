"""What pose estimators write: values in, values out, joint by joint; who is who; what is refused."""
import json

import numpy as np
import pytest
from conftest import shared_path

from data_gen.formats.sample import BrokenSample
from data_gen.poses.estimator_files import read_detections
from data_gen.poses.recordings import as_recording
from tests.data_gen.poses.estimators import person, write_mmpose, write_openpose, write_results

SIZE = 800, 600
FORMS = {  # how it is written, V, whether frames of nobody at the ends are kept
    'openpose25': (write_openpose, 25, True),
    'openpose18': (write_openpose, 18, True),
    'alphapose': (write_results, 17, False),
    'halpe': (write_results, 26, False),
    'coco': (lambda path, people: write_results(path, people, image_id=None), 17, False),
    'no suffix': (lambda path, people: write_results(path, people, image_id='cam1.000{}'), 17, False),
    'mmpose': (write_mmpose, 17, True),
    'rtmlib': (lambda path, people: write_mmpose(path, people, bare=True), 26, True)}


def in_fractions(people):
    return np.where(people[..., 2:] > 0, people / [*SIZE, 1], 0)


def read(path, *wishes, image_size=SIZE, **more):
    """Return the recording in a file, and the remarks on it."""
    return as_recording(read_detections(path, image_size), *wishes, **more)


@pytest.mark.parametrize('form', FORMS)
def test_values_in_are_values_out(tmp_path, form):
    """Also where a joint has score 0, and in frames of nobody."""
    pytest.importorskip('norfair')
    write, V, ends_are_kept = FORMS[form]
    people = person(V, 8, (300, 300), (7, -3))[None]
    people[:, [0, 1, 4, 7]] = 0
    people[0, 3, 5, 2] = 0
    recording, remarks = read(write(tmp_path / 'clip.json', people))
    expected = in_fractions(people)
    np.testing.assert_allclose(recording.joints_2d, expected if ends_are_kept else expected[:, 2:7], rtol=1e-12)
    assert len(recording.joint_names) == V and recording.joint_names[0] == 'nose' and recording.joints_3d is None
    assert remarks == ['joints are missing in gaps, which pose_gendata.py --fill FRAMES interpolates']
    with pytest.raises(BrokenSample, match='nobody is found in any frame'):
        read_detections(write(tmp_path / 'clip.json', 0 * people), SIZE)


@pytest.mark.parametrize('size, words', [
    (None, 'are pixels: give the size of the image by --image_size'), ((160, 120), 'image of 160 × 120: check --image'),
    ((8000, 6000), 'image of 8000 × 6000: check --image_size'), ((600, 800), None), ((1600, 1200), None)])
def test_a_size_that_cannot_be_the_images_is_refused(tmp_path, size, words):
    people = person(17, 4, (400, 300), (2, 0))[None]
    path = write_results(tmp_path / 'clip.json', people)
    if words:
        with pytest.raises(BrokenSample, match=words):
            read_detections(path, size)
    else:
        np.testing.assert_allclose(read_detections(path, size).joints_2d, people[0] / [*size, 1], rtol=1e-12)
    fractions = read_detections(write_results(path, people / [*SIZE, 1]), size)
    np.testing.assert_allclose(fractions.joints_2d, people[0] / [*SIZE, 1], rtol=1e-12)
    assert fractions.image_size is size


@pytest.mark.parametrize('write', [write_openpose, write_results, write_mmpose])
def test_ids_are_used_as_they_are(tmp_path, write):
    V = 25 if write is write_openpose else 17
    people = np.stack((person(V, 90, (100, 300), (0, 0)), person(V, 90, (110, 300), (0, 0))))
    ids = np.array([[5] * 90, [2] * 90])
    people[:, 3:] = people[::-1, 3:]  # they change places from one frame to the next: a tracker would not
    people[0, 20:80] = 0
    recording, _ = read(write(tmp_path / 'clip.json', people, ids=ids))
    np.testing.assert_allclose(sorted(recording.joints_2d.tolist()), sorted(in_fractions(people).tolist()), rtol=1e-12)


def test_only_so_many_persons_are_kept_those_seen_most(tmp_path):
    people = np.stack([person(17, 30, (100 + 200 * m, 300), (0, 0), seed=m) for m in range(3)])
    people[0, 10:] = 0
    path = write_results(tmp_path / 'clip.json', people, np.repeat([[1], [2], [3]], 30, 1))
    recording, remarks = read(path, 2)
    assert {tuple(body[0, 0]) for body in recording.joints_2d} == {tuple(b[0, 0]) for b in in_fractions(people[1:])}
    assert remarks == ['more than 2 persons: those seen most are kept']
    recording, remarks = read(path, 5)
    assert recording.joints_2d.shape[0] == 5 and not recording.joints_2d[3:].any() and not remarks


@pytest.mark.parametrize('file, size, skeleton, place, value', [
    ('9-openpose-folder-with-coco-json/clip01', (800, 500), 'openpose25', (1, 0), [202 / 800, 81.64 / 500, .8]),
    ('10-mmpose-h36m-2d/clip.json', (640, 480), 'h36m17', (0, 16), [290 / 640, 190 / 480, 1]),
    ('11-mmpose-h36m-3d/clip.json', None, 'h36m17', (0, 16), [-.2, .2, 1]),
    ('12-openpose-keypoint-scale-4', (800, 500), 'openpose25', (0, 0), [.2, .1, .8]),
    ('18-alphapose-136/alphapose-results.json', (640, 480), 'halpe26', (), None)])
def test_files_as_the_programs_write_them(file, size, skeleton, place, value):
    detections = read_detections(shared_path('faults') / file, size)
    joints = detections.joints_3d if '3d' in file else detections.joints_2d
    assert detections.skeleton == skeleton and joints.shape[1:] == (int(skeleton[-2:]), 3)
    assert (detections.joints_2d is None) == ('3d' in file)
    if value:
        np.testing.assert_allclose(joints[place], value, rtol=1e-12)


IN_3D = {'keypoints': [[1, 2, 3]] * 17, 'keypoint_scores': [1] * 17}


def one_joint(image, joint='1, 1, 1'):
    return f'{{"image_id": {image}, "keypoints": [{", ".join([joint] * 17)}]}}'


@pytest.mark.parametrize('content, words', [
    ('', 'an empty file'), ('[{"keypoints": [', 'not valid JSON'), ('3', 'no poses of a known form: OpenPose'),
    ('[1, 2]', 'no poses of a known form'), ('[]', 'nobody is found'),
    ('[{"image_id": 1, "keypoints": "many"}]', 'result 1: keypoints is "many"'),
    (f'[{one_joint(1)}, 7]', 'result 2: no keypoints'), (f'[{one_joint(1, "NaN, 1, 1")}]', 'a value of nan'),
    ('[{"image_id": 1, "keypoints": [1, 2, 3]}]', '1 joints in a person: those of coco17, halpe26 are read'),
    (f'[{one_joint(1)}, {one_joint(1)}, {one_joint(400000)}]', '3 persons in 400000 frames are too many'),
    ('[{"frame_id": 0, "instances": [{"keypoints": [[1]], "keypoint_scores": [1]}]}]', 'keypoint_scores .V,. are'),
    ('[{"frame_id": 0, "instances": [{"keypoints": [[1, 2, 3]], "keypoint_scores": [1]}]}]', 'those of h36m17'),
    ('[{"frame_id": "a", "instances": []}]', 'frame_id is "a"'), ('{"instance_info": null}', 'instance_info is null'),
    (json.dumps([{'frame_id': 0, 'instances': [IN_3D, IN_3D]}]), 'nothing says who is who'),
    ('{"meta_info": {"dataset_name": "animalpose"}, "instance_info": []}', 'the data set animalpose: those of coco'),
])
def test_broken_files_are_refused_in_one_line(tmp_path, content, words):
    pytest.importorskip('norfair')
    (tmp_path / 'clip.json').write_text(content)
    with pytest.raises(BrokenSample, match=words):
        read(tmp_path / 'clip.json')


@pytest.mark.parametrize('name, content, words', [
    ('other_01', '{"people": []}', 'several recordings'), ('clip_1', '{"people": [7]}', 'no pose_keypoints_2d'),
    ('clip_1', '{}', 'no people'), ('clip', '{"people": []}', 'has no number')])
def test_broken_folders_of_openpose_are_refused_in_one_line(tmp_path, name, content, words):
    write_openpose(tmp_path / 'clip', person(25, 1, (300, 300), (0, 0))[None])
    (tmp_path / f'clip/{name}_keypoints.json').write_text(content)
    with pytest.raises(BrokenSample, match=words):
        read_detections(tmp_path / 'clip', SIZE)
