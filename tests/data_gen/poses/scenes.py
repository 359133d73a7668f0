"""Scenes of people in an image of 1280×720, for tests of who is who: COCO's 17 joints, walking, with noise and gaps."""
import numpy as np

# COCO's 17 joints of a standing body, in fractions of its height, from the middle of the hips; y downwards.
STANDING = np.array([
    (0, -.44), (.02, -.46), (-.02, -.46), (.04, -.45), (-.04, -.45), (.1, -.32), (-.1, -.32), (.13, -.15), (-.13, -.15),
    (.14, 0), (-.14, 0), (.06, 0), (-.06, 0), (.06, .24), (-.06, .24), (.06, .48), (-.06, .48)])
LIMBS = {7: .03, 8: -.03, 9: .08, 10: -.08, 13: -.05, 14: .05, 15: -.12, 16: .12}  # joint → its swing, in heights


def walker(frames, start, step=(0, 0), height=400, seed=0, noise=3):
    """Return (T, 17, 3): x y in pixels and a score, of a person who moves by `step` pixels a frame, swinging limbs."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames)[:, None]
    body = np.repeat(STANDING[None] * rng.uniform(.9, 1.1, (17, 1)), frames, 0)
    swing = np.sin(2 * np.pi * (t[:, 0] / 30 + rng.random())) * (1 if any(step) else .2)
    for joint, width in LIMBS.items():
        body[:, joint, 0] += swing * width
    xy = body * height + np.asarray(start) + t[..., None] * np.asarray(step) + rng.normal(0, noise, body.shape)
    return np.concatenate((xy, rng.uniform(.5, 1, (frames, 17, 1))), 2)


def without(people, *spans):
    """Return `people` (M, T, V, C) without person m in the frames of each span (m, first, last + 1)."""
    people = people.copy()
    for m, first, end in spans:
        people[m, first:end] = 0
    return people


def missing_joints(people, fraction, seed=0):
    """Return `people` without a random fraction of their joints, in each frame others."""
    return people * (np.random.default_rng(seed).random(people.shape[:3]) >= fraction)[..., None]
