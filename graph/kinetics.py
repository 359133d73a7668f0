"""The 18 joints of Kinetics-Skeleton (OpenPose, COCO model). Source: Yan et al., ST-GCN, AAAI 2018, section 4.1."""
from graph.tools import SkeletonGraph

JOINT_NAMES = (
    'nose', 'neck', 'right shoulder', 'right elbow', 'right wrist', 'left shoulder', 'left elbow', 'left wrist',
    'right hip', 'right knee', 'right ankle', 'left hip', 'left knee', 'left ankle',
    'right eye', 'left eye', 'right ear', 'left ear')

INWARD = (
    (4, 3), (3, 2), (7, 6), (6, 5), (13, 12), (12, 11), (10, 9), (9, 8), (11, 5), (8, 2), (5, 1), (2, 1), (0, 1),
    (15, 0), (14, 0), (17, 15), (16, 14))

NOSE, NECK = 0, 1
# The published bones take the nose, not the neck, as the body's root: both the nose and the neck start there.
BONE_PARTNERS = tuple({**dict(INWARD), NOSE: NOSE, NECK: NOSE}[i] for i in range(18))
LEFT_RIGHT = ((5, 2), (6, 3), (7, 4), (11, 8), (12, 9), (13, 10), (15, 14), (17, 16))


class Graph(SkeletonGraph):
    """Kinetics-Skeleton's skeleton: V = 18; see SkeletonGraph for the attributes."""

    def __init__(self, labeling_mode='spatial'):
        super().__init__(JOINT_NAMES, INWARD, BONE_PARTNERS, NECK, LEFT_RIGHT, labeling_mode)


_graph = Graph()
# Models and graphs of others take these from the module, as they can from the published one.
num_node, self_link, neighbor = _graph.num_node, _graph.self_link, _graph.neighbor
inward, outward = _graph.inward, _graph.outward
