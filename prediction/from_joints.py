"""What export.py exports: one network from joints to scores, with all that is derived from joints on the way."""
import torch
from torch import nn
from torch.nn import functional as F

from runtime.trained import answer


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
        x = derive(joints, *self.of_file)
        if self.normalized:
            x = (x - self.mean) / self.std
        x = derive(x, *self.of_feeder)
        x = F.pad(x, (0, 0, 0, 0, 0, max(0, self.window_size - x.size(2))))
        return answer(self.network, x)


def derive(joints, stream, partners):
    """Return what feeders.streams.derive does, of a tensor (N, C, T, V, M)."""
    bones = joints - joints[..., partners, :] if 'bone' in stream else joints
    if stream == 'joint_bone':
        return torch.cat((joints, bones), 1)
    if stream.endswith('motion'):
        return F.pad(bones[:, :, 1:] - bones[:, :, :-1], (0, 0, 0, 0, 0, 1))
    return bones


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
