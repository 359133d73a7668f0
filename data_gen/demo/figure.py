"""A stick figure with NTU's 25 joints: a body of a given size, moved by joint angles (forward kinematics).

Axes are the figure's own: x to its right, y up, -z ahead of it; metres and radians. That is also how a Kinect
sees a person who faces it, up to a shift.
"""
import numpy as np

from graph.skeleton import skeleton

NTU = skeleton('ntu25')
JOINT = {name: i for i, name in enumerate(NTU.joint_names)}
FLEXION, ABDUCTION, TWIST = range(3)  # the last axis of an array of angles

# name: (the parent joint, the offset from it in a person of 1.70 m who stands with hanging arms).
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
BONES = {**TRUNK, **RIGHT_SIDE, **LEFT_SIDE}  # a joint always comes after its parent
PARENT = {JOINT[name]: JOINT[parent] for name, (parent, _) in BONES.items()}

# What a positive angle does: arms and thighs swing forward, shins backward, the trunk bends forward; limbs move
# away from the middle; arms and legs turn inward, the trunk turns to the left.
SIGN = np.array([
    [-1 if name in (*TRUNK, 'base of spine') or 'knee' in name else 1, -1 if 'left' in name else 1,
     -1 if 'left' in name else 1] for name in NTU.joint_names])


def body(rng):
    """Return one person's bones, (25, 3): the offset of each joint from its parent."""
    bones = np.zeros((25, 3))
    for name, (_, offset) in BONES.items():
        bones[JOINT[name]] = offset
    return bones * rng.uniform(.88, 1.12, 3)  # its width, height and depth


def pose(bones, angles):
    """Return the joints (T, 25, 3): the bones laid out by the angles (T, 25, 3), the left ankle at x = z = 0.

    The lowest joint of each frame is on the floor, y = 0.
    """
    flexion, abduction, twist = np.moveaxis(angles * SIGN, -1, 0)
    rotation = turn(abduction, 2) @ turn(flexion, 0) @ turn(twist, 1)
    joints = np.zeros((len(angles), 25, 3))
    for j, parent in PARENT.items():
        joints[:, j] = joints[:, parent] + rotation[:, parent] @ bones[j]
        rotation[:, j] = rotation[:, parent] @ rotation[:, j]
    origin = joints[:, JOINT['left ankle']].copy()
    origin[:, 1] = joints[..., 1].min(1)
    return joints - origin[:, None]


def turn(angle, axis):
    """Return the right-handed rotation by `angle` about x, y or z (0, 1, 2): (…) → (…, 3, 3)."""
    matrix = np.zeros((*np.shape(angle), 3, 3))
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix[..., axis, axis] = 1
    matrix[..., i, i] = matrix[..., j, j] = np.cos(angle)
    matrix[..., j, i] = np.sin(angle)
    matrix[..., i, j] = -matrix[..., j, i]
    return matrix


def mirrored(joints):
    """Return the joints (T, 25, 3) with left and right exchanged: a left-hander's movement."""
    order = np.arange(25)
    for left, right in NTU.left_right:
        order[[left, right]] = right, left
    return joints[:, order] * (-1, 1, 1)
