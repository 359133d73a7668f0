"""A skeleton without code: its joints, links and pairs by name, from a config or from a YAML file of its own."""
import difflib

from graph.tools import SkeletonGraph
from runtime.arguments import read_yaml
from runtime.errors import UserError

NEEDED = 'joints', 'inward', 'center', 'pairs'
KEYS = *NEEDED, 'bone_root', 'labeling_mode'


class Graph(SkeletonGraph):
    """The skeleton that its arguments describe; see SkeletonGraph for the attributes.

    - `joints`: the names of the V joints, in the order of the data;
    - `inward`: links [from, to]; one leads from each joint but one towards that one, the root of the tree;
    - `center`: the joint that the body is centred on;
    - `pairs`: [left, right], the joints that a mirror swaps; [] if there are none;
    - `bone_root` (default: the root of the tree): where bones start. Each joint's bone starts at its neighbour on the
      way there, and the bone of `bone_root` itself is zero.

    With `file`, the path of a YAML, these keys are read from there. Raises ValueError for a wrong skeleton, UserError
    with the file's name if it is one in a file.
    """

    def __init__(self, file=None, labeling_mode='spatial', **skeleton):
        if file is None:
            super().__init__(**described({**skeleton, 'labeling_mode': labeling_mode}))
            return
        if skeleton:
            raise ValueError(f'give file or {", ".join(skeleton)}, not both')
        content = read_yaml(file)
        try:
            super().__init__(**described({'labeling_mode': labeling_mode, **content}))
        except ValueError as error:
            raise UserError(f'{file}: {error}') from None


def described(skeleton):
    """Return SkeletonGraph's arguments for the dict `skeleton` with the KEYS; ValueError says what is wrong with it."""
    for key in skeleton:
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, n=1)
            raise ValueError(f"there is no key '{key}': " + (f"did you mean '{near[0]}'?" if near else ', '.join(KEYS)))
    for key in NEEDED:
        if skeleton.get(key) is None:
            raise ValueError(f'no {key}: a skeleton has {", ".join(NEEDED)}')
    names = joint_names(skeleton['joints'])
    number = {name: i for i, name in enumerate(names)}
    links = pairs_of_joints(skeleton['inward'], 'inward', number)
    parent, root = tree(links, names)
    bone_root = skeleton.get('bone_root')
    bone_root = root if bone_root is None else joint_number(bone_root, 'bone_root', number)
    return {'joint_names': names, 'inward': links, 'bone_partners': bone_partners(parent, root, bone_root),
            'center': joint_number(skeleton['center'], 'center', number),
            'left_right': left_right(pairs_of_joints(skeleton['pairs'], 'pairs', number), names),
            'labeling_mode': skeleton['labeling_mode']}


def joint_names(joints):
    """Return the list of names; ValueError if it is none, or one of them is there twice."""
    if not isinstance(joints, list) or not joints:
        raise ValueError('joints: a list of names is needed')
    names = [joint_name(joint, 'joints') for joint in joints]
    for i, name in enumerate(names):
        if name in names[:i]:
            raise ValueError(f"joints: '{name}' is there twice")
    return names


def joint_name(value, key):
    """Return a joint's name as text; numbers are names too."""
    if not isinstance(value, str | int) or isinstance(value, bool):  # YAML reads yes, no, on and off as booleans
        raise ValueError(f'{key}: {value!r} is no name: put it in quotes')
    return str(value)


def joint_number(value, key, number):
    """Return the number of the joint with the name `value`, by the dict `number`."""
    name = joint_name(value, key)
    if name not in number:
        near = difflib.get_close_matches(name, number, n=1)
        raise ValueError(f"{key}: there is no joint '{name}'" + (f": did you mean '{near[0]}'?" if near else ''))
    return number[name]


def pairs_of_joints(pairs, key, number):
    """Return a list of pairs of different joints, (number, number), from one of pairs of names."""
    if not isinstance(pairs, list):
        raise ValueError(f'{key}: a list of pairs of joints is needed')
    found = []
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError(f'{key}: {pair!r} is no pair of joints, such as [head, neck]')
        first, second = (joint_number(name, key, number) for name in pair)
        if first == second:
            raise ValueError(f"{key}: '{pair[0]}' is paired with itself")
        found.append((first, second))
    return found


def tree(links, names):
    """Return (joint → its neighbour towards the root, the root) of links (from, to); ValueError if they are no tree."""
    parent = {}
    for joint, towards in links:
        if joint in parent:
            raise ValueError(f"inward: '{names[joint]}' has two ways inward, to '{names[parent[joint]]}' and to "
                             f"'{names[towards]}'")
        parent[joint] = towards
    part = {joint: way_inward(joint, parent, names)[-1] for joint in range(len(names))}
    roots = sorted(set(part.values()))
    if len(roots) > 1:
        parts = [', '.join(repr(names[joint]) for joint in part if part[joint] == root) for root in roots]
        raise ValueError(f'inward: parts that do not touch: {" and ".join(f"({part})" for part in parts)}')
    return parent, roots[0]


def way_inward(joint, parent, names):
    """Return the joints on the way from `joint` inward to its end; ValueError if it leads round in a loop."""
    way = [joint]
    while way[-1] in parent:
        way.append(parent[way[-1]])
        if way[-1] in way[:-1]:
            loop = way[way.index(way[-1]):]
            raise ValueError(f'inward: a loop: {" → ".join(repr(names[joint]) for joint in loop)}')
    return way


def bone_partners(parent, root, bone_root):
    """Return for each joint its neighbour towards `bone_root`, which is its own partner."""
    partners = {**parent, bone_root: bone_root}
    joint = bone_root
    while joint != root:  # between the two, the way inward leads away from bone_root
        partners[parent[joint]] = joint
        joint = parent[joint]
    return [partners[joint] for joint in range(len(partners))]


def left_right(pairs, names):
    """Return the pairs; ValueError if a joint is in two of them."""
    seen = set()
    for joint in (joint for pair in pairs for joint in pair):
        if joint in seen:
            raise ValueError(f"pairs: '{names[joint]}' is in two of them")
        seen.add(joint)
    return pairs
