"""A skeleton in data, not in code: its joints, links and pairs by name, from a config or from a YAML file."""
import difflib
import functools
import graphlib
import pathlib

from graph.tools import get_spatial_graph
from runtime.arguments import read_yaml
from runtime.errors import UserError, short_repr

NEEDED = 'joints', 'inward', 'center', 'pairs'
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


class Graph:
    """The graph of the skeleton that its arguments describe.

    - `joints`: the names of the V joints, in the order of the data;
    - `inward`: links [from, to]; every joint but the root has one, to its neighbour on the way to the root;
    - `center`: the joint that the body is centred on;
    - `pairs`: [left, right], the joints that a mirror swaps; [] if there are none;
    - `bone_root` (default: the root): where bones start. Each joint's bone starts at its neighbour on the way there,
      and the bone of `bone_root` itself is zero.

    With `file`, the path of a YAML, these keys are read from there. Raises ValueError for a wrong skeleton, and
    UserError, which names the file, for a wrong one in a file.

    Attributes, as the published graphs have them: `A` (3, V, V) float64, `num_node` V, and the lists of links
    `self_link`, `inward`, `outward`, `neighbor`, each link a pair (from, to) of joints counted from 0. Besides,
    `joint_names`, `bone_partners` (the joint at which each joint's bone starts), `center` (the joint that the body is
    centred on) and `left_right` (the pairs of joints that a mirror swaps).
    """

    def __init__(self, file=None, labeling_mode='spatial', **skeleton):
        if labeling_mode != 'spatial':
            raise ValueError(f"labeling_mode '{labeling_mode}': only 'spatial' exists")
        if file is None:
            self.build(skeleton)
        elif skeleton:
            raise ValueError(f'give file or {", ".join(skeleton)}, not both')
        else:
            try:
                self.build(read_yaml(file))
            except ValueError as error:
                raise UserError(f'{file}: {error}') from None

    def build(self, skeleton):
        """Set the attributes from the dict `skeleton`; ValueError says what is wrong with it."""
        if not {*NEEDED} <= skeleton.keys() <= {*NEEDED, 'bone_root'}:
            raise ValueError(f'a skeleton has {", ".join(NEEDED)}, and it may have bone_root; here are '
                             f'{", ".join(map(str, skeleton)) or "none of them"}')
        self.joint_names = joint_names(skeleton['joints'])
        self.num_node = len(self.joint_names)
        number = {name: joint for joint, name in enumerate(self.joint_names)}
        self.self_link = [(i, i) for i in range(self.num_node)]
        self.inward = pairs_of_joints(skeleton['inward'], 'inward', number)
        self.outward = [(j, i) for i, j in self.inward]
        self.neighbor = self.inward + self.outward
        root = root_of_tree(self.inward, self.joint_names)
        bone_root = joint_number(skeleton.get('bone_root', self.joint_names[root]), 'bone_root', number)
        self.bone_partners = bone_partners(dict(self.inward), bone_root)
        self.center = joint_number(skeleton['center'], 'center', number)
        self.left_right = pairs_of_joints(skeleton['pairs'], 'pairs', number)
        refuse_repeated([self.joint_names[joint] for pair in self.left_right for joint in pair], 'pairs')
        self.A = get_spatial_graph(self.num_node, self.self_link, self.inward, self.outward)


def joint_names(joints):
    """Return the list of names; ValueError if it is no list of names, or a name occurs twice."""
    if not isinstance(joints, list) or not joints:
        raise ValueError('joints: a list of names is needed')
    names = [joint_name(joint, 'joints') for joint in joints]
    refuse_repeated(names, 'joints')
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
        similar = [f": did you mean '{known}'?" for known in difflib.get_close_matches(name, number, n=1)]
        raise ValueError(f"{key}: there is no joint '{name}'{''.join(similar)}")
    return number[name]


def pairs_of_joints(pairs, key, number):
    """Return the pairs (number, number) of a list of pairs of names."""
    if not isinstance(pairs, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise ValueError(f'{key}: a list of pairs of joints is needed, such as [[head, neck]]')
    return [tuple(joint_number(name, key, number) for name in pair) for pair in pairs]


def refuse_repeated(names, key):
    """Raise ValueError if a joint occurs twice in the list `names`, which the `key` of the skeleton gives."""
    for i, name in enumerate(names):
        if name in names[:i]:
            raise ValueError(f"{key}: '{name}' occurs twice")


def root_of_tree(links, names):
    """Return the joint to which all links (from, to) lead; ValueError if they form no tree of all joints."""
    refuse_repeated([names[joint] for joint, _ in links], 'inward: the first joint of links must differ')
    parent = dict(links)
    try:
        graphlib.TopologicalSorter({joint: [towards] for joint, towards in links}).prepare()
    except graphlib.CycleError as error:
        raise ValueError(f'inward: a loop: {" → ".join(repr(names[i]) for i in reversed(error.args[1]))}') from None
    root, *others = [joint for joint in range(len(names)) if joint not in parent]
    if others:
        raise ValueError(f"inward: '{names[root]}' and '{names[others[0]]}' have no link: only one joint, the root, "
                         'has none')
    return root


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
