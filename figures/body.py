"""Where the joints of a body are drawn."""
import numpy as np

# A standing person who faces the reader: x to the right, y up. Joints of the left side; the right side mirrors them.
CENTRE = {'head': (0, 2.75), 'neck': (0, 2.2), 'spine at the shoulders': (0, 1.75), 'middle of spine': (0, .85),
          'base of spine': (0, 0), 'pelvis': (0, 0),
          'nose': (0, 2.5)}
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
    """Return (V, 2): where the graph's joints are in a standing person; if some have other names, `spread_tree`."""
    if all(name in POSITIONS for name in graph.joint_names):
        return np.array([POSITIONS[name] for name in graph.joint_names])
    return spread_tree(graph)


def spread_tree(graph):
    """Return (V, 2): the graph's root in the middle, every other joint one step further out than that it hangs on.

    Joints that nothing hangs on share a circle evenly, the others point to the middle of what hangs on them, so links
    do not cross. The joints of a graph that is no tree, which code of one's own may make, are on a circle.
    """
    parent = dict(graph.inward)
    hanging = {joint: [] for joint in range(graph.num_node)}
    for joint, towards in graph.inward:
        hanging[towards].append(joint)
    roots = hanging.keys() - parent.keys()
    if len(roots) != 1 or len(parent) != len(graph.inward):
        return circle(graph.num_node)
    root, = roots
    order, steps = [root], {root: 0}
    for joint in order:  # grows: a joint always comes after the one it hangs on
        order += hanging[joint]
        steps.update(dict.fromkeys(hanging[joint], steps[joint] + 1))
    if len(order) != graph.num_node:
        return circle(graph.num_node)
    ends = ends_below(root, hanging)
    angle = {joint: 2 * np.pi * i / len(ends) for i, joint in enumerate(ends)}
    for joint in reversed(order):
        if hanging[joint]:
            angle[joint] = np.mean([angle[one] for one in hanging[joint]])
    farthest = max(steps.values()) or 1
    return np.array([(np.sin(angle[joint]), np.cos(angle[joint])) * np.array(2.5 * steps[joint] / farthest)
                     for joint in range(graph.num_node)])


def circle(count):
    """Return (count, 2): places evenly on a circle."""
    angle = 2 * np.pi * np.arange(count) / count
    return 2.5 * np.stack((np.sin(angle), np.cos(angle)), 1)


def ends_below(joint, hanging):
    """Return the joints that nothing hangs on, of those that hang on `joint`, neighbours side by side."""
    ends, waiting = [], [joint]
    while waiting:
        joint = waiting.pop()
        waiting += reversed(hanging[joint])
        ends += [] if hanging[joint] else [joint]
    return ends


def short_names(joint_names):
    """Return the names, short enough for the ticks of a matrix."""
    shortened = []
    for name in joint_names:
        for long, short in SHORTER:
            name = name.replace(long, short)
        shortened.append(name)
    return shortened


def front_view(joints, kind=None):
    """Return (M, T, V, 2) of joints (3, T, V, M): to the right and up, as seen from the front; NaN where there is none.

    `kind` says what the channels are. UPRIGHT is 3D with z up, as prepared NTU; two people are seen from where they
    stand side by side, or nearly. AS_RECORDED is 3D with x to the right and y up. FLAT is 2D, its third channel a
    score, 0 for joints that were not seen, as in Kinetics; without `kind`, it is that which is never negative.
    """
    x, y, third = joints
    kind = kind or (FLAT if third.min() >= 0 else UPRIGHT)
    seen = third > 0 if kind == FLAT else np.broadcast_to(joints.any(axis=(0, 2))[:, None], x.shape)
    if kind == UPRIGHT:
        angle = turn_of_camera(x, y, seen)
        view = np.stack((FRONT_OF_3D * (np.cos(angle) * x + np.sin(angle) * y), third))
    else:
        view = np.stack((x, y))
    return np.where(seen, view, np.nan).transpose(3, 1, 2, 0)


def turn_of_camera(x, y, seen):
    """Return by how much, in radians, to walk around two people, seen in x and y (T, V, M), so that none hides one."""
    if not seen.any(axis=(0, 1)).all() or x.shape[2] != 2:
        return 0.
    away_x, away_y = (np.diff([values[..., m][seen[..., m]].mean() for m in range(2)])[0] for values in (x, y))
    angle = np.arctan2(away_y, away_x)
    angle -= np.pi * round(angle / np.pi)  # from either side: the shorter way
    return np.clip(angle, -FARTHEST_TURN, FARTHEST_TURN)
