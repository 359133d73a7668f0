"""The 18 joints of Kinetics-Skeleton (OpenPose, COCO model): config/skeletons/openpose18.yaml."""
from graph.skeleton import SKELETONS
from graph.skeleton import Graph as Skeleton


class Graph(Skeleton):
    """Kinetics-Skeleton's skeleton: V = 18; graph.skeleton.Graph lists the attributes."""

    def __init__(self, labeling_mode='spatial'):
        super().__init__(SKELETONS / 'openpose18.yaml', labeling_mode)


_graph = Graph()
# Models and graphs of others take these from the module, as they can from the published one.
num_node, self_link, neighbor = _graph.num_node, _graph.self_link, _graph.neighbor
inward, outward = _graph.inward, _graph.outward
