"""The skeletons in config/skeletons: the coded ones exactly, the others as their documentation numbers the joints."""
import numpy as np
import pytest
from conftest import ROOT

from graph import coco, kinetics, ntu_rgb_d
from graph.skeleton import Graph

FOLDER = ROOT / 'config' / 'skeletons'
CODED = {'ntu25': ntu_rgb_d, 'openpose18': kinetics, 'coco17': coco}
# Joints by their numbers in each format's documentation: some in the middle of the body, both sides, and the last one.
NUMBERED = {
    'openpose25': {0: 'nose', 1: 'neck', 4: 'right wrist', 8: 'middle of hips', 14: 'left ankle', 16: 'left eye',
                   19: 'left big toe', 22: 'right big toe', 24: 'right heel'},
    'halpe26': {0: 'nose', 9: 'left wrist', 16: 'right ankle', 17: 'head', 18: 'neck', 19: 'middle of hips',
                20: 'left big toe', 23: 'right small toe', 25: 'right heel'},
    'mediapipe33': {0: 'nose', 2: 'left eye', 5: 'right eye', 7: 'left ear', 11: 'left shoulder', 16: 'right wrist',
                    22: 'right thumb', 23: 'left hip', 28: 'right ankle', 32: 'right foot index'},
    'kinect20': {0: 'base of spine', 2: 'spine at the shoulders', 3: 'head', 7: 'left hand', 11: 'right hand',
                 19: 'right foot'},
    'azure32': {0: 'pelvis', 3: 'neck', 4: 'left clavicle', 10: 'left thumb', 11: 'right clavicle', 18: 'left hip',
                26: 'head', 27: 'nose', 31: 'right ear'},
    'h36m17': {0: 'pelvis', 1: 'right hip', 6: 'left ankle', 8: 'thorax', 9: 'nose', 11: 'left shoulder',
               16: 'right wrist'},
    'smpl24': {0: 'pelvis', 3: 'spine 1', 9: 'spine 3', 12: 'neck', 15: 'head', 16: 'left shoulder', 20: 'left wrist',
               23: 'right hand'},
    'hand21': {0: 'wrist', 4: 'thumb tip', 5: 'index mcp', 12: 'middle tip', 17: 'pinky mcp', 20: 'pinky tip'},
}


@pytest.mark.parametrize('name', CODED)
def test_a_shipped_graph_written_as_yaml_is_the_same(name):
    graph, coded = Graph(file=FOLDER / f'{name}.yaml'), CODED[name].Graph()
    np.testing.assert_array_equal(graph.A, coded.A)
    assert {key: value for key, value in vars(graph).items() if key != 'A'} == {
        key: value for key, value in vars(coded).items() if key != 'A'}


@pytest.mark.parametrize('name', NUMBERED)
def test_joints_have_the_numbers_of_the_documentation(name):
    graph = Graph(file=FOLDER / f'{name}.yaml')
    assert graph.num_node == int(name[-2:])
    assert {v: graph.joint_names[v] for v in NUMBERED[name]} == NUMBERED[name]


def test_every_file_is_tested_and_both_sides_are_alike():
    assert {path.stem for path in FOLDER.glob('*.yaml')} == {*CODED, *NUMBERED}
    for path in FOLDER.glob('*.yaml'):
        graph = Graph(file=path)
        names = graph.joint_names
        assert [(names[i], names[j]) for i, j in graph.left_right] == [
            (names[i], names[i].replace('left', 'right')) for i, _ in graph.left_right]
        assert {names[i] for i, _ in graph.left_right} == {name for name in names if 'left' in name}
        mirror = list(range(graph.num_node))
        for i, j in graph.left_right:
            mirror[i], mirror[j] = j, i
        assert {(mirror[i], mirror[j]) for i, j in graph.inward} == set(graph.inward)
