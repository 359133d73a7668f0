"""Where the joints of a body are drawn."""
import numpy as np

# A standing person who faces the reader: x to the right, y up. Joints of the left side; the right side mirrors them.
CENTRE = {'head': (0, 2.75), 'neck': (0, 2.2), 'spine at the shoulders': (0, 1.75), 'middle of spine': (0, .85),
          'base of spine': (0, 0), 'nose': (0, 2.5)}
LEFT = {'shoulder': (.7, 1.6), 'elbow': (1.15, .85), 'wrist': (1.5, .2), 'hand': (1.68, -.2), 'hand tip': (1.85, -.62),
        'thumb': (1.28, -.36), 'hip': (.42, -.2), 'knee': (.52, -1.25), 'ankle': (.6, -2.25), 'foot': (.85, -2.65),
        'eye': (.3, 2.85), 'ear': (.65, 2.6)}
POSITIONS = {**CENTRE, **{f'left {name}': (x, y) for name, (x, y) in LEFT.items()},
             **{f'right {name}': (-x, y) for name, (x, y) in LEFT.items()}}
SHORTER = (('left ', 'L '), ('right ', 'R '), ('spine at the shoulders', 'spine top'),
           ('middle of spine', 'spine middle'), ('base of spine', 'spine base'))
FRONT_OF_3D = -1  # prepared bodies look along y, away from the reader: mirrored, they face the reader
FARTHEST_TURN = np.pi / 3


def standing(joint_names):
    """Return (V, 2): where the named joints are in a standing person; joints of other skeletons lie on a circle."""
    if all(name in POSITIONS for name in joint_names):
        return np.array([POSITIONS[name] for name in joint_names])
    angle = 2 * np.pi * np.arange(len(joint_names)) / len(joint_names)
    return 2.5 * np.stack((np.sin(angle), np.cos(angle)), axis=1)


def short_names(joint_names):
    """Return the names, short enough for the ticks of a matrix."""
    shortened = []
    for name in joint_names:
        for long, short in SHORTER:
            name = name.replace(long, short)
        shortened.append(name)
    return shortened


def front_view(joints):
    """Return (M, T, V, 2) of joints (3, T, V, M): to the right and up, as seen from the front; NaN where there is none.

    Prepared NTU is 3D, with z up; two people are seen from where they stand side by side, or nearly. Kinetics is flat,
    its third channel a score that is never negative, 0 for joints that were not seen.
    """
    x, y, third = joints
    flat = third.min() >= 0
    seen = third > 0 if flat else np.broadcast_to(joints.any(axis=(0, 2))[:, None], x.shape)
    if flat:
        view = np.stack((x, y))
    else:
        angle = turn_of_camera(x, y, seen)
        view = np.stack((FRONT_OF_3D * (np.cos(angle) * x + np.sin(angle) * y), third))
    return np.where(seen, view, np.nan).transpose(3, 1, 2, 0)


def turn_of_camera(x, y, seen):
    """Return by how much, in radians, to walk around two people, seen in x and y (T, V, M), so that none hides one."""
    if not seen.any(axis=(0, 1)).all() or x.shape[2] != 2:
        return 0.
    away_x, away_y = (np.diff([values[..., m][seen[..., m]].mean() for m in range(2)])[0] for values in (x, y))
    angle = np.arctan2(away_y, away_x)
    angle -= np.pi * round(angle / np.pi)  # from either side: the shorter way
    return np.clip(angle, -FARTHEST_TURN, FARTHEST_TURN)
