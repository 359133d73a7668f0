"""What export.py exports: one network from joints to scores, with all that is derived from joints on the way."""
import torch
from torch import nn
from torch.nn import functional as F

from feeders.interface import average_of
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


class JointsToScores(nn.Module):
    """Streams, fused: joints (N, C, T, V, M) → scores, or probabilities, (N, num_class)."""

    def __init__(self, model, softmax):
        super().__init__()
        self.streams = nn.ModuleList(map(StreamOfJoints, model.streams))
        self.weights = model.stream_weights
        self.softmax = softmax

    def forward(self, joints):
        scores = sum(stream(joints) * weight for stream, weight in zip(self.streams, self.weights))
        return scores.softmax(1) if self.softmax else scores


class ClipsToScores(nn.Module):
    """Streams of PYSKL's feeder, fused: of each the drawn clips (N, draws, C, T, V, M) → as JointsToScores.

    Probabilities are summed, and the scores are the logarithm of the sum. What is derived from joints is derived before
    frames are drawn, outside this network.
    """

    def __init__(self, model, softmax):
        super().__init__()
        self.networks = nn.ModuleList(stream.network for stream in model.streams)
        self.averages = [average_of(stream.feeder) for stream in model.streams]
        self.weights = model.stream_weights
        self.softmax = softmax

    def forward(self, *clips):
        clips = [x.squeeze(1) if x.size(1) == 1 else x for x in clips]  # as the feeder has a single draw
        streams = zip(self.networks, clips, self.averages, self.weights)
        fused = sum(summed_scores(network, x, average).softmax(1) * weight for network, x, average, weight in streams)
        scores = fused.clamp(min=torch.finfo(fused.dtype).tiny).log()
        return scores.softmax(1) if self.softmax else scores
