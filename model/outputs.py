"""What a network returns for clips: scores, those of several heads, or scores and a loss of its own."""
import math

import torch

from runtime.errors import UserError


def summed_scores(model, data, average='score'):
    """Return the scores (N, num_class), float32, of data (N, C, T, V, M): the sum over the model's heads."""
    heads, _ = heads_and_l1(model, data, average)
    return heads.sum(0)


def heads_and_l1(model, data, average='score'):
    """Return (scores (heads, N, num_class), l1 ()), float32, of data (N, C, T, V, M).

    The model returns scores (N, num_class); or a tuple (scores, l1), whose l1, of at most one dimension, is averaged,
    and is 0 without such a tuple; or a list of scores, one a head. UserError for anything else. Of data
    (N, draws, C, T, V, M), several draws of each clip, scores are the mean over the draws, or, where `average` is
    'probability', the logarithm of the mean of their probabilities.
    """
    draws = data.dim() == 6
    clips = data.flatten(0, 1) if draws else data
    output = model(clips)
    first, l1 = output if isinstance(output, tuple) and len(output) == 2 else (output, None)
    heads = output if isinstance(output, list) else [first]
    are_scores = [isinstance(head, torch.Tensor) and head.dim() == 2 and head.size(0) == clips.size(0)
                  and head.shape == heads[0].shape for head in heads]
    is_l1 = l1 is None or isinstance(l1, torch.Tensor) and l1.dim() <= 1
    if not (heads and all(are_scores) and is_l1):
        raise UserError(f'the model returned {describe_output(output)} for {len(clips)} clips; taken are scores (N, '
                        'num_class), a tuple (scores, l1) with l1 of at most one dimension, and a list of scores, one '
                        'a head')
    scores = torch.stack(heads).float()
    if draws:
        scores = scores.unflatten(1, data.shape[:2])
        if average == 'probability':
            scores = scores.log_softmax(3).logsumexp(2) - math.log(scores.size(2))
        else:
            scores = scores.mean(2)
    return scores, scores.new_zeros(()) if l1 is None else l1.float().mean()


def describe_output(output):
    """Return in words what `output` is: the shapes of its tensors, the types of other things."""
    if isinstance(output, torch.Tensor):
        return str(tuple(output.shape))
    inside = f' of {", ".join(map(describe_output, output)) or "nothing"}' if isinstance(output, tuple | list) else ''
    return f'a {type(output).__name__}{inside}'
