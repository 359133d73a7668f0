"""One recording: reading, checks, normalisation, against the plain transcription of the contract."""
import numpy as np
import pytest

from data_gen.formats.ntu_skeleton import read_recording
from data_gen.normalize import pre_normalization
from data_gen.persons import by_id, without_still
from runtime.errors import UserError
from tests.data_gen.plain_ntu import plain_clip
from tests.data_gen.prepared import clip_of
from tests.data_gen.raw_ntu import random_bodies, skeleton_text

GONE = np.nan
CLIP_SHAPE = 3, 300, 25, 2


def prepare_clip(path):
    """Return the clip of the recording at `path`."""
    return clip_of(path)


def as_read(bodies):
    """Return bodies (M, T, 25, 3) as they stand in the file: moved up in frames that lack one, digits cut, M = 4."""
    read = np.zeros((4, *bodies.shape[1:]))
    for t in range(bodies.shape[1]):
        there = [body for body in bodies[:, t] if not np.isnan(body).any()]
        for m, body in enumerate(there[:4]):
            read[m, t] = [[float(f'{value:.7g}') for value in joint] for joint in body.tolist()]
    return read


def one_person(b):
    return b[:1]


def two_people(b):
    return b[:2]


def late_start(b):
    b[0, :5] = GONE
    b[0, 20] = GONE
    return b[:1]


def gap_and_early_end(b):
    b[0, 7:10] = GONE
    b[0, -4:] = GONE
    return b[:1]


def second_of_other_length(b):
    b[1, 12:] = GONE
    return b[:2]


def second_comes_late(b):
    b[1, :9] = GONE
    return b[:2]


def ghost_before_the_person(b):
    b[0] = b[0, :1] * 0.1  # still, and first in the file
    b[0, ::3] = GONE
    return b[:2]


def five_people(b):
    b[1] *= 3
    return b


def joints_at_zero(b):
    b[0, :, 20:23] = 0
    return b[:1]


def spine_along_z_and_no_shoulders(b):
    b[0, 0, 1] = b[0, 0, 0] + (0, 0, 0.5)
    b[0, 0, 8] = b[0, 0, 4]
    return b[:1]


def upside_down(b):
    b[0, 0, 1] = b[0, 0, 0] + (0.01, 0, -0.5)
    return b[:1]


CASES = (one_person, two_people, late_start, gap_and_early_end, second_of_other_length, second_comes_late,
         ghost_before_the_person, five_people, joints_at_zero, spine_along_z_and_no_shoulders, upside_down)


@pytest.mark.parametrize('change', CASES)
@pytest.mark.parametrize('frames', [31, 300])
def test_clip_equals_the_plain_transcription(tmp_path, change, frames):
    bodies = change(random_bodies(np.random.default_rng([7, CASES.index(change), frames]), frames, 5))
    path = tmp_path / 'a.skeleton'
    path.write_text(skeleton_text(bodies), encoding='ascii')
    clip, plain = prepare_clip(path), plain_clip(as_read(bodies))
    assert clip.shape == CLIP_SHAPE and clip.dtype == np.float32 and clip.flags.c_contiguous
    np.testing.assert_allclose(clip, plain, rtol=0, atol=1e-6)
    assert (clip == plain).mean() >= 0.999


def followed_by_id(path):
    return without_still(by_id(read_recording(path), rejoined=True))


def test_persons_followed_by_id_keep_their_place(tmp_path):
    bodies = random_bodies(np.random.default_rng(8), 30, 3)
    bodies[0, ::3] = GONE  # the others move up in these frames
    bodies[2, 9:] = GONE
    path = tmp_path / 'a.skeleton'
    path.write_text(skeleton_text(bodies), encoding='ascii')
    followed = followed_by_id(path)
    np.testing.assert_allclose(followed, np.nan_to_num(bodies)[[1, 2, 0]], rtol=1e-6)
    np.testing.assert_allclose(read_recording(path).joints, as_read(bodies)[:3])


def test_an_id_after_the_last_frame_of_another_is_the_same_person(tmp_path):
    bodies = random_bodies(np.random.default_rng(9), 30, 3)
    bodies[1, 12:], bodies[2, :14] = GONE, GONE
    path = tmp_path / 'a.skeleton'
    path.write_text(skeleton_text(bodies), encoding='ascii')
    first, second = followed_by_id(path)
    np.testing.assert_allclose(first, bodies[0], rtol=1e-6)
    np.testing.assert_allclose(second[14:], bodies[2, 14:], rtol=1e-6)
    np.testing.assert_allclose(second[:12], bodies[1, :12], rtol=1e-6)


def test_by_id_who_does_not_move_is_left_out_unless_nobody_does(tmp_path):
    bodies = ghost_before_the_person(random_bodies(np.random.default_rng(10), 30, 2))
    path = tmp_path / 'a.skeleton'
    for people, kept in ((bodies, bodies[1:]), (bodies[:1], np.nan_to_num(bodies[:1]))):
        path.write_text(skeleton_text(people), encoding='ascii')
        np.testing.assert_allclose(followed_by_id(path), kept, rtol=1e-6)


@pytest.mark.parametrize('frames, words', [
    ([[number] for number in range(40)] * 2, '40 persons'), ([[7, 8], [7, 7]], 'two bodies in a frame have one id')])
def test_ids_that_cannot_be_followed_are_refused(tmp_path, frames, words):
    there = GOOD.decode().split('\n', 2)[2].split('\n', 27)  # of the first body: its line, the 25, its joints
    lines = [str(len(frames))]
    for ids in frames:
        lines += [str(len(ids)), *('\n'.join([f'{number} 0 1 1 1 1 0 0 0 2', *there[1:27]]) for number in ids)]
    path = tmp_path / 'a.skeleton'
    path.write_text('\n'.join([*lines, '']), encoding='ascii')
    assert len(read_recording(path).joints) == len(frames[0])
    with pytest.raises(UserError, match=words):
        followed_by_id(path)


def test_pre_normalization_of_a_batch_is_that_of_each_clip(tmp_path):
    bodies = random_bodies(np.random.default_rng(3), 40, 2)
    path = tmp_path / 'a.skeleton'
    path.write_text(skeleton_text(bodies), encoding='ascii')
    raw = np.zeros((2, *CLIP_SHAPE), np.float32)
    raw[1, :, :40] = read_recording(path).joints.transpose(3, 1, 2, 0)[..., np.argsort(
        [-sum(body[..., c].std() for c in range(3)) for body in as_read(bodies)[:2]])]
    normalized = pre_normalization(raw, zaxis=[0, 1], xaxis=[8, 4])
    assert not normalized[0].any()
    assert np.array_equal(normalized[1], prepare_clip(path))


def test_numbers_are_read_as_float_reads_them(tmp_path):
    rng = np.random.default_rng(5)
    spellings = ('%r', '%.7g', '%.6f', '%.2e', '%.15f', '%.0f', '%+.3f')
    words = [spellings[i % 7] % value for i, value in enumerate((rng.normal(size=75) * 10.0 ** (np.arange(75) % 9 - 4))
                                                                .tolist())]
    words[:8] = ['0', '-0.0', '.5', '-5.', '007.25', '99999.999999999', '1e-05', '0.00000000000001']
    lines = ''.join(f'{words[3 * v]} {words[3 * v + 1]}\t{words[3 * v + 2]} 1 2 3 4 5 6 7 8 9\r\n' for v in range(25))
    path = tmp_path / 'a.skeleton'
    path.write_text(f'1\n1\n1 2 3 4 5 6 7 8 9 10\n25\n{lines}', encoding='ascii')
    joints = read_recording(path).joints
    assert joints.shape == (1, 1, 25, 3)
    assert joints.ravel().tolist() == [float(word) for word in words]


def test_frames_beyond_the_300th_are_as_if_they_were_not_there(tmp_path):
    bodies = random_bodies(np.random.default_rng(1), 320, 2)
    for name, part in (('long', bodies), ('short', bodies[:, :300])):
        (tmp_path / f'{name}.skeleton').write_text(skeleton_text(part), encoding='ascii')
    assert np.array_equal(prepare_clip(tmp_path / 'long.skeleton'), prepare_clip(tmp_path / 'short.skeleton'))


GOOD = skeleton_text(random_bodies(np.random.default_rng(2), 3, 2)).encode()
FIRST_JOINT = GOOD.split(b'\n')[4]

BROKEN = {
    'empty': (b'', 'empty'),
    'blank': (b' \n\n', 'empty'),
    'cut off': (GOOD[:len(GOOD) // 2], 'truncated'),
    'cut off in the last line': (GOOD[:-4], 'truncated'),
    'cut off between frames': (b'2\n0\n', 'truncated'),
    'a word for a coordinate': (GOOD.replace(FIRST_JOINT, b'word ' + FIRST_JOINT.split(b' ', 1)[1]), "'word'"),
    'a number that is none': (GOOD.replace(FIRST_JOINT, b'1-2 ' + FIRST_JOINT.split(b' ', 1)[1]), '1-2'),
    '24 joints': (GOOD.replace(b'\n25\n', b'\n24\n', 1), '24'),
    'a value missing': (GOOD.replace(b' 1.5 ', b' ', 1), 'joints'),
    'a value too many': (GOOD + b'1.0\n', 'too many'),
    'nan': (GOOD.replace(FIRST_JOINT, b'nan ' + FIRST_JOINT.split(b' ', 1)[1]), 'nan'),
    'inf': (GOOD.replace(FIRST_JOINT, b'-inf ' + FIRST_JOINT.split(b' ', 1)[1]), 'inf'),
    'far away': (GOOD.replace(FIRST_JOINT, b'1e300 ' + FIRST_JOINT.split(b' ', 1)[1]), '1e+300'),
    'binary': (bytes(range(256)) * 20, 'number of frames should be'),
    'utf-16': (GOOD.decode().encode('utf-16'), 'number of frames should be'),
    'absurdly many frames': (b'999999999' + GOOD[1:], 'too many'),
    'more frames than there are': (b'20000' + GOOD[1:], 'truncated'),
    'absurdly many bodies': (b'3\n999999999' + GOOD[3:], 'joints'),
    'a count of 5000 digits': (b'9' * 5000 + GOOD[1:], 'frames'),
    'less than no frames': (b'-1\n' + GOOD[2:], "'-1'"),
    'no body': (b'3\n0\n0\n0\n', 'without a skeleton'),
    'no frame': (b'0\n', 'without a skeleton'),
}


@pytest.mark.parametrize('kind', BROKEN)
def test_broken_files_are_named_with_what_is_wrong(tmp_path, kind):
    content, reason = BROKEN[kind]
    path = tmp_path / 'S001C001P001R001A001.skeleton'
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        prepare_clip(path)
    assert str(error.value).startswith(str(path)) and reason in str(error.value)
    assert len(str(error.value)) < len(str(path)) + 150


def test_a_byte_order_mark_is_passed_over(tmp_path):
    for name, content in (('plain', GOOD), ('marked', b'\xef\xbb\xbf' + GOOD)):
        (tmp_path / f'{name}.skeleton').write_bytes(content)
    assert np.array_equal(*(prepare_clip(tmp_path / f'{name}.skeleton') for name in ('plain', 'marked')))


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(UserError, match='nowhere.skeleton: cannot be read: No such file'):
        prepare_clip(tmp_path / 'nowhere.skeleton')
    with pytest.raises(UserError, match='directory'):
        read_recording(tmp_path)


def test_a_file_that_is_far_too_large_is_not_read(tmp_path):
    path = tmp_path / 'a.skeleton'
    with open(path, 'wb') as file:
        file.truncate(1 << 40)  # takes no room on the disk
    with pytest.raises(UserError, match='too much'):
        prepare_clip(path)
