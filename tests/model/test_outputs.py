"""What a model returns, in each form that it may have."""
import re

import pytest
import torch

from model.outputs import heads_and_l1, summed_scores
from runtime.errors import UserError


def test_the_mean_over_the_draws_of_each_clip():
    data = torch.arange(24.).view(2, 3, 1, 2, 2, 1)  # two clips, three draws
    scores, l1 = heads_and_l1(lambda x: x.flatten(1), data)
    assert torch.equal(scores[0], data.flatten(2).mean(1)) and l1 == 0
    same, l1 = heads_and_l1(lambda x: (x.flatten(1), torch.ones(1)), data)
    assert torch.equal(same, scores) and torch.equal(l1, torch.tensor(1.))


def test_the_heads_of_a_list_are_kept_apart_and_added_up():
    data, scores = torch.zeros(2, 3, 4, 5, 1), torch.arange(8.).view(2, 4)
    heads, l1 = heads_and_l1(lambda x: [scores, 2 * scores], data)
    assert torch.equal(heads, torch.stack([scores, 2 * scores])) and l1 == 0
    assert torch.equal(summed_scores(lambda x: [scores, 2 * scores], data), 3 * scores)


@pytest.mark.parametrize('returned, words', [
    ((torch.zeros(2, 4), torch.zeros(2, 4)), 'a tuple of (2, 4), (2, 4) for 2 clips'),  # two scores: LAGCN
    ((torch.zeros(2, 4), torch.zeros(2, 256)), 'a tuple of (2, 4), (2, 256)'),  # scores and features: InfoGCN
    ((torch.zeros(2, 256), torch.zeros(2, 4)), 'a tuple of (2, 256), (2, 4)'),
    ((torch.zeros(2, 4), torch.zeros(1), torch.zeros(1)), 'a tuple of (2, 4), (1,), (1,)'),
    ([torch.zeros(2, 4), torch.zeros(2, 5)], 'a list of (2, 4), (2, 5)'),
    ([torch.zeros(2, 4), torch.zeros(1)], 'a list of (2, 4), (1,)'),
    ([], 'a list of nothing'),
    (torch.zeros(4, 4), 'returned (4, 4) for 2 clips'),  # a row for each body
    ({'scores': torch.zeros(2, 4)}, 'a dict'),
], ids=['two scores', 'scores and features', 'features and scores', 'three', 'other classes', 'no scores', 'no head',
        'a row a body', 'a dict'])
def test_whatever_else_a_model_returns_is_named_with_what_is_taken(returned, words):
    with pytest.raises(UserError, match=re.escape(words)) as caught:
        summed_scores(lambda x: returned, torch.zeros(2, 3, 4, 5, 1))
    assert 'taken are scores (N, num_class), a tuple (scores, l1)' in str(caught.value)
