"""Skeletons without code: the coded ones written that way are the same, and a wrong one gets one clear line."""
import re

import numpy as np
import pytest
import yaml
from conftest import ROOT

from graph.skeleton import Graph
from graph.streams import bones
from runtime.dotted import build
from runtime.errors import UserError

ARM = {'joints': ['chest', 'shoulder', 'elbow', 'hand', 'thumb'],
       'inward': [['shoulder', 'chest'], ['elbow', 'shoulder'], ['hand', 'elbow'], ['thumb', 'hand']],
       'center': 'chest', 'pairs': [['hand', 'thumb']]}


def test_links_may_stand_in_any_order():
    shuffled = {**ARM, 'inward': ARM['inward'][::-1]}
    np.testing.assert_array_equal(Graph(**ARM).A, Graph(**shuffled).A)
    assert Graph(**ARM).bone_partners == Graph(**shuffled).bone_partners == [0, 0, 1, 2, 3]


def test_bones_lead_to_the_joint_they_start_at():
    graph = Graph(**ARM, bone_root='elbow')
    assert graph.bone_partners == [1, 2, 2, 2, 3]
    x = np.arange(5.).reshape(1, 1, 5, 1)
    np.testing.assert_array_equal(bones(x, graph.bone_partners).ravel(), [-1, -1, 0, 1, 1])


def test_numbers_are_names():
    graph = Graph(joints=[1, 2, 3], inward=[[1, 2], [3, 2]], center=2, pairs=[[1, 3]])
    assert graph.joint_names == ['1', '2', '3'] and graph.inward == [(0, 1), (2, 1)] and graph.left_right == [(0, 2)]


def test_one_joint_is_a_skeleton():
    assert Graph(joints=['ball'], inward=[], center='ball', pairs=[]).bone_partners == [0]


WRONG = {
    'a loop': ({'inward': [['chest', 'hand'], *ARM['inward']]},
               "inward: a loop: 'chest' → 'hand' → 'elbow' → 'shoulder' → 'chest'"),
    'a loop beside the body': ({'inward': [['shoulder', 'chest'], ['hand', 'elbow'], ['elbow', 'hand']]},
                               "inward: a loop: 'elbow' → 'hand' → 'elbow'"),
    'a link to itself': ({'inward': [['chest', 'chest']]}, "inward: 'chest' is paired with itself"),
    'a joint twice': ({'joints': [*ARM['joints'], 'elbow']}, "joints: 'elbow' is there twice"),
    'two parts': ({'inward': [ARM['inward'][0], *ARM['inward'][2:]]},
                  "inward: parts that do not touch: ('chest', 'shoulder') and ('elbow', 'hand', 'thumb')"),
    'an unknown name': ({'inward': [['shouldr', 'chest']]},
                        "inward: there is no joint 'shouldr': did you mean 'shoulder'?"),
    'two ways inward': ({'inward': [*ARM['inward'], ['thumb', 'elbow']]},
                        "inward: 'thumb' has two ways inward, to 'hand' and to 'elbow'"),
    'an unknown joint in a pair': ({'pairs': [['hand', 'foot']]}, "pairs: there is no joint 'foot'"),
    'a joint in two pairs': ({'pairs': [['hand', 'thumb'], ['elbow', 'hand']]}, "pairs: 'hand' is in two of them"),
    'three in a pair': ({'pairs': [['hand', 'thumb', 'elbow']]}, "pairs: ['hand', 'thumb', 'elbow'] is no pair"),
    'an unknown centre': ({'center': 'belly'}, "center: there is no joint 'belly'"),
    'an unknown root of bones': ({'bone_root': 'tail'}, "bone_root: there is no joint 'tail'"),
    'no joints': ({'joints': []}, 'joints: a list of names is needed'),
    'a name that YAML takes for a boolean': ({'joints': [True]}, 'joints: True is no name: put it in quotes'),
    'a key that is none': ({'centre': 'chest'}, "there is no key 'centre': did you mean 'center'?"),
    'a key that is missing': ({'pairs': None}, 'no pairs'),
    'links that are no list': ({'inward': {'a': 'b'}}, 'inward: a list of pairs'),
}


@pytest.mark.parametrize('what', WRONG)
def test_a_wrong_skeleton_gets_one_line(what, tmp_path):
    change, line = WRONG[what]
    with pytest.raises(UserError, match=re.escape(line)) as inline:
        build('graph.skeleton.Graph', {**ARM, **change}, 'graph_args')
    path = tmp_path / 'skeleton.yaml'
    path.write_text(yaml.safe_dump({**ARM, **change}))
    with pytest.raises(UserError, match=re.escape(line)) as in_file:
        build('graph.skeleton.Graph', {'file': str(path)}, 'graph_args')
    assert str(inline.value).startswith('graph_args: ') and str(in_file.value).startswith(f'{path}: ')
    assert '\n' not in str(inline.value) + str(in_file.value)


def test_a_file_is_not_mixed_with_joints(tmp_path):
    with pytest.raises(UserError, match='file or joints'):
        build('graph.skeleton.Graph', {'file': 'skeleton.yaml', 'joints': ['a']}, 'graph_args')
    with pytest.raises(UserError, match='gone.yaml: No such file'):
        build('graph.skeleton.Graph', {'file': str(tmp_path / 'gone.yaml')}, 'graph_args')


def test_the_example_is_a_body():
    graph = Graph(file=ROOT / 'config/small/skeleton.yaml')
    assert graph.num_node == 15 and len(graph.left_right) == 6
    mirror = {**dict(graph.left_right), **{right: left for left, right in graph.left_right}}
    assert {(mirror.get(i, i), mirror.get(j, j)) for i, j in graph.inward} == set(graph.inward)
