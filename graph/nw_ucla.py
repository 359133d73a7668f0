"""The 20 joints of NW-UCLA (Kinect v1): config/skeletons/kinect20.yaml."""
from graph.skeleton import SKELETONS
from graph.skeleton import Graph as Skeleton


class Graph(Skeleton):
    """NW-UCLA's skeleton: V = 20; graph.skeleton.Graph lists the attributes."""

    def __init__(self, labeling_mode='spatial'):
        super().__init__(SKELETONS / 'kinect20.yaml', labeling_mode)
