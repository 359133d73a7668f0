"""The 17 joints of COCO, as HRNet finds them: config/skeletons/coco17.yaml."""
from graph.skeleton import SKELETONS
from graph.skeleton import Graph as Skeleton


class Graph(Skeleton):
    """COCO's skeleton: V = 17; graph.skeleton.Graph lists the attributes."""

    def __init__(self, labeling_mode='spatial'):
        super().__init__(SKELETONS / 'coco17.yaml', labeling_mode)


class PysklGraph(Graph):
    """COCO's skeleton with PYSKL's bones: the bones of the hips start at the nose, not at the shoulders.

    Source: https://github.com/kennymckormick/pyskl, pyskl/datasets/pipelines/pose_related.py (JointToBone, 'coco').
    """

    def __init__(self, labeling_mode='spatial'):
        super().__init__(labeling_mode)
        nose = self.joint_names.index('nose')
        for hip in ('left hip', 'right hip'):
            self.bone_partners[self.joint_names.index(hip)] = nose
