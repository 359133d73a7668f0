"""The 17 joints of COCO, as HRNet finds them. Sources: https://cocodataset.org/#keypoints-2020 (joints) and
https://github.com/kennymckormick/pyskl, layout 'coco' (links)."""
from graph.tools import SkeletonGraph

JOINT_NAMES = (
    'nose', 'left eye', 'right eye', 'left ear', 'right ear', 'left shoulder', 'right shoulder', 'left elbow',
    'right elbow', 'left wrist', 'right wrist', 'left hip', 'right hip', 'left knee', 'right knee', 'left ankle',
    'right ankle')

# Each joint's neighbour towards the nose.
INWARD = (
    (15, 13), (13, 11), (16, 14), (14, 12), (11, 5), (12, 6), (9, 7), (7, 5), (10, 8), (8, 6), (5, 0), (6, 0), (1, 0),
    (3, 1), (2, 0), (4, 2))

NOSE = 0
BONE_PARTNERS = tuple({**dict(INWARD), NOSE: NOSE}[i] for i in range(17))
LEFT_RIGHT = tuple((left, left + 1) for left in range(1, 17, 2))


class Graph(SkeletonGraph):
    """COCO's skeleton: V = 17; see SkeletonGraph for the attributes."""

    def __init__(self, labeling_mode='spatial'):
        super().__init__(JOINT_NAMES, INWARD, BONE_PARTNERS, NOSE, LEFT_RIGHT, labeling_mode)
