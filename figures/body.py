"""Where the joints of a body are drawn."""
import itertools

import numpy as np

# A standing person who faces the reader: x to the right, y up. Joints of the left side; the right side mirrors them.
CENTRE = {'head': (0, 2.75), 'neck': (0, 2.2), 'spine at the shoulders': (0, 1.75), 'middle of spine': (0, .85),
          'base of spine': (0, 0), 'pelvis': (0, 0), 'nose': (0, 2.5)}
LEFT = {'shoulder': (.7, 1.6), 'elbow': (1.15, .85), 'wrist': (1.5, .2), 'hand': (1.68, -.2), 'hand tip': (1.85, -.62),
        'thumb': (1.28, -.36), 'hip': (.42, -.2), 'knee': (.52, -1.25), 'ankle': (.6, -2.25), 'foot': (.85, -2.65),
        'eye': (.3, 2.85), 'ear': (.65, 2.6)}
POSITIONS = {**CENTRE, **{f'left {name}': (x, y) for name, (x, y) in LEFT.items()},
             **{f'right {name}': (-x, y) for name, (x, y) in LEFT.items()}}
SHORTER = (('left ', 'L '), ('right ', 'R '), ('spine at the shoulders', 'spine top'),
           ('middle of spine', 'spine middle'), ('base of spine', 'spine base'))
FRONT_OF_3D = -1  # prepared bodies look along y, away from the reader: mirrored, they face the reader
FARTHEST_TURN = np.pi / 3
FLAT, UPRIGHT, AS_RECORDED = 'flat', 'upright', 'as recorded'  # what clips hold


def standing(graph):
    """Return (V, 2): where the graph's joints are in a standing person; if some have other names, see `spread_tree`."""
    if all(name in POSITIONS for name in graph.joint_names):
        return np.array([POSITIONS[name] for name in graph.joint_names])
    return spread_tree(graph)


def spread_tree(graph):
    """Return (V, 2): the graph's root in the middle, every other joint one step further out than the one it hangs on.

    The ends of the tree are at even angles, and every other joint at the mean angle of those that hang on it, so that
    links do not cross. The joints of a graph that is not a tree are on a circle.
    """
    V, parent = graph.num_node, dict(graph.inward)
    hanging = {joint: [i for i, towards in graph.inward if towards == joint] for joint in range(V)}
    roots = hanging.keys() - parent.keys()
    turn, steps, ends = {}, {}, itertools.count()

    def visit(joint, step):
        steps[joint] = step
        below = [visit(other, step + 1) for other in hanging[joint]]
        turn[joint] = np.mean(below) if below else next(ends)
        return turn[joint]

    if len(roots) == 1 and len(parent) == len(graph.inward):
        visit(roots.pop(), 0)
    if len(turn) < V:
        return on_circles(np.arange(V) / V, np.ones(V))
    turns, radii = (np.array([of[joint] for joint in range(V)]) for of in (turn, steps))
    return on_circles(turns / next(ends), radii / max(1, radii.max()))


def on_circles(turns, radii):
    """Return (V, 2): places at `turns` (V,), the share of a turn from the top, and `radii` (V,), from 0 to 1."""
    return 2.5 * np.stack((radii * np.sin(2 * np.pi * turns), radii * np.cos(2 * np.pi * turns)), 1)


def short_names(joint_names):
    """Return the names, short enough for the ticks of a matrix."""
    for long, short in SHORTER:
        joint_names = [name.replace(long, short) for name in joint_names]
    return joint_names


def front_view(joints, kind=None):
    """Return (M, T, V, 2) of joints (3, T, V, M): to the right and up, as seen from the front; NaN for unseen joints.

    `kind` says what the channels are. UPRIGHT is 3D with z up, as prepared NTU. AS_RECORDED is 3D with x to the right
    and y up. FLAT is 2D with a score, which is 0 for joints that were not seen, as in Kinetics. If `kind` is None, the
    clip is FLAT if its third channel is never negative, else UPRIGHT.
    """
    x, y, third = joints
    kind = kind or (FLAT if third.min() >= 0 else UPRIGHT)
    seen = third > 0 if kind == FLAT else np.broadcast_to(joints.any(axis=(0, 2))[:, None], x.shape)
    right, up = x, y
    if kind == UPRIGHT:
        angle = turn_of_camera(x, y, seen)
        right, up = FRONT_OF_3D * (np.cos(angle) * x + np.sin(angle) * y), third
    return np.where(seen, np.stack((right, up)), np.nan).transpose(3, 1, 2, 0)


def turn_of_camera(x, y, seen):
    """Return the angle, in radians, by which the camera goes around two people so that neither hides the other.

    x, y and `seen` are (T, V, M). With another number of people it is 0.
    """
    if not seen.any(axis=(0, 1)).all() or x.shape[2] != 2:
        return 0.
    first, second = (np.array([values[..., m][seen[..., m]].mean() for values in (x, y)]) for m in range(2))
    away_x, away_y = second - first
    angle = np.arctan2(away_y, away_x)
    angle -= np.pi * round(angle / np.pi)  # from either side: the shorter way
    return np.clip(angle, -FARTHEST_TURN, FARTHEST_TURN)
