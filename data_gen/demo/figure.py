"""A stick figure with NTU's 25 joints: a body of a given size, moved by joint angles (forward kinematics).

Axes are the figure's own: x to its right, y up, -z ahead of it; metres and radians. That is also how a Kinect
sees a person who faces it, up to a shift.
"""
import dataclasses

import numpy as np

from graph.skeleton import skeleton

NTU = skeleton('ntu25')
JOINT = {name: i for i, name in enumerate(NTU.joint_names)}
FLEXION, ABDUCTION, TWIST = range(3)  # the last axis of an array of angles

# name: (the joint it hangs on, where it is from there in a person of 1.70 m who stands with hanging arms).
# The lengths follow the body segments of Winter, Biomechanics and Motor Control of Human Movement, figure 4.1.
TRUNK = {
    'middle of spine': ('base of spine', (0, .29, 0)),
    'spine at the shoulders': ('middle of spine', (0, .22, 0)),
    'neck': ('spine at the shoulders', (0, .08, 0)),
    'head': ('neck', (0, .15, -.02))}
RIGHT_SIDE = {
    'right shoulder': ('spine at the shoulders', (.18, -.04, 0)),
    'right elbow': ('right shoulder', (0, -.29, 0)),
    'right wrist': ('right elbow', (0, -.25, 0)),
    'right hand': ('right wrist', (0, -.08, 0)),
    'right hand tip': ('right hand', (0, -.08, 0)),
    'right thumb': ('right hand', (-.02, -.03, -.04)),
    'right hip': ('base of spine', (.09, -.06, 0)),
    'right knee': ('right hip', (0, -.41, 0)),
    'right ankle': ('right knee', (0, -.40, 0)),
    'right foot': ('right ankle', (0, -.06, -.13))}
LEFT_SIDE = {name.replace('right', 'left'): (parent.replace('right', 'left'), (-x, y, z))
             for name, (parent, (x, y, z)) in RIGHT_SIDE.items()}
BONES = {**TRUNK, **RIGHT_SIDE, **LEFT_SIDE}  # a joint always comes after the one it hangs on

ROOT = JOINT['base of spine']
PARENT = {JOINT[name]: JOINT[parent] for name, (parent, _) in BONES.items()}
SOLES = [JOINT[f'{side} {part}'] for side in ('left', 'right') for part in ('ankle', 'foot')]

# What a positive angle does: arms and thighs swing forward, shins backward, the trunk bends forward; limbs move
# away from the middle; arms and legs turn inward, the trunk turns to the left.
SIGN = np.array([
    [-1 if name in (*TRUNK, 'base of spine') or 'knee' in name else 1, -1 if 'left' in name else 1,
     -1 if 'left' in name else 1] for name in NTU.joint_names])


@dataclasses.dataclass
class Motion:
    """What a figure does in T frames."""

    angles: np.ndarray  # (T, 25, 3): flexion, abduction and twist of what hangs on each joint
    travel: np.ndarray  # (T, 3): the way of the feet from where they started; y is the height of a jump
    planted: tuple = ('left ankle', 'right ankle')  # the body moves so that the middle of these stays in its place


def body(rng):
    """Return one person's bones, (25, 3): where each joint is from the joint it hangs on, in a body of its own size."""
    bones = np.zeros((25, 3))
    for name, (_, offset) in BONES.items():
        bones[JOINT[name]] = offset
    legs, arms, trunk = rng.uniform(.94, 1.06, size=3)
    for name in BONES:
        limb = legs if name.endswith(('knee', 'ankle', 'foot')) else trunk if name in TRUNK else arms
        bones[JOINT[name]] *= limb
    bones[[JOINT['left shoulder'], JOINT['right shoulder']]] *= rng.uniform(.85, 1.15)
    bones[[JOINT['left hip'], JOINT['right hip']]] *= rng.uniform(.85, 1.15)
    return bones * rng.uniform(.9, 1.12)  # 1.53 m to 1.90 m


def mirrored(motion):
    """Return the motion with left and right changed over, as a left-hander does it."""
    order = np.arange(25)
    for left, right in NTU.left_right:
        order[[left, right]] = right, left
    angles = motion.angles[:, order].copy()
    middle = [JOINT[name] for name in (*TRUNK, 'base of spine')]
    angles[:, middle, ABDUCTION:] *= -1
    side = {'left': 'right', 'right': 'left'}
    planted = tuple(f'{side[name.split()[0]]} {name.split()[1]}' for name in motion.planted)
    return Motion(angles, motion.travel * (-1, 1, 1), planted)


def joint_rotations(angles):
    """Return the rotation at each joint: (T, 25, 3) angles → (T, 25, 3, 3), twist first, abduction last."""
    flexion, abduction, twist = np.moveaxis(angles * SIGN, -1, 0)
    return turn(abduction, 2) @ turn(flexion, 0) @ turn(twist, 1)


def turn(angle, axis):
    """Return the right-handed rotation by `angle` about x, y or z (0, 1, 2): (…) → (…, 3, 3)."""
    matrix = np.zeros((*np.shape(angle), 3, 3))
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix[..., axis, axis] = 1
    matrix[..., i, i] = matrix[..., j, j] = np.cos(angle)
    matrix[..., j, i] = np.sin(angle)
    matrix[..., i, j] = -matrix[..., j, i]
    return matrix


def pose(bones, motion):
    """Return where the joints are, (T, 25, 3): the bones laid out by the angles, the feet on the floor (y = 0)."""
    angles = with_flat_feet(motion.angles)
    rotation = joint_rotations(angles)
    joints = np.zeros((len(angles), 25, 3))
    for j, parent in PARENT.items():
        joints[:, j] = joints[:, parent] + rotation[:, parent] @ bones[j]
        rotation[:, j] = rotation[:, parent] @ rotation[:, j]
    standing = joints[:, [JOINT[name] for name in motion.planted]].mean(1)
    standing[:, 1] = joints[:, SOLES, 1].min(1)
    return joints + (motion.travel - standing)[:, None]


def with_flat_feet(angles):
    """Return the angles with each ankle bent so that the foot stays level, whatever thigh and shin do."""
    angles = angles.copy()
    for side in ('left', 'right'):
        thigh = angles[:, JOINT[f'{side} hip'], FLEXION] - angles[:, ROOT, FLEXION]
        angles[:, JOINT[f'{side} ankle'], FLEXION] += angles[:, JOINT[f'{side} knee'], FLEXION] - thigh
    return angles
