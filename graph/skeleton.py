"""A skeleton in data, not in code: its joints, links and pairs by name, from a config or from a YAML file."""
import difflib
import functools
import graphlib
import pathlib

from graph.tools import SkeletonGraph
from runtime.arguments import read_yaml
from runtime.errors import UserError, short_repr

NEEDED = 'joints', 'inward', 'center', 'pairs'
KEYS = *NEEDED, 'bone_root', 'labeling_mode'
SKELETONS = pathlib.Path(__file__).resolve().parents[1] / 'config' / 'skeletons'


def skeleton_names():
    """Return the names of the skeletons in config/skeletons, sorted."""
    return sorted(path.stem for path in SKELETONS.glob('*.yaml'))


@functools.cache
def skeleton(name):
    """Return the Graph of config/skeletons/`name`.yaml; ValueError if there is none."""
    if name not in skeleton_names():
        raise ValueError(f"there is no skeleton '{name}': there are {', '.join(skeleton_names())}")
    return Graph(file=SKELETONS / f'{name}.yaml')


class Graph(SkeletonGraph):
    """The skeleton that its arguments describe; see SkeletonGraph for the attributes.

    - `joints`: the names of the V joints, in the order of the data;
    - `inward`: links [from, to]; every joint but the root has one, to its neighbour on the way to the root;
    - `center`: the joint that the body is centred on;
    - `pairs`: [left, right], the joints that a mirror swaps; [] if there are none;
    - `bone_root` (default: the root): where bones start. Each joint's bone starts at its neighbour on the way there,
      and the bone of `bone_root` itself is zero.

    With `file`, the path of a YAML, these keys are read from there. Raises ValueError for a wrong skeleton, and
    UserError, which names the file, for a wrong one in a file.
    """

    def __init__(self, file=None, labeling_mode='spatial', **skeleton):
        if file is None:
            super().__init__(**described({**skeleton, 'labeling_mode': labeling_mode}))
            return
        if skeleton:
            raise ValueError(f'give file or {", ".join(skeleton)}, not both')
        content = read_yaml(file)
        try:
            arguments = described({'labeling_mode': labeling_mode, **content})
        except ValueError as error:
            raise UserError(f'{file}: {error}') from None
        super().__init__(**arguments)


def described(skeleton):
    """Return SkeletonGraph's arguments for the dict `skeleton` with the KEYS; ValueError says what is wrong with it."""
    for key in skeleton:
        if key not in KEYS:
            raise ValueError(f"there is no key '{key}'{did_you_mean(str(key), KEYS) or ': ' + ', '.join(KEYS)}")
    for key in NEEDED:
        if skeleton.get(key) is None:
            raise ValueError(f'no {key}: a skeleton has {", ".join(NEEDED)}')
    names = joint_names(skeleton['joints'])
    number = {name: i for i, name in enumerate(names)}
    links = pairs_of_joints(skeleton['inward'], 'inward', number)
    parent, root = tree(links, names)
    bone_root = skeleton.get('bone_root')
    bone_root = root if bone_root is None else joint_number(bone_root, 'bone_root', number)
    return {'joint_names': names, 'inward': links, 'bone_partners': bone_partners(parent, bone_root),
            'center': joint_number(skeleton['center'], 'center', number),
            'left_right': left_right(skeleton['pairs'], number), 'labeling_mode': skeleton['labeling_mode']}


def joint_names(joints):
    """Return the list of names; ValueError if it is not a list of names, or a name is there twice."""
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
        raise ValueError(f'{key}: {short_repr(value)} is no name: put it in quotes')
    return str(value)


def joint_number(value, key, number):
    """Return the number of the joint with the name `value`; `number` is the dict name → number."""
    name = joint_name(value, key)
    if name not in number:
        raise ValueError(f"{key}: there is no joint '{name}'{did_you_mean(name, number)}")
    return number[name]


def did_you_mean(name, known):
    """Return the end of an error line that proposes the known name most like `name`; '' if none is like it."""
    near = difflib.get_close_matches(name, known, n=1)
    return f": did you mean '{near[0]}'?" if near else ''


def pairs_of_joints(pairs, key, number):
    """Return pairs of different joints, (number, number), of a list of pairs of names."""
    if not isinstance(pairs, list):
        raise ValueError(f'{key}: a list of pairs of joints is needed')
    found = []
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError(f'{key}: {short_repr(pair)} is no pair of joints, such as [head, neck]')
        first, second = (joint_number(name, key, number) for name in pair)
        if first == second:
            raise ValueError(f"{key}: '{pair[0]}' is paired with itself")
        found.append((first, second))
    return found


def left_right(pairs, number):
    """Return the pairs of joints that a mirror swaps; ValueError if a joint is in two of them."""
    found = pairs_of_joints(pairs, 'pairs', number)
    joints = [joint for pair in found for joint in pair]
    for i, joint in enumerate(joints):
        if joint in joints[:i]:
            raise ValueError(f"pairs: '{list(number)[joint]}' is in two of them")
    return found


def tree(links, names):
    """Return (joint → its neighbour towards the root, the root) of links (from, to); ValueError if they are no tree."""
    parent = {}
    for joint, towards in links:
        if joint in parent:
            raise ValueError(f"inward: '{names[joint]}' has two ways inward, to '{names[parent[joint]]}' and to "
                             f"'{names[towards]}'")
        parent[joint] = towards
    before = {joint: [parent[joint]] if joint in parent else [] for joint in range(len(names))}
    part = {}  # joint → the root of its part
    try:
        for joint in graphlib.TopologicalSorter(before).static_order():
            part[joint] = part[parent[joint]] if joint in parent else joint
    except graphlib.CycleError as error:
        raise ValueError(f'inward: a loop: {" → ".join(repr(names[i]) for i in reversed(error.args[1]))}') from None
    roots = sorted(set(part.values()))
    if len(roots) > 1:
        parts = [', '.join(repr(names[joint]) for joint in sorted(part) if part[joint] == root) for root in roots]
        raise ValueError(f'inward: parts that do not touch: {" and ".join(f"({part})" for part in parts)}')
    return parent, roots[0]


def bone_partners(parent, bone_root):
    """Return for each joint its neighbour towards `bone_root`, which is its own partner.

    `parent` gives each joint's neighbour towards the root of the tree. Between `bone_root` and the root of the tree,
    bones lead the other way.
    """
    partners, joint = {**parent, bone_root: bone_root}, bone_root
    while joint in parent:
        partners[parent[joint]] = joint
        joint = parent[joint]
    return [partners[joint] for joint in sorted(partners)]
