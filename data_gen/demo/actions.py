"""What the demo's synthetic people do: joint angles over time, in each person's own style.

Every action starts and ends in the same upright stance, and actions share their postures on purpose: a wave and a
throw, a squat and a jump, a push and a hand shake differ by how they move.
"""
import dataclasses

import numpy as np

from data_gen.demo.figure import ABDUCTION, FLEXION, JOINT, ROOT, TWIST, Motion, mirrored, pose, turn

FRAME_RATE = 30  # frames in a second, as Kinect v2 records
CHEST = .12  # metres from the middle of the body to its front
ARMS = ('left', 'right')


@dataclasses.dataclass
class Style:
    """How one person moves. Angles in degrees."""

    speed: float
    amplitude: float
    left_handed: bool
    lean: float  # of the trunk, forward
    arms_out: float  # the angle between hanging arms and the trunk
    elbows: float  # the bend of hanging arms
    stance: float  # the angle between each leg and the vertical
    unrest: float  # how far the joints wander while nothing happens
    warp: float  # of an action's time: above 0 a person hurries its start and its end, below 0 its middle


def style(rng):
    """Return one person's style."""
    return Style(speed=rng.uniform(.8, 1.25), amplitude=rng.uniform(.8, 1.15), left_handed=rng.random() < .3,
                 lean=rng.uniform(-3, 8), arms_out=rng.uniform(5, 16), elbows=rng.uniform(8, 30),
                 stance=rng.uniform(2, 9), unrest=rng.uniform(1, 3), warp=rng.uniform(-.3, .3))


class Choreography:
    """One person's angles in T frames, to which an action adds its own. Angles are given in degrees.

    `u` (T,) is the action's own time, from 0 to 1; `seconds` (T,) is the clock. `tempo` and `phase` are those of a
    repeated movement, and the same for two who shake hands.
    """

    def __init__(self, frames, style, tempo, phase, rng):
        self.style, self.tempo, self.phase = style, tempo, phase
        self.seconds = np.arange(frames) / FRAME_RATE
        u = np.linspace(0, 1, frames)
        self.u = u + style.warp * np.sin(2 * np.pi * u) / (2 * np.pi)
        self.angles = resting_angles(self.seconds, style, rng)
        self.travel = np.zeros((frames, 3))
        self.planted = ('left ankle', 'right ankle')

    def bend(self, joint, flexion=0., abduction=0., twist=0.):
        """Add angles, each a number or (T,), at a joint, or at both of a pair named without its side."""
        for name in (joint,) if joint in JOINT else (f'left {joint}', f'right {joint}'):
            for axis, degrees in ((FLEXION, flexion), (ABDUCTION, abduction), (TWIST, twist)):
                self.angles[:, JOINT[name], axis] += np.deg2rad(degrees)

    def lean(self, degrees):
        """Bend the trunk forward over legs that stay as they are."""
        self.bend('base of spine', flexion=degrees)
        self.bend('hip', flexion=degrees)

    def held(self, rise=.2):
        """Return a curve (T,) that rises from 0 to 1 in a share `rise` of the time, stays, and falls back as fast."""
        return smooth_step(self.u / rise) * smooth_step((1 - self.u) / rise)

    def bump(self, start, end):
        """Return a curve (T,) that is 0 outside of [start, end] and swells to 1 and back within."""
        inside = np.clip((self.u - start) / (end - start), 0, 1)
        return np.sin(np.pi * inside) ** 2

    def beat(self, rate):
        """Return a swing (T,) between -1 and 1, `rate` times a second at a tempo of 1."""
        return np.sin(2 * np.pi * rate * self.tempo * self.seconds + self.phase)


def smooth_step(x):
    """Return 0 below 0, 1 above 1, and a smooth way between them."""
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def resting_angles(seconds, style, rng):
    """Return the angles (T, 25, 3) of a person who stands, breathes and shifts a little."""
    rate, phase = rng.uniform(.15, .6, size=(25, 3)), rng.uniform(0, 2 * np.pi, size=(25, 3))
    angles = np.deg2rad(style.unrest) * np.sin(2 * np.pi * rate * seconds[:, None, None] + phase)
    angles[:, ROOT] *= .5  # the whole body turns with it
    for side in ARMS:
        angles[:, JOINT[f'{side} shoulder'], ABDUCTION] += np.deg2rad(style.arms_out)
        angles[:, JOINT[f'{side} elbow'], FLEXION] += np.deg2rad(style.elbows)
        angles[:, JOINT[f'{side} hip'], ABDUCTION] += np.deg2rad(style.stance)
        angles[:, JOINT[f'{side} hip'], FLEXION] += np.deg2rad(style.lean)
    angles[:, ROOT, FLEXION] += np.deg2rad(style.lean)
    return angles


def hold_up_arm(person, up):
    """The upper arm out to the side and the forearm up, to the degree `up` (T,): where a wave and a throw begin."""
    person.bend('right shoulder', abduction=80 * up * person.style.amplitude, twist=-90 * up)
    person.bend('right elbow', flexion=70 * up)


def wave(person):
    """A raised hand that swings from side to side."""
    up = person.held()
    hold_up_arm(person, up)
    swing = up * person.beat(1.7) * person.style.amplitude
    person.bend('right elbow', flexion=38 * swing)
    person.bend('right wrist', abduction=12 * swing)
    person.bend('right shoulder', abduction=6 * swing)


def throw(person):
    """A raised hand that is flung forward and down, the trunk turning and one foot stepping with it."""
    drawn, flung = person.bump(.02, .65), person.bump(.4, .95)
    hold_up_arm(person, drawn)
    person.bend('right shoulder', flexion=80 * flung * person.style.amplitude)
    person.bend('right elbow', flexion=-.7 * person.style.elbows * flung)
    person.bend('middle of spine', twist=22 * flung - 15 * drawn)
    person.bend('left hip', flexion=18 * flung)
    person.bend('left knee', flexion=14 * flung)
    person.lean(10 * flung - 4 * drawn)


def clap(person):
    """Both forearms ahead, the hands meeting again and again."""
    up, amplitude = person.held(), person.style.amplitude
    person.bend('shoulder', flexion=28 * up, twist=up * (16 + 22 * amplitude * person.beat(2.2)))
    person.bend('elbow', flexion=65 * up)


def kick(person):
    """One leg swings back with a bent knee, then forward and up, and stretches."""
    back, ahead, amplitude = person.bump(.05, .5), person.bump(.35, .95), person.style.amplitude
    person.bend('right hip', flexion=(80 * ahead - 30 * back) * amplitude)
    person.bend('right knee', flexion=75 * back + 12 * ahead)
    person.bend('left knee', flexion=12 * (back + ahead))
    person.bend('left hip', flexion=8 * (back + ahead))
    person.bend('left shoulder', flexion=(45 * ahead - 15 * back) * amplitude)
    person.bend('right shoulder', flexion=(25 * back - 30 * ahead) * amplitude, abduction=15 * ahead)
    person.lean(8 * back - 10 * ahead)
    person.planted = ('left ankle',)


def crouch(person, depth):
    """Bend hips and knees by `depth` (T,), 1 being a full squat."""
    person.bend('hip', flexion=78 * depth, abduction=8 * depth)
    person.bend('knee', flexion=118 * depth)
    person.lean(30 * depth)


def squat(person):
    """Down and up again, once, at leisure, the arms stretched forward for balance."""
    depth = smooth_step(person.bump(.05, .95) * 1.4) * person.style.amplitude
    crouch(person, .85 * depth)
    person.bend('shoulder', flexion=75 * depth)


def jump(person):
    """A short crouch with the arms back, off the floor with the arms up, and a landing that gives."""
    amplitude = person.style.amplitude
    crouch(person, amplitude * (.62 * person.bump(.05, .45) + .5 * person.bump(.6, .98)))
    person.bend('shoulder', flexion=amplitude * (140 * person.bump(.32, .82) - 45 * person.bump(.02, .4)))
    in_flight = np.clip((person.u - .4) / .25, 0, 1)
    person.travel[:, 1] += 1.4 * amplitude * in_flight * (1 - in_flight)  # a parabola of 0.35 m
    person.bend('ankle', flexion=-35 * person.bump(.36, .68))


def shake_hands(person):
    """The right hand out to the other, up and down a few times."""
    out = person.held()
    person.bend('right shoulder', flexion=38 * out + 9 * out * person.beat(2.3) * person.style.amplitude)
    person.bend('right elbow', flexion=32 * out + 14 * out * person.beat(2.3) * person.style.amplitude)
    person.bend('right shoulder', twist=28 * out)  # the hands meet in the middle between the two
    person.bend('middle of spine', twist=12 * out)
    person.lean(6 * out)


def push(person):
    """Both hands drawn to the chest, then thrust forward."""
    drawn, thrust = person.bump(.05, .5), person.bump(.3, .85)
    person.bend('shoulder', flexion=72 * thrust * person.style.amplitude - 10 * drawn, twist=14 * (drawn + thrust))
    person.bend('elbow', flexion=95 * drawn - .8 * person.style.elbows * thrust)
    person.bend('right hip', flexion=22 * thrust)
    person.bend('right knee', flexion=20 * thrust)
    person.lean(16 * thrust)


def be_pushed(person):
    """Thrown back by the other's push: the trunk gives, the arms fly up, one step behind."""
    given, away = person.bump(.5, 1), smooth_step((person.u - .5) / .3)
    person.lean(-14 * given)
    person.bend('shoulder', flexion=30 * given, abduction=25 * given * person.style.amplitude)
    person.bend('elbow', flexion=35 * given)
    person.bend('left hip', flexion=-18 * given)
    person.bend('left knee', flexion=30 * given)
    person.travel[:, 2] += .3 * away * person.style.amplitude


@dataclasses.dataclass(frozen=True)
class Action:
    """`perform(Choreography)` adds the action's angles; `partner` is what a second person does meanwhile."""

    name: str
    perform: callable
    seconds: float
    partner: callable = None
    either_hand: bool = True


ACTIONS = (
    Action('wave', wave, 2.2),
    Action('throw', throw, 1.8),
    Action('clap', clap, 2.0),
    Action('kick', kick, 1.6),
    Action('squat', squat, 2.2),
    Action('jump', jump, 1.7),
    Action('shake hands', shake_hands, 2.2, partner=shake_hands, either_hand=False),
    Action('push', push, 1.8, partner=be_pushed, either_hand=False))


def perform(action, bones, styles, rng):
    """Return one performance, (M, T, 25, 3), M being 1 or 2: where the joints are on a floor around the origin.

    `bones` and `styles` hold the person's and the partner's. One alone faces the camera, give or take; two face each
    other across its view.
    """
    frames = round(FRAME_RATE * action.seconds * rng.uniform(.9, 1.1) / styles[0].speed)
    roles = (action.perform, action.partner) if action.partner else (action.perform,)
    tempo, phase = styles[0].speed, rng.uniform(0, 2 * np.pi)
    figures = []
    for role, body, its_style in zip(roles, bones, styles):
        person = Choreography(frames, its_style, tempo, phase, rng)
        role(person)
        motion = Motion(person.angles, person.travel, person.planted)
        if action.either_hand and its_style.left_handed:
            motion = mirrored(motion)
        figures.append(pose(body, motion))
    return face_camera(figures[0], rng)[None] if len(figures) == 1 else face_each_other(figures, action, rng)


def face_camera(figure, rng):
    """Return the figure (T, 25, 3) turned up to 15 degrees to either side."""
    return figure @ turn(np.deg2rad(rng.uniform(-15, 15)), 1).T


def face_each_other(figures, action, rng):
    """Return two figures, (2, T, 25, 3), who can just touch, the first looking along the x axis, give or take."""
    reach = [-figure[:, JOINT['right hand'], 2].min() for figure in figures]
    gap = reach[0] + (reach[1] if action.partner is action.perform else CHEST)
    about = turn(np.deg2rad(rng.uniform(-12, 12)), 1)
    return np.stack([(figure + (0, 0, gap / 2)) @ (about @ turn(facing, 1)).T
                     for figure, facing in zip(figures, (-np.pi / 2, np.pi / 2))])
