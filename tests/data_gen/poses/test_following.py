"""Who is who: people of 400 pixels, and of 150, who stand, cross, are hidden and come back."""
import numpy as np
import pytest

from data_gen.poses.following import Follower

pytest.importorskip('norfair')
WIDTH, HEIGHT = 1280, 720
T = 90
# COCO's 17 joints of a standing body, in fractions of its height, from the middle of the hips; y downwards.
STANDING = np.array([
    (0, -.44), (.02, -.46), (-.02, -.46), (.04, -.45), (-.04, -.45), (.1, -.32), (-.1, -.32), (.13, -.15), (-.13, -.15),
    (.14, 0), (-.14, 0), (.06, 0), (-.06, 0), (.06, .24), (-.06, .24), (.06, .48), (-.06, .48)])
LIMBS = {7: .03, 8: -.03, 9: .08, 10: -.08, 13: -.05, 14: .05, 15: -.12, 16: .12}  # joint → its swing, in heights


def walker(frames, start, step=(0, 0), height=400, seed=0):
    """Return (T, 17, 3): x y in pixels and a score, of a person who moves by `step` pixels a frame, swinging limbs."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames)[:, None]
    body = np.repeat(STANDING[None] * rng.uniform(.9, 1.1, (17, 1)), frames, 0)
    swing = np.sin(2 * np.pi * (t[:, 0] / 30 + rng.random())) * (1 if any(step) else .2)
    for joint, width in LIMBS.items():
        body[:, joint, 0] += swing * width
    xy = body * height + np.asarray(start) + t[..., None] * np.asarray(step) + rng.normal(0, 3, body.shape)
    return np.concatenate((xy, rng.uniform(.5, 1, (frames, 17, 1))), 2)


def without(people, *spans):
    """Return `people` (M, T, V, C) without person m in the frames of each span (m, first, last + 1)."""
    people = people.copy()
    for m, first, end in spans:
        people[m, first:end] = 0
    return people


@pytest.fixture(params=[400, 150], ids='height {}'.format)
def height(request):
    return request.param


@pytest.fixture(params=[0, .3], ids='missing {}'.format)
def fraction(request):
    """The fraction of joints that are missing."""
    return request.param


def assert_everybody_is_followed(people, fraction):
    """Each of the `people` (M, T, V, 3) has one number in all frames, though a random fraction of joints is missing."""
    rng = np.random.default_rng(0)
    people = people * (rng.random(people.shape[:3]) >= fraction)[..., None] / [WIDTH, HEIGHT, 1]
    present, found = people.any((2, 3)), np.full(people.shape[:2], -1)
    follower = Follower((WIDTH, HEIGHT))
    for t in range(people.shape[1]):
        order = rng.permutation(np.flatnonzero(present[:, t]))
        found[order, t] = follower.follow(people[order, t])
    numbers = [set(row[here].tolist()) for row, here in zip(found, present)]
    assert [len(of_person) for of_person in numbers] == [1] * len(people)
    assert set.union(*numbers) == set(range(len(people)))


@pytest.mark.parametrize('distance', [100, 200, 300, 400])
def test_who_stands_still_keeps_their_number_when_a_neighbour_goes_and_a_third_comes(height, fraction, distance):
    left, middle, right = (walker(T, (640 + side * distance * height / 400, 360), height=height, seed=seed)
                           for seed, side in enumerate((-1, 0, 1)))
    for comes in (41, 45):
        people = without(np.stack((left, middle, right)), (0, 40, T), (2, 0, comes))
        assert_everybody_is_followed(people, fraction)


@pytest.mark.parametrize('speed', [.01, .02, .035])
@pytest.mark.parametrize('gap', [0, 6, 12, 25])
def test_people_who_cross_are_not_exchanged_though_one_is_hidden(height, fraction, speed, gap):
    step = speed * height
    people = np.stack((walker(T, (640 - 45 * step, 360), (step, 0), height, seed=1),
                       walker(T, (640 + 45 * step, 365), (-step, 0), 1.05 * height, seed=2)))
    assert_everybody_is_followed(without(people, (0, 45 - gap // 2, 45 + gap - gap // 2)), fraction)


@pytest.mark.parametrize('speed, last_seen', [(0, 4), (0, 40), (.01, 40), (.035, 40)])
@pytest.mark.parametrize('gap', [6, 12, 25])
def test_who_is_away_for_less_than_a_second_comes_back_as_the_same_person(height, fraction, speed, last_seen, gap):
    people = walker(T, (300, 360), (speed * height, 0), height)[None]
    assert_everybody_is_followed(without(people, (0, last_seen, last_seen + gap)), fraction)


def test_who_is_away_for_long_comes_back_as_another():
    one = without(walker(T, (640, 360))[None], (0, 10, 50))[0] / [WIDTH, HEIGHT, 1]
    follower = Follower((WIDTH, HEIGHT))
    numbers = [follower.follow(joints[None] if joints.any() else joints[None][:0]).tolist() for joints in one]
    assert numbers == [[0]] * 10 + [[]] * 40 + [[1]] * 40
