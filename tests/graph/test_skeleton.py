"""Skeletons in YAML: the shipped ones number the joints as their documentation does, and a wrong one gets one line."""
import re

import numpy as np
import pytest
import yaml
from conftest import ROOT

from graph.skeleton import Graph, skeleton, skeleton_names
from graph.streams import bones
from runtime.dotted import build
from runtime.errors import UserError

ARM = {'joints': ['chest', 'shoulder', 'elbow', 'hand', 'thumb'],
       'inward': [['shoulder', 'chest'], ['elbow', 'shoulder'], ['hand', 'elbow'], ['thumb', 'hand']],
       'center': 'chest', 'pairs': [['hand', 'thumb']]}
# Joints by their numbers in each format's documentation: some in the middle of the body, both sides, and the last one.
NUMBERED = {
    'ntu25': {0: 'base of spine', 3: 'head', 4: 'left shoulder', 20: 'spine at the shoulders', 24: 'right thumb'},
    'openpose18': {0: 'nose', 1: 'neck', 4: 'right wrist', 13: 'left ankle', 17: 'left ear'},
    'coco17': {0: 'nose', 1: 'left eye', 10: 'right wrist', 16: 'right ankle'},
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


@pytest.mark.parametrize('name', skeleton_names())
def test_joints_have_the_numbers_of_the_documentation(name):
    graph = skeleton(name)
    assert graph.num_node == int(name[-2:])
    assert {v: graph.joint_names[v] for v in NUMBERED[name]} == NUMBERED[name]


@pytest.mark.parametrize('graph', [*map(skeleton, skeleton_names()), Graph(file=ROOT / 'config/small/skeleton.yaml')])
def test_left_and_right_are_linked_alike(graph):
    names = graph.joint_names
    sides = {names[left]: names[right] for left, right in graph.left_right}
    assert sides == {name: name.replace('left', 'right') for name in names if 'left' in name}
    mirror = {**dict(graph.left_right), **{right: left for left, right in graph.left_right}}
    assert {(mirror.get(i, i), mirror.get(j, j)) for i, j in graph.inward} == set(graph.inward)


def test_links_may_stand_in_any_order():
    shuffled = {**ARM, 'inward': ARM['inward'][::-1]}
    np.testing.assert_array_equal(Graph(**ARM).A, Graph(**shuffled).A)
    assert Graph(**ARM).bone_partners == Graph(**shuffled).bone_partners == [0, 0, 1, 2, 3]


def test_bones_lead_to_the_joint_they_start_at():
    graph = Graph(**ARM, bone_root='elbow')
    assert graph.bone_partners == [1, 2, 2, 2, 3]
    x = np.arange(5.).reshape(1, 1, 5, 1)
    np.testing.assert_array_equal(bones(x, graph.bone_partners).ravel(), [-1, -1, 0, 1, 1])


def test_numbers_are_names_and_one_joint_is_a_skeleton():
    graph = Graph(joints=[1, 2, 3], inward=[[1, 2], [3, 2]], center=2, pairs=[[1, 3]])
    assert graph.joint_names == ['1', '2', '3'] and graph.inward == [(0, 1), (2, 1)] and graph.left_right == [(0, 2)]
    assert Graph(joints=['ball'], inward=[], center='ball', pairs=[]).bone_partners == [0]


@pytest.mark.parametrize('change, line', [
    ({'inward': [['chest', 'hand'], *ARM['inward']]},
     "inward: a loop: 'chest' → 'hand' → 'elbow' → 'shoulder' → 'chest'"),
    ({'inward': [['chest', 'chest']]}, "inward: a loop: 'chest' → 'chest'"),
    ({'inward': [ARM['inward'][0], *ARM['inward'][2:]]}, "inward: 'chest' and 'elbow' have no link"),
    ({'inward': [*ARM['inward'], ['thumb', 'elbow']]}, "inward: the first joint of links must differ: 'thumb'"),
    ({'inward': [['shouldr', 'chest']]}, "inward: there is no joint 'shouldr': did you mean 'shoulder'?"),
    ({'inward': {'a': 'b'}}, 'inward: a list of pairs of joints'),
    ({'joints': [*ARM['joints'], 'elbow']}, "joints: 'elbow' occurs twice"),
    ({'joints': []}, 'joints: a list of names is needed'),
    ({'joints': [True]}, 'joints: True is no name: put it in quotes'),
    ({'pairs': [['hand', 'thumb'], ['elbow', 'hand']]}, "pairs: 'hand' occurs twice"),
    ({'pairs': [['hand', 'thumb', 'elbow']]}, 'pairs: a list of pairs of joints'),
    ({'center': 'belly'}, "center: there is no joint 'belly'"),
    ({'bone_root': 'tail'}, "bone_root: there is no joint 'tail'"),
    ({'centre': 'chest'}, 'a skeleton has joints, inward, center, pairs'),
])
def test_a_wrong_skeleton_gets_one_line(change, line, tmp_path):
    path = tmp_path / 'skeleton.yaml'
    path.write_text(yaml.safe_dump({**ARM, **change}))
    for where, arguments in (('graph_args: ', {**ARM, **change}), (f'{path}: ', {'file': str(path)})):
        with pytest.raises(UserError, match=re.escape(where) + '.*' + re.escape(line)):
            build('graph.skeleton.Graph', arguments, 'graph_args')
