"""What a model answers, whatever form it answers in."""
import torch

from runtime.trained import answer


def test_the_mean_over_the_draws_of_each_clip():
    data = torch.arange(24.).view(2, 3, 1, 2, 2, 1)  # two clips, three draws
    scores, l1 = answer(lambda x: x.flatten(1), data)
    assert torch.equal(scores, data.flatten(2).mean(1)) and l1 == 0
    same, l1 = answer(lambda x: (x.flatten(1), torch.ones(1)), data)
    assert torch.equal(same, scores) and torch.equal(l1, torch.tensor(1.))
