"""What the demo's synthetic people do: joint angles over time, in each person's own style.

Every action starts and ends near the same upright stance, and actions share their postures on purpose: a wave and a
throw, a squat and a jump, a push and a hand shake differ by how they move.
"""
import dataclasses

import numpy as np

from data_gen.demo.figure import JOINT, body, mirrored, pose, turn

FRAME_RATE = 30  # frames in a second, as Kinect v2 records
JUMP = .35  # metres
CAMERA_HEIGHT, CAMERA_DISTANCE = 1.1, 3.3  # metres, from the floor and from where people stand
NOISE = .008  # metres, the standard deviation of a joint's coordinate as a sensor measures it


def held(time):
    """Return a curve over the `time` (T,) of an action, 0 to 1: it rises from 0 to 1, stays there, and falls again."""
    return np.clip(1.7 * np.sin(np.pi * time), 0, 1)


def swing(number):
    """Return a curve, a function of time as `held`, that swings `number` times between -1 and 1."""
    return lambda time: held(time) * np.sin(2 * np.pi * number * time)


def bump(start, end):
    """Return a curve, a function of time as `held`, that rises from 0 to 1 and falls back between `start` and `end`."""
    return lambda time: np.sin(np.pi * np.clip((time - start) / (end - start), 0, 1)) ** 2


# The movements of a person: rows of (joint, or a pair of joints without their side; a curve; the degrees of flexion,
# abduction and twist where the curve is 1).
WAVE = (
    ('right shoulder', held, (0, 80, -90)),
    ('right elbow', held, (70, 0, 0)),
    ('right elbow', swing(4), (38, 0, 0)))
THROW = (
    ('right shoulder', bump(0, .65), (0, 80, -90)),
    ('right elbow', bump(0, .65), (70, 0, 0)),
    ('right shoulder', bump(.4, .95), (80, 0, 0)),
    ('middle of spine', bump(.4, .95), (10, 0, 22)))
CLAP = (
    ('shoulder', held, (28, 0, 16)),
    ('elbow', held, (65, 0, 0)),
    ('shoulder', swing(4), (0, 0, 22)))
KICK = (
    ('right hip', bump(0, .5), (-30, 0, 0)),
    ('right knee', bump(0, .5), (75, 0, 0)),
    ('right hip', bump(.35, .95), (80, 0, 0)),
    ('left shoulder', bump(.35, .95), (45, 0, 0)))
SQUAT = (
    ('hip', bump(0, 1), (66, 7, 0)),
    ('knee', bump(0, 1), (100, 0, 0)),
    ('ankle', bump(0, 1), (34, 0, 0)),
    ('shoulder', bump(0, 1), (75, 0, 0)))
LEAP = (
    ('hip', bump(0, .45), (48, 5, 0)),
    ('knee', bump(0, .45), (73, 0, 0)),
    ('ankle', bump(0, .45), (25, 0, 0)),
    ('shoulder', bump(.32, .82), (140, 0, 0)))
SHAKE = (
    ('right shoulder', held, (38, 0, 28)),
    ('right elbow', held, (32, 0, 0)),
    ('middle of spine', held, (6, 0, 12)),
    ('right shoulder', swing(5), (9, 0, 0)),
    ('right elbow', swing(5), (14, 0, 0)))
PUSH = (
    ('elbow', bump(0, .5), (95, 0, 0)),
    ('shoulder', bump(.3, .85), (72, 0, 14)),
    ('middle of spine', bump(.3, .85), (16, 0, 0)))
BE_PUSHED = (
    ('middle of spine', bump(.5, 1), (-20, 0, 0)),
    ('shoulder', bump(.5, 1), (30, 25, 0)),
    ('elbow', bump(.5, 1), (35, 0, 0)))
STANCE = (
    ('shoulder', np.ones_like, (0, 10, 0)),
    ('elbow', np.ones_like, (18, 0, 0)),
    ('hip', np.ones_like, (0, 5, 0)))


@dataclasses.dataclass(frozen=True)
class Action:
    """An action of about so many `seconds`; `partner` holds the movements of the second person, if there is one."""

    name: str
    seconds: float
    movements: tuple
    partner: tuple = ()


ACTIONS = (
    Action('wave', 2.2, WAVE),
    Action('throw', 1.8, THROW),
    Action('clap', 2.0, CLAP),
    Action('kick', 1.6, KICK),
    Action('squat', 2.2, SQUAT),
    Action('jump', 1.7, LEAP),
    Action('shake hands', 2.2, SHAKE, partner=SHAKE),
    Action('push', 1.8, PUSH, partner=BE_PUSHED))


class Person:
    """One person, drawn from `rng`: the bones, and the style of movement."""

    def __init__(self, rng):
        self.bones = body(rng)
        self.speed = rng.uniform(.75, 1.1)
        self.amplitude = rng.uniform(.8, 1.15)
        self.left_handed = rng.random() < .3
        self.posture = rng.normal(scale=2, size=(25, 3))  # degrees

    def move(self, movements, time, rng):
        """Return the joints (T, 25, 3) of this person, right-handed, at the `time` (T,) of the movements, 0 to 1."""
        sway = rng.normal(scale=2, size=(2, 25, 3))
        degrees = self.posture + np.tensordot([np.sin(2 * np.pi * time), np.cos(2 * np.pi * time)], sway, (0, 0))
        for rows, amplitude in ((STANCE, 1), (movements, self.amplitude)):
            for joint, curve, angles in rows:
                for name in (joint,) if joint in JOINT else (f'left {joint}', f'right {joint}'):
                    degrees[:, JOINT[name]] += amplitude * np.outer(curve(time), angles)
        return pose(self.bones, np.deg2rad(degrees))


def perform(action, person, partner, rng):
    """Return one performance of an Action by a Person, (M, T, 25, 3), on a floor around the origin.

    M is 1, or 2 if the action has a part for the partner. One alone faces the camera, give or take; two face each
    other across its view, near enough to touch in the middle of the action.
    """
    frames = round(FRAME_RATE * action.seconds * rng.uniform(.9, 1.1) / person.speed)
    time = np.linspace(rng.uniform(0, .15), rng.uniform(.85, 1), frames)
    first = person.move(action.movements, time, rng)
    if action.name == 'jump':
        first[..., 1] += JUMP * bump(.4, .65)(time)[:, None]
    aside = turn(np.deg2rad(rng.uniform(-15, 15)), 1)
    if not action.partner:
        return (mirrored(first) if person.left_handed else first)[None] @ aside.T
    second = partner.move(action.partner, time, rng)
    gap = sum(-figure[frames // 2, JOINT['right hand'], 2] for figure in (first, second))
    return np.stack([(figure + (0, 0, gap / 2)) @ (aside @ turn(facing, 1)).T
                     for figure, facing in ((first, -np.pi / 2), (second, np.pi / 2))])


def measured(joints, degrees, rng):
    """Return the joints (…, 3) as a camera at `degrees` measures them: in its axes (x, y up, z away), with noise."""
    seen = joints @ turn(np.deg2rad(degrees), 1).T + (0, -CAMERA_HEIGHT, CAMERA_DISTANCE)
    return seen + NOISE * rng.standard_normal(joints.shape)
