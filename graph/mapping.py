"""The joints of one skeleton from those of another, by name: from a pose estimator's to those of a trained network.

A joint that the source lacks is derived from others, as DERIVED says; if they are lacking too, it is missing.
"""
import numpy as np

SHOULDERS = 'left shoulder', 'right shoulder'
HIPS = 'left hip', 'right hip'
EARS = 'left ear', 'right ear'

# Joint: the ways to derive it, best first. Each way is a list of joints whose middle stands in for it.
DERIVED = {
    'neck': [SHOULDERS],
    'nose': [['head']],
    'head': [EARS, ['nose']],
    'thorax': [['spine at the shoulders'], SHOULDERS],
    'spine at the shoulders': [['thorax'], SHOULDERS],
    'middle of spine': [['navel'], ['spine 2'], SHOULDERS + HIPS],
    'base of spine': [['pelvis'], ['middle of hips'], HIPS],
    'middle of hips': [['pelvis'], ['base of spine'], HIPS],
    'pelvis': [['base of spine'], ['middle of hips'], HIPS],
    **{f'{side} {joint}': [[f'{side} {source}' for source in way] for way in ways]
       for side in ('left', 'right')
       for joint, ways in {'hand': [['index', 'pinky']],
                           'hand tip': [['index']],
                           'foot': [['foot index'], ['big toe']],
                           'foot index': [['big toe']],
                           'big toe': [['foot index']]}.items()},
}


def map_joints(joints, names, graph, dimensions=2):
    """Return (the joints of `graph`, notes on those that are derived or missing).

    `joints` (…, V, C) are those of the list `names`. The first `dimensions` of the C channels are coordinates; those
    after them are scores. The result is a new array (…, V', C), and a list with one text for each derived and each
    missing joint, such as 'neck: middle of left shoulder, right shoulder' and 'left ear: missing'.

    A derived joint has the mean of its joints' coordinates and the lowest of their scores. Where one of them is
    missing (its score is 0 or, without scores, all its coordinates are), it is 0 in all channels, too; nan stays nan.
    A joint that `names` cannot give is 0 in all channels.

    Raises ValueError, which names the joint, if that joint is the root of the graph's tree or another joint that is not
    missing hangs on it; and if `joints` are not those of `names`.
    """
    if joints.shape[-2] != len(names):
        raise ValueError(f'{joints.shape[-2]} joints, and {len(names)} names')
    ways = [way_to(name, names) for name in graph.joint_names]
    refuse_gaps(ways, graph)
    number = {name: v for v, name in enumerate(names)}
    mapped = np.zeros((*joints.shape[:-2], graph.num_node, joints.shape[-1]), joints.dtype)
    for v, way in enumerate(ways):
        if way:
            mapped[..., v, :] = middle(joints[..., [number[name] for name in way], :], dimensions)
    notes = [note(name, way) for name, way in zip(graph.joint_names, ways, strict=True) if way != [name]]
    return mapped, notes


def way_to(name, names):
    """Return those of the joints `names` that the joint `name` is taken from: itself, others, or none."""
    return next((list(way) for way in [[name], *DERIVED.get(name, [])] if set(way) <= set(names)), [])


def refuse_gaps(ways, graph):
    """Raise ValueError if a joint without a way is the root of the tree, or has joints with one hanging on it."""
    towards = dict(graph.inward)
    for v, way in enumerate(ways):
        if not way and v not in towards:
            raise ValueError(f"'{graph.joint_names[v]}' is missing, and cannot be derived")
        if way and v in towards and not ways[towards[v]]:
            raise ValueError(f"'{graph.joint_names[towards[v]]}' is missing, and cannot be derived: "
                             f"'{graph.joint_names[v]}' hangs on it")


def middle(joints, dimensions):
    """Return the joint (…, C) in the middle of `joints` (…, W, C), with the lowest score."""
    if joints.shape[-2] == 1:
        return joints[..., 0, :]
    coordinates, scores = joints[..., :dimensions], joints[..., dimensions:]
    seen = (scores if scores.shape[-1] else coordinates).any(-1).all(-1)
    mean = np.concatenate([coordinates.mean(-2), scores.min(-2)], -1)
    return np.where(seen[..., None], mean, 0)


def note(name, way):
    """Return the text about a joint that is derived, or missing if there is no way to it."""
    if not way:
        return f'{name}: missing'
    return f'{name}: {way[0]}' if len(way) == 1 else f'{name}: middle of {", ".join(way)}'
