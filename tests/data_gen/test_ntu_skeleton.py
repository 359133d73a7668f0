"""One recording: reading, checks, normalisation, against the plain transcription of the contract."""
import numpy as np
import pytest

from data_gen.formats.ntu_skeleton import read_recording
from data_gen.normalize import pre_normalization
from data_gen.persons import by_id, without_still
from runtime.errors import UserError
from tests.data_gen.plain_ntu import plain_bodies, plain_clip
from tests.data_gen.prepared import clip_of
from tests.data_gen.raw_ntu import random_bodies, skeleton_text

GONE = np.nan
CLIP_SHAPE = 3, 300, 25, 2


def write(folder, bodies):
    """Write bodies (M, T, 25, 3) as a recording; return its path."""
    (folder / 'a.skeleton').write_text(skeleton_text(bodies), encoding='ascii')
    return folder / 'a.skeleton'


def change(bodies, case):
    """Return the people of a case, of random `bodies` (5, T, 25, 3)."""
    first, second = bodies[:2]
    if case == 'late start':
        first[[*range(5), 20]] = GONE
    elif case == 'gap and early end':
        first[[*range(7, 10), *range(-4, 0)]] = GONE
    elif case == 'second of other length':
        second[12:] = GONE
    elif case == 'second comes late':
        second[:9] = GONE
    elif case == 'ghost before the person':  # still, and first in the file
        first[:] = first[:1] * .1
        first[::3] = GONE
    elif case == 'five people':
        second *= 3
    elif case == 'joints at zero':
        first[:, 20:23] = 0
    elif case == 'spine along z and no shoulders':
        first[0, 1], first[0, 8] = first[0, 0] + (0, 0, .5), first[0, 4]
    elif case == 'upside down':
        first[0, 1] = first[0, 0] + (.01, 0, -.5)
    return bodies[:PEOPLE[case]]


PEOPLE = {'one person': 1, 'two people': 2, 'late start': 1, 'gap and early end': 1, 'second of other length': 2,
          'second comes late': 2, 'ghost before the person': 2, 'five people': 5, 'joints at zero': 1,
          'spine along z and no shoulders': 1, 'upside down': 1}


@pytest.mark.parametrize('case', PEOPLE)
@pytest.mark.parametrize('frames', [31, 300])
def test_clip_equals_the_plain_transcription(tmp_path, case, frames):
    bodies = change(random_bodies(np.random.default_rng([7, len(case), frames]), frames, 5), case)
    path = write(tmp_path, bodies)
    clip, plain = clip_of(path), plain_clip(plain_bodies(path))
    assert clip.shape == CLIP_SHAPE and clip.dtype == np.float32
    np.testing.assert_allclose(clip, plain, rtol=0, atol=1e-6)
    assert (clip == plain).mean() >= 0.999


def followed_by_id(path):
    return without_still(by_id(read_recording(path), rejoined=True))


def test_persons_followed_by_id_keep_their_place(tmp_path):
    bodies = random_bodies(np.random.default_rng(8), 30, 3)
    bodies[0, ::3] = GONE  # the others move up in these frames
    bodies[2, 9:] = GONE
    path = write(tmp_path, bodies)
    np.testing.assert_allclose(followed_by_id(path), np.nan_to_num(bodies)[[1, 2, 0]], rtol=1e-6)
    np.testing.assert_array_equal(read_recording(path).joints, plain_bodies(path)[:3])


def test_an_id_after_the_last_frame_of_another_is_the_same_person(tmp_path):
    bodies = random_bodies(np.random.default_rng(9), 30, 3)
    bodies[1, 12:], bodies[2, :14] = GONE, GONE
    first, second = followed_by_id(write(tmp_path, bodies))
    np.testing.assert_allclose(first, bodies[0], rtol=1e-6)
    np.testing.assert_allclose(second, np.nan_to_num(bodies[1]) + np.nan_to_num(bodies[2]), rtol=1e-6)


def test_by_id_who_does_not_move_is_left_out_unless_nobody_does(tmp_path):
    bodies = change(random_bodies(np.random.default_rng(10), 30, 2), 'ghost before the person')
    for people, kept in ((bodies, bodies[1:]), (bodies[:1], np.nan_to_num(bodies[:1]))):
        np.testing.assert_allclose(followed_by_id(write(tmp_path, people)), kept, rtol=1e-6)


def test_ids_that_cannot_be_followed_are_refused(tmp_path):
    crowd = np.full((40, 40, 25, 3), GONE)
    crowd[range(40), range(40)] = 1
    with pytest.raises(UserError, match='more than 32 persons'):
        by_id(read_recording(write(tmp_path, crowd)))
    path = write(tmp_path, np.ones((2, 3, 25, 3)))
    path.write_text(path.read_text().replace('72057594037902951 ', '72057594037902950 '))
    with pytest.raises(UserError, match='two bodies in a frame have one id'):
        followed_by_id(path)


def test_pre_normalization_of_a_batch_is_that_of_each_clip(tmp_path):
    bodies = random_bodies(np.random.default_rng(3), 40, 2)
    path = write(tmp_path, bodies)
    raw = np.zeros((2, *CLIP_SHAPE), np.float32)
    raw[1, :, :40] = read_recording(path).joints.transpose(3, 1, 2, 0)[..., np.argsort(
        [-sum(body[..., c].std() for c in range(3)) for body in plain_bodies(path)[:2]])]
    normalized = pre_normalization(raw, zaxis=[0, 1], xaxis=[8, 4])
    assert not normalized[0].any()
    assert np.array_equal(normalized[1], clip_of(path))


def test_frames_beyond_the_300th_are_as_if_they_were_not_there(tmp_path):
    bodies = random_bodies(np.random.default_rng(1), 320, 2)
    assert np.array_equal(*(clip_of(write(tmp_path, part)) for part in (bodies, bodies[:, :300])))


GOOD = skeleton_text(random_bodies(np.random.default_rng(2), 3, 2)).encode()
FIRST_JOINT = GOOD.split(b'\n')[4]

BROKEN = {
    'empty': (b'', 'empty'),
    'cut off in the last line': (GOOD[:-4], 'truncated'),
    'cut off between frames': (b'2\n0\n', 'truncated'),
    'a word for a coordinate': (GOOD.replace(FIRST_JOINT, b'word ' + FIRST_JOINT.split(b' ', 1)[1]), "'word'"),
    'a value too many': (GOOD + b'1.0\n', 'too many'),
    'nan': (GOOD.replace(FIRST_JOINT, b'nan ' + FIRST_JOINT.split(b' ', 1)[1]), 'nan'),
    'far away': (GOOD.replace(FIRST_JOINT, b'1e300 ' + FIRST_JOINT.split(b' ', 1)[1]), '1e+300'),
    'utf-16': (GOOD.decode().encode('utf-16'), 'where the number of frames'),
    'absurdly many frames': (b'999999999' + GOOD[1:], 'truncated'),
    'absurdly many bodies': (b'3\n999999999' + GOOD[3:], 'joints'),
    'no body': (b'3\n0\n0\n0\n', 'without a skeleton'),
}


@pytest.mark.parametrize('kind', BROKEN)
def test_broken_files_are_named_with_what_is_wrong(tmp_path, kind):
    content, reason = BROKEN[kind]
    path = tmp_path / 'S001C001P001R001A001.skeleton'
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        clip_of(path)
    assert str(error.value).startswith(str(path)) and reason in str(error.value)
    assert len(str(error.value)) < len(str(path)) + 150
    with pytest.raises(UserError, match='nowhere.skeleton: cannot be read: No such file'):
        clip_of(tmp_path / 'nowhere.skeleton')
