"""What pose estimators write: values in, values out, joint by joint; who is who; what is refused."""
import json

import numpy as np
import pytest
from conftest import shared_path

from data_gen.formats.sample import BrokenSample
from data_gen.poses.detections import Nobody
from data_gen.poses.estimator_files import read_detections
from data_gen.poses.recordings import Wishes, as_recording
from graph.skeleton import skeleton
from tests.data_gen.poses.estimators import person, write_mmpose, write_openpose, write_results

SIZE = 800, 600
FORMS = {  # how it is written, V, whether frames of nobody at the ends are kept
    'openpose25': (write_openpose, 25, True),
    'openpose18': (write_openpose, 18, True),
    'alphapose': (lambda path, *more: write_results(path.with_suffix('.json'), *more), 17, False),
    'halpe': (lambda path, *more: write_results(path.with_suffix('.json'), *more), 26, False),
    'coco': (lambda path, *more: write_results(path.with_suffix('.json'), *more, image_id=None), 17, False),
    'mmpose': (lambda path, *more: write_mmpose(path.with_suffix('.json'), *more), 17, True),
    'inferencer': (lambda path, *more: write_mmpose(path.with_suffix('.json'), *more, bare=True), 26, True)}


@pytest.fixture(params=FORMS)
def form(request, tmp_path):
    """A function: people → the path of what the form writes; V; whether nobody at the ends is kept."""
    write, V, ends = FORMS[request.param]
    return lambda people: write(tmp_path / 'clip', people), V, ends


def in_fractions(people):
    return np.where(people[..., 2:] > 0, people / [*SIZE, 1], 0)


def read(path, wishes=Wishes(), image_size=SIZE):  # noqa: B008
    """Return the recording in a file, and the remarks on it."""
    return as_recording(read_detections(path, image_size), wishes)


def needs_the_tracker():
    pytest.importorskip('norfair')


def test_values_in_are_values_out(form):
    needs_the_tracker()
    write, V, _ = form
    one = person(V, 5, (300, 300), (7, -3))[None]
    recording, remarks = read(write(one))
    np.testing.assert_allclose(recording.joints_2d, in_fractions(one), rtol=1e-12)
    assert recording.joints_3d is None and remarks == []
    assert len(recording.joint_names) == V and recording.joint_names[0] == 'nose'


def test_frames_of_nobody_stay_where_they_are(form):
    needs_the_tracker()
    write, V, ends = form
    people = person(V, 8, (200, 300), (1, 0))[None]
    people[:, [0, 1, 4, 7]] = 0
    expected = in_fractions(people)
    np.testing.assert_allclose(read(write(people))[0].joints_2d, expected if ends else expected[:, 2:7], rtol=1e-12)


def test_nobody_at_all_is_said(form):
    write, V, _ = form
    with pytest.raises(Nobody, match='nobody is found in any frame'):
        read_detections(write(np.zeros((1, 3, V, 3))), SIZE)


def test_a_joint_of_score_0_is_missing_and_can_be_filled(form):
    needs_the_tracker()
    write, V, _ = form
    people = person(V, 7, (200, 300), (4, 0))[None]
    people[..., 2] = .5
    broken = people.copy()
    broken[0, 2:5, 4, 2] = 0
    path = write(broken)
    recording, remarks = read(path, Wishes(fill=2))
    np.testing.assert_allclose(recording.joints_2d, in_fractions(broken), rtol=1e-12)
    assert len(remarks) == 1 and '--fill FRAMES' in remarks[0][0] and 'of person 1 in frames 3 to 5' in remarks[0][1]
    recording, remarks = read(path, Wishes(fill=3))
    np.testing.assert_allclose(recording.joints_2d, in_fractions(people), rtol=1e-9)
    assert remarks == []


def test_fractions_need_no_size_and_pixels_do(form):
    write, V, _ = form
    people = person(V, 4, (300, 300), (2, 0))[None]
    with pytest.raises(BrokenSample, match='are pixels: give the size of the image by --image_size'):
        read_detections(write(people))
    for size in (None, SIZE):
        detections = read_detections(write(people / [*SIZE, 1]), size)
        np.testing.assert_allclose(detections.joints_2d, people[0] / [*SIZE, 1], rtol=1e-12)
        assert detections.image_size is size


@pytest.mark.parametrize('size, words', [
    ((160, 120), 'do not fit into an image of 160 120 pixels'), ((8000, 6000), 'in the upper left corner'),
    ((600, 800), None), ((1600, 1200), None)])
def test_a_size_that_cannot_be_the_images_is_refused(form, size, words):
    write, V, _ = form
    path = write(person(V, 4, (400, 300), (2, 0))[None])
    if words is None:
        read_detections(path, size)
        return
    with pytest.raises(BrokenSample, match=f'{words}.*--image_size'):
        read_detections(path, size)


def test_joints_are_mapped_and_what_is_derived_is_said(form):
    needs_the_tracker()
    write, V, _ = form
    path = write(person(V, 4, (300, 300), (2, 0))[None])
    mapped, remarks = read(path, Wishes(to='openpose18'))
    assert mapped.joints_2d.shape == (1, 4, 18, 3) and mapped.joint_names[1] == 'neck'
    assert (V == 17) == (remarks == [('coco17 as openpose18: neck: middle of left shoulder, right shoulder', '')])
    with pytest.raises(BrokenSample, match='--as hand21: .*: '):
        read(path, Wishes(to='hand21'))


@pytest.mark.parametrize('write', [write_openpose, write_results, write_mmpose])
def test_ids_are_used_as_they_are(tmp_path, write):
    V = 25 if write is write_openpose else 17
    people = np.stack((person(V, 90, (100, 300), (0, 0)), person(V, 90, (110, 300), (0, 0))))
    ids = np.array([[5] * 90, [2] * 90])
    people[:, 3:] = people[::-1, 3:]  # they change places from one frame to the next: a tracker would not
    people[0, 20:80] = 0
    recording, _ = read(write(tmp_path / 'clip', people, ids=ids))
    found = {tuple(body[0, 0]): body for body in recording.joints_2d}
    assert recording.joints_2d.shape == people.shape
    for body in in_fractions(people):
        np.testing.assert_allclose(found[tuple(body[0, 0])], body, rtol=1e-12)


def test_only_so_many_persons_are_kept_those_seen_most(tmp_path):
    people = np.stack([person(17, 30, (100 + 200 * m, 300), (0, 0), seed=m) for m in range(3)])
    people[0, 10:] = 0
    recording, remarks = read(write_results(tmp_path / 'a.json', people, np.repeat([[1], [2], [3]], 30, 1)),
                              Wishes(persons=2))
    assert {tuple(body[0, 0]) for body in recording.joints_2d} == {tuple(b[0, 0]) for b in in_fractions(people[1:])}
    assert remarks == [('more than 2 persons: those seen most are kept', '1 left out')]
    recording, _ = read(tmp_path / 'a.json', Wishes(persons=5))
    assert recording.joints_2d.shape[0] == 5 and not recording.joints_2d[3:].any()


def test_a_coco_file_beside_openposes_frames_is_none_of_them():
    detections = read_detections(shared_path('faults/9-openpose-folder-with-coco-json/clip01'), (800, 500))
    assert detections.num_frames == 12 and detections.skeleton == 'openpose25'
    np.testing.assert_allclose(detections.joints_2d[1, 0], [202 / 800, 81.64 / 500, .8])


def test_meta_info_names_the_keypoints_in_2d_and_3d():
    flat = read_detections(shared_path('faults/10-mmpose-h36m-2d/clip.json'), (640, 480))
    assert flat.skeleton == 'h36m17' and flat.joints_3d is None
    np.testing.assert_allclose(flat.joints_2d[0, 16], [290 / 640, 190 / 480, 1])
    lifted = read_detections(shared_path('faults/11-mmpose-h36m-3d/clip.json'))
    assert lifted.skeleton == 'h36m17' and lifted.joints_2d is None
    np.testing.assert_array_equal(lifted.joints_3d[0, 16], [-.2, .2, 1])
    recording, _ = as_recording(lifted, Wishes())
    assert recording.joints_3d.shape == (1, 20, 17, 3)


def test_keypoints_are_sorted_by_their_names_and_unknown_ones_are_named(tmp_path):
    names = [name.replace(' ', '_') for name in skeleton('coco17').joint_names]
    one = person(17, 3, (300, 300), (1, 0))
    meta_info = {'keypoint_id2name': {str(v): name for v, name in enumerate(reversed(names))}}
    path = write_mmpose(tmp_path / 'clip.json', one[None, :, ::-1], meta_info=meta_info)
    np.testing.assert_allclose(read_detections(path, SIZE).joints_2d, in_fractions(one), rtol=1e-12)
    path = write_mmpose(path, one[None], meta_info={'keypoint_id2name': {'0': 'left_horn'}})
    with pytest.raises(BrokenSample, match='its keypoints are left_horn, .*: those of coco, halpe26, h36m are taken'):
        read_detections(path, SIZE)
    path = write_mmpose(path, one[None], meta_info={'dataset_name': 'animalpose'})
    with pytest.raises(BrokenSample, match="17 keypoints in 2D of the data set 'animalpose'"):
        read_detections(path, SIZE)


def test_several_people_in_3d_without_ids_are_refused(tmp_path):
    keypoints = np.random.default_rng(0).random((2, 17, 3)).tolist()
    frame = {'frame_id': 0, 'instances': [{'keypoints': points, 'keypoint_scores': [1.] * 17} for points in keypoints]}
    (tmp_path / 'clip.json').write_text(json.dumps([frame]))
    with pytest.raises(BrokenSample, match='nothing says who is who'):
        as_recording(read_detections(tmp_path / 'clip.json'), Wishes())


@pytest.mark.parametrize('scale', [lambda share: share, lambda share: 2 * share - 1])
def test_openposes_scales_from_0_and_from_minus_1_are_fractions(tmp_path, scale):
    people = person(25, 3, (400, 300), (2, 0))[None] / [*SIZE, 1]
    people[0, 1, 7] = 0
    scaled = np.where(people[..., 2:] > 0, np.concatenate((scale(people[..., :2]), people[..., 2:]), -1), 0)
    np.testing.assert_allclose(read_detections(write_openpose(tmp_path / 'clip', scaled)).joints_2d, people[0])


def test_openposes_scale_4_as_it_writes_it():
    joints = read_detections(shared_path('faults/12-openpose-keypoint-scale-4'), (800, 500)).joints_2d
    np.testing.assert_allclose(joints[0, 0], [.2, .1, .8], rtol=1e-12)


def test_halpes_136_joints_begin_with_its_26():
    path = shared_path('faults/18-alphapose-136/alphapose-results.json')
    detections = read_detections(path, (640, 480))
    assert detections.skeleton == 'halpe26' and detections.joints_2d.shape == (3, 26, 3)


def test_frames_may_be_named_by_a_number_alone(tmp_path):
    one = person(17, 3, (300, 300), (1, 0))[None]
    detections = read_detections(write_results(tmp_path / 'a.json', one, image_id='cam1.000{}'), SIZE)
    assert detections.frames.tolist() == [0, 1, 2]


@pytest.mark.parametrize('content, words', [
    ('', 'an empty file'), ('{"people": [', 'not valid JSON'), ('3', 'no object and no list: taken are OpenPose'),
    ('{"b": 1, "a": 2}', 'an object with a, b: taken are'), ('[1, 2]', 'a list: taken are'),
    ('{"annotations": []}', 'an object with annotations: taken are'), ('[]', 'nobody is found'),
    ('{"people": [{"pose_keypoints_2d": [1, 2, 3]}]}', '1 joints in a person: 25 .openpose25. and 18'),
    ('{"people": [{"pose_keypoints_2d": "many"}]}', 'pose_keypoints_2d is "many"'),
    ('{"people": [7]}', 'no pose_keypoints_2d'),
    ('[{"image_id": "a.jpg", "keypoints": [' + '1,' * 50 + '1]}]', "'a' has no number"),
    ('[{"image_id": 1, "keypoints": [' + 'NaN,' * 50 + '1]}]', 'a value of nan'),
    ('[{"image_id": 1, "keypoints": [1, 2, 3]}, {"image_id": 2, "keypoints": [1]}]', 'all of one length'),
    ('[{"image_id": 1, "keypoints": [' + '1,' * 50 + '1]}, {"image_id": 900000, "keypoints": [' + '1,' * 50 + '1]}]',
     'numbered one after the other'),
    ('[{"frame_id": 0, "instances": [{"keypoints": [[1]], "keypoint_scores": [1]}]}]', r'\(V, 2\) or \(V, 3\)'),
    ('[{"frame_id": 0, "instances": [{"keypoints": [[1, 2, 3]], "keypoint_scores": [1]}]}]', '1 keypoints in 3D and'),
    ('{"instance_info": null}', 'instance_info'),
])
def test_what_is_none_of_them_is_said(tmp_path, content, words):
    (tmp_path / 'clip.json').write_text(content)
    with pytest.raises(BrokenSample, match=words):
        read_detections(tmp_path / 'clip.json', SIZE)


def test_frames_of_two_recordings_in_a_folder_are_refused(tmp_path):
    write_openpose(tmp_path / 'clip', person(25, 3, (300, 300), (0, 0))[None])
    (tmp_path / 'clip/other_000000000001_keypoints.json').write_text('{"people": []}')
    with pytest.raises(BrokenSample, match='frames of several recordings'):
        read_detections(tmp_path / 'clip', SIZE)
