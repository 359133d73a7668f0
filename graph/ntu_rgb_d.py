"""The 25 joints of NTU RGB+D (Kinect v2). Source: Shahroudy et al., NTU RGB+D, CVPR 2016, figure 1."""
from graph.tools import SkeletonGraph

JOINT_NAMES = (
    'base of spine', 'middle of spine', 'neck', 'head',
    'left shoulder', 'left elbow', 'left wrist', 'left hand',
    'right shoulder', 'right elbow', 'right wrist', 'right hand',
    'left hip', 'left knee', 'left ankle', 'left foot',
    'right hip', 'right knee', 'right ankle', 'right foot',
    'spine at the shoulders', 'left hand tip', 'left thumb', 'right hand tip', 'right thumb')

# Each joint's neighbour towards the spine at the shoulders (21), counted from 1 as the data set's authors do.
INWARD_FROM_1 = (
    (1, 2), (2, 21), (3, 21), (4, 3), (5, 21), (6, 5), (7, 6), (8, 7), (9, 21), (10, 9), (11, 10), (12, 11),
    (13, 1), (14, 13), (15, 14), (16, 15), (17, 1), (18, 17), (19, 18), (20, 19), (22, 23), (23, 8), (24, 25),
    (25, 12))
INWARD = tuple((i - 1, j - 1) for i, j in INWARD_FROM_1)

SPINE_AT_SHOULDERS = 20
MIDDLE_OF_SPINE = 1
BONE_PARTNERS = tuple(dict([*INWARD, (SPINE_AT_SHOULDERS, SPINE_AT_SHOULDERS)])[i] for i in range(25))
LEFT_RIGHT = ((4, 8), (5, 9), (6, 10), (7, 11), (12, 16), (13, 17), (14, 18), (15, 19), (21, 23), (22, 24))


class Graph(SkeletonGraph):
    """NTU RGB+D's skeleton: V = 25; see SkeletonGraph for the attributes."""

    def __init__(self, labeling_mode='spatial'):
        super().__init__(JOINT_NAMES, INWARD, BONE_PARTNERS, MIDDLE_OF_SPINE, LEFT_RIGHT, labeling_mode)


_graph = Graph()
# Models and graphs of others take these from the module, as they can from the published one.
num_node, self_link, neighbor = _graph.num_node, _graph.self_link, _graph.neighbor
inward, outward = _graph.inward, _graph.outward
