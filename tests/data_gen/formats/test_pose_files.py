"""What pose estimators write: values in, values out, joint by joint; who is who; what is refused."""
import json
import sys

import numpy as np
import pytest

from data_gen.formats import read_clips, read_file, recordings_in
from data_gen.formats.mediapipe_landmarks import NAMES
from data_gen.formats.pose_files import PoseFlags, is_recording, read_recording
from data_gen.formats.sample import BrokenSample
from runtime.errors import UserError
from tests.data_gen.formats.people import (
    crossing,
    landmarks,
    person,
    points,
    write_mmpose,
    write_openpose,
    write_results,
    write_table,
)

PIXELS = PoseFlags(image_size=(800, 600))
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
    """A function: (people, shown) → the path of what the form writes; V; whether nobody at the ends is kept."""
    write, V, ends = FORMS[request.param]
    return lambda *people: write(tmp_path / 'clip', *people), V, ends


def read(path, **flags):
    return read_recording(path, PIXELS._replace(**flags)).joints


def assert_same_people(joints, expected):
    """The persons are the expected ones (M, T, V, 3), in any order."""
    assert joints.shape == expected.shape and joints.dtype == np.float64
    first = {tuple(body[body.any((1, 2))][0].ravel()): body for body in joints}
    for body in expected:
        np.testing.assert_array_equal(first[tuple(body[body.any((1, 2))][0].ravel())], body)


def test_values_in_are_values_out(form):
    write, V, _ = form
    one = person(V, 5, (300, 300), (7, -3))[None]
    np.testing.assert_array_equal(read(write(one)), one)


def test_two_people_who_cross_are_not_exchanged(form):
    pytest.importorskip('scipy')
    write, V, _ = form
    people = crossing(V)
    assert_same_people(read(write(people)), people)


def test_who_is_away_for_a_moment_comes_back_as_the_same_person(form):
    pytest.importorskip('scipy')
    write, V, _ = form
    people = np.stack((person(V, 20, (200, 300), (2, 0)), person(V, 20, (600, 300), (2, 0), seed=3)))
    shown = np.ones((2, 20), bool)
    shown[1, 5:15] = False
    people[1, 5:15] = 0
    assert_same_people(read(write(people, shown)), people)


def test_who_is_away_for_long_comes_back_as_another(form):
    write, V, _ = form
    people = person(V, 60, (200, 300), (1, 0))[None]
    shown = np.ones((1, 60), bool)
    shown[0, 10:50] = False
    joints = read(write(people, shown))
    assert joints.shape == (2, 60, V, 3)
    np.testing.assert_array_equal(joints[0, :10], people[0, :10])
    np.testing.assert_array_equal(joints[1, 50:], people[0, 50:])
    assert not joints[0, 10:].any() and not joints[1, :50].any()


def test_frames_of_nobody_stay_where_they_are(form):
    write, V, ends = form
    people = person(V, 8, (200, 300), (1, 0))[None]
    shown = np.array([[0, 0, 1, 1, 0, 1, 1, 0]], bool)
    expected = np.where(shown[..., None, None], people, 0)
    np.testing.assert_array_equal(read(write(people, shown)), expected if ends else expected[:, 2:7])


def test_nobody_at_all_is_said(form):
    write, V, _ = form
    with pytest.raises(BrokenSample, match='clip.*without a skeleton in any frame'):
        read(write(np.ones((1, 3, V, 3)), np.zeros((1, 3), bool)))


def test_a_joint_of_score_0_is_missing(form):
    write, V, _ = form
    people = person(V, 3, (200, 300), (1, 0))[None]
    people[0, 1, 4, 2] = 0
    expected = people.copy()
    expected[0, 1, 4] = 0
    lines = []
    np.testing.assert_array_equal(read(write(people), tell=lines.append), expected)
    assert len(lines) == 1 and 'of person 1 is missing in frames 2 to 2: --fill 1' in lines[0]


@pytest.mark.parametrize('longest, filled', [(2, False), (3, True)])
def test_gaps_are_filled_up_to_a_length(form, longest, filled):
    write, V, _ = form
    people = person(V, 7, (200, 300), (4, 0))[None]
    people[..., 2] = .5
    broken = people.copy()
    broken[0, 2:5, 4] = 0
    broken[0, 0, 6] = 0  # at the end: there is nothing to interpolate from
    people[0, 0, 6] = 0
    np.testing.assert_allclose(read(write(broken), fill=longest), people if filled else broken, rtol=1e-12)


def test_pixels_and_shares_make_the_same_clip(form):
    write, V, _ = form
    people = person(V, 4, (300, 300), (2, 0))[None]
    with pytest.raises(BrokenSample, match='cannot be shares of an image.*--image_size'):
        read(write(people), image_size=None)
    clip, = read_clips(write(people), flags=PIXELS).clips
    np.testing.assert_allclose(clip[:2, 0, :, 0].T, people[0, 0, :, :2] / (800, 600) * [1, -1] + [-.5, .5], atol=1e-6)
    shares = people / [800, 600, 1]
    np.testing.assert_allclose(read_clips(write(shares)).clips[0], clip, atol=1e-6)
    np.testing.assert_allclose(read_clips(write(shares), flags=PIXELS).clips[0], clip, atol=1e-6)


def test_as_openpose18_names_what_is_derived(form):
    write, V, _ = form
    lines = []
    path = write(person(V, 4, (300, 300), (2, 0))[None])
    joints = read(path, to='openpose18', tell=lines.append)
    assert joints.shape == (1, 4, 18, 3)
    assert (V == 17) == (lines == ['coco17 as openpose18: neck: middle of left shoulder, right shoulder'])
    if V == 17:
        np.testing.assert_allclose(joints[0, :, 1, :2], read(path)[0, :, 5:7, :2].mean(1))
        np.testing.assert_array_equal(joints[0, :, 0], read(path)[0, :, 0])


@pytest.mark.parametrize('write', [write_openpose, lambda path, *more: write_results(path.with_suffix('.json'), *more)])
def test_ids_say_who_is_who_and_reused_after_a_gap_are_a_new_person(tmp_path, write):
    V = 25 if write is write_openpose else 17
    people = np.stack((person(V, 90, (100, 300), (0, 0)), person(V, 90, (110, 300), (0, 0), seed=0)))
    ids, shown = np.array([[5] * 90, [2] * 90]), np.ones((2, 90), bool)
    people[:, 3:] = people[::-1, 3:]  # they change places from one frame to the next: nearest poses would not
    shown[0, 20:80] = False
    joints = read(write(tmp_path / 'clip', people, shown, ids))
    people[~shown] = 0
    back = people[:1].copy()
    people[0, 80:], back[0, :80] = 0, 0
    assert_same_people(joints, np.concatenate((people, back)))


def test_several_persons_need_scipy_only_without_ids(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'scipy.optimize', None)
    people = crossing(17)
    with pytest.raises(UserError, match=r'SciPy is needed: pip install -r requirements-extra\.txt'):
        read(write_results(tmp_path / 'a.json', people))
    ids = np.array([[1] * 20, [2] * 20])
    assert_same_people(read(write_results(tmp_path / 'b.json', people, None, ids)), people)


def test_a_long_recording_of_two_is_followed(tmp_path):
    pytest.importorskip('scipy')
    path = tmp_path / 'long.json'
    T = 4000
    swing = 200 * np.sin(np.arange(T) / 40)
    people = crossing(17, T, seeds=(1, 2))
    people[..., :2] = people[:, :1, :, :2]
    people[0, ..., 0] += swing[:, None]
    people[1, ..., 0] -= swing[:, None]
    assert_same_people(read(write_results(path, people)), people)


@pytest.mark.parametrize('wrap', [lambda frames: frames, lambda frames: {'frames': frames}])
@pytest.mark.parametrize('names', [('pose_landmarks', 'pose_world_landmarks'), ('landmarks', 'worldLandmarks')])
def test_landmarks_of_mediapipe_in_json(tmp_path, wrap, names):
    image, world = landmarks()
    frames = [{names[0]: [points(image[0, t])], names[1]: [points(world[0, t])]} for t in range(6)]
    frames[2] = {names[0]: [], names[1]: []}
    image[0, 2], world[0, 2] = 0, 0
    (tmp_path / 'clip.json').write_text(json.dumps(wrap(frames)))
    recording = read_recording(tmp_path / 'clip.json', PoseFlags(dimensions=2))
    np.testing.assert_array_equal(recording.joints, image[..., [0, 1, 3]])
    assert recording.image_size == (1, 1)
    recording = read_recording(tmp_path / 'clip.json', PoseFlags(dimensions=3))
    np.testing.assert_array_equal(recording.joints, world[..., :3])
    recording, clip_of = read_file(tmp_path / 'clip.json', flags=PoseFlags(to='ntu25'))
    assert clip_of(recording)[0].shape == (3, 300, 25, 2)


def test_landmarks_of_mediapipes_first_interface(tmp_path):
    image, _ = landmarks()
    frames = [{'pose_landmarks': {'landmark': points(image[0, t])}} for t in range(5)] + [{'pose_landmarks': None}]
    (tmp_path / 'clip.json').write_text(json.dumps(frames))
    image[0, 5] = 0
    np.testing.assert_array_equal(read_recording(tmp_path / 'clip.json', PoseFlags()).joints, image[..., [0, 1, 3]])
    with pytest.raises(BrokenSample, match='2 dimensions, and 3 are needed'):
        read_recording(tmp_path / 'clip.json', PoseFlags(dimensions=3))


@pytest.mark.parametrize('label', [lambda i: NAMES[i], lambda i: NAMES[i].upper(), str])
@pytest.mark.parametrize('kind, channels', [(0, [0, 1, 3]), (1, [0, 1, 2])])
def test_landmarks_of_mediapipe_in_tables(tmp_path, label, kind, channels):
    values = landmarks(persons=2)[kind]
    values[1, 2] = 0  # who is away
    places = [(t, m) for t in range(6) for m in (0, 1) if values[m, t].any()]
    header = ['frame', 'person', *(f'{label(i)}_{axis}' for i in range(33) for axis in ('x', 'y', 'z', 'visibility'))]
    rows = [[t + 7, f'p{m}', *values[m, t].ravel()] for t, m in places]
    path = write_table(tmp_path / 'clip.csv', header, rows)
    assert recordings_in([tmp_path]) == [path]
    joints = read_recording(path, PoseFlags(dimensions=3 if kind else 2)).joints
    np.testing.assert_array_equal(joints, values[..., channels])


def test_frames_of_nobody_in_a_table_are_empty_cells(tmp_path):
    values = landmarks()[0]
    rows = [[t, *(values[0, t, :, [0, 1, 3]].T.ravel() if t != 3 else [''] * 99)] for t in range(6)]
    header = ['frame', *(f'{name}_{axis}' for name in NAMES for axis in ('x', 'y', 'visibility'))]
    values[0, 3] = 0
    joints = read_recording(write_table(tmp_path / 'clip.csv', header, rows), PoseFlags()).joints
    np.testing.assert_array_equal(joints, values[..., [0, 1, 3]])


def test_a_folder_of_frames_is_one_recording_among_others(tmp_path):
    people = person(18, 3, (.4, .4), (0, 0), scale=.1)[None]
    write_openpose(tmp_path / 'all/b', people)
    write_openpose(tmp_path / 'all/deep/c', people)
    write_results(tmp_path / 'all/a.json', people[:, :, :17])
    (tmp_path / 'all/notes.csv').write_text('name,age\n')
    assert recordings_in([tmp_path / 'all', tmp_path / 'all/b']) == [
        *(tmp_path / 'all' / name for name in ('a.json', 'b', 'deep/c')), tmp_path / 'all/b']
    assert is_recording(tmp_path / 'all/b') and not is_recording(tmp_path / 'all')
    recording, clip_of = read_file(tmp_path / 'all/b')
    assert clip_of(recording)[0].shape == (3, 300, 18, 2)


@pytest.mark.parametrize('content, words', [
    ('', 'an empty file'), ('{"people": [', 'not valid JSON'), ('3', 'no object and no list: taken are OpenPose'),
    ('{"b": 1, "a": 2}', 'an object with a, b: taken are'), ('[1, 2]', 'a list: taken are'),
    ('{"annotations": []}', 'an object with annotations: taken are'), ('[]', 'without a skeleton'),
    ('{"people": [{"pose_keypoints_2d": [1, 2, 3]}]}', '1 joints in a person: 25 .openpose25. and 18'),
    ('{"people": [{"pose_keypoints_2d": "many"}]}', 'pose_keypoints_2d is "many"'),
    ('{"people": [7]}', 'no pose_keypoints_2d'),
    ('[{"image_id": "a.jpg", "keypoints": [' + '1,' * 50 + '1]}]', "'a.jpg' has no number"),
    ('[{"image_id": 1, "keypoints": [' + 'NaN,' * 50 + '1]}]', 'a value of nan'),
    ('[{"image_id": 1, "keypoints": [1, 2, 3]}, {"image_id": 2, "keypoints": [1]}]', 'all of one length'),
    ('[{"image_id": 1, "keypoints": [' + '1,' * 50 + '1]}, {"image_id": 900000, "keypoints": [' + '1,' * 50 + '1]}]',
     'numbered one after the other'),
    ('[{"frame_id": 0, "instances": [{"keypoints": [[1, 2, 3]], "keypoint_scores": [1]}]}]', r'\(V, 2\) and \(V,\)'),
    ('{"instance_info": null}', 'instance_info'),
    ('[{"pose_landmarks": [[{"x": 1}]]}]', 'frame 1 has a landmark without'),
    ('[{"pose_landmarks": [[{"x": 1, "y": 1}]]}]', '1 joints in a person'),
])
def test_what_is_none_of_them_is_named_in_one_line(tmp_path, content, words):
    (tmp_path / 'clip.json').write_text(content)
    with pytest.raises(BrokenSample, match=f'clip.json: .*{words}'):
        read_clips(tmp_path / 'clip.json')


def test_frames_of_two_recordings_in_a_folder_are_refused(tmp_path):
    write_openpose(tmp_path / 'clip', person(25, 3, (300, 300), (0, 0))[None])
    (tmp_path / 'clip/other_000000000001_keypoints.json').write_text('{"people": []}')
    with pytest.raises(BrokenSample, match='clip: frames of several recordings'):
        read(tmp_path / 'clip')


def test_joints_of_another_skeleton_are_named_with_what_to_do(tmp_path):
    from graph.kinetics import Graph
    path = write_results(tmp_path / 'clip.json', person(17, 3, (300, 300), (0, 0))[None])
    with pytest.raises(BrokenSample, match='those of coco17, and 18 others are needed: --as openpose18'):
        read(path, joints=Graph().joint_names)
    assert read(path, joints=Graph().joint_names, to='openpose18').shape == (1, 3, 18, 3)
    with pytest.raises(BrokenSample, match='--as hand21: coco17: '):
        read(path, to='hand21')
