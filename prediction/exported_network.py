"""The network that export.py writes: from joints, or from drawn clips, to the fused scores of all streams."""
import torch
from torch import nn
from torch.nn import functional as F

from graph.streams import derive
from model.outputs import summed_scores


class StreamOfJoints(nn.Module):
    """The network of a Stream and what data_gen and its Feeder do before it: joints (N, C, T, V, M) → scores."""

    def __init__(self, stream):
        super().__init__()
        feeder = stream.feeder
        self.network = stream.network
        self.of_file = stream.stream, stream.graph.bone_partners if 'bone' in stream.stream else None
        self.of_feeder = feeder.stream or 'joint', feeder.skeleton and feeder.skeleton.bone_partners
        self.window_size = feeder.window_size
        self.normalized = feeder.normalization
        if feeder.normalization:
            self.register_buffer('mean', torch.from_numpy(feeder.mean_map))  # (C, 1, V, 1), as std
            self.register_buffer('std', torch.from_numpy(feeder.std_map))

    def forward(self, joints):
        x = derive(joints, *self.of_file, take=take, concatenate=torch.cat)
        if self.normalized:
            x = (x - self.mean) / self.std
        x = derive(x, *self.of_feeder, take=take, concatenate=torch.cat)
        x = F.pad(x, (0, 0, 0, 0, 0, max(0, self.window_size - x.size(2))))
        return summed_scores(self.network, x)


def take(x, indices, axis):
    """Return what numpy.take does, of a tensor."""
    return x.index_select(axis, torch.tensor(indices, device=x.device))


class StreamOfClips(nn.Module):
    """The network of a Stream of PYSKL's feeder: clips drawn of a derived stream (N, draws, C, T, V, M) → scores."""

    def __init__(self, stream):
        super().__init__()
        self.network, self.average = stream.network, stream.average

    def forward(self, clips):
        clips = clips.squeeze(1) if clips.size(1) == 1 else clips  # as the feeder has a single draw
        return summed_scores(self.network, clips, self.average)


class Fused(nn.Module):
    """The streams of a FusedStreams, fused: joints, which all share, or an input each → (N, num_class).

    The result are scores, or probabilities with `softmax`. Where probabilities are summed, as of PYSKL's streams, the
    scores are the logarithm of the sum.
    """

    def __init__(self, model, softmax):
        super().__init__()
        self.are_probabilities, self.softmax = model.are_probabilities, softmax
        self.streams = nn.ModuleList(map(StreamOfClips if model.are_probabilities else StreamOfJoints, model.streams))
        self.weights = model.stream_weights

    def forward(self, *inputs):
        inputs = inputs if self.are_probabilities else inputs * len(self.streams)
        scores = [stream(x) for stream, x in zip(self.streams, inputs)]
        if self.are_probabilities:
            scores = [of_stream.softmax(1) for of_stream in scores]
        fused = sum(of_stream * weight for of_stream, weight in zip(scores, self.weights))
        if self.are_probabilities:
            fused = fused.clamp(min=torch.finfo(fused.dtype).tiny).log()
        return fused.softmax(1) if self.softmax else fused
