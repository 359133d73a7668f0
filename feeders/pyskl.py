"""The Dataset of PYSKL's annotations, prepared as PYSKL does it, so that weights from there meet what they know."""
import numpy as np
from torch.utils.data import Dataset

from feeders.labels import top_k
from feeders.pyskl_annotations import Annotations
from feeders.pyskl_clip import MIDDLE_OF_SPINE, PARTNERS, derive, draw_frames, normalize_2d, normalize_3d
from graph.skeleton import Graph
from runtime.errors import UserError, shown

STREAMS = 'joint', 'bone', 'joint_motion', 'bone_motion'
PERSONS = 2


class Feeder(Dataset):
    """Clips from one of PYSKL's annotation files.

    An item is (clip float32 (C, T, V, M), label, index); with `num_clips` above 1 the clip is (num_clips, C, T, V, M).
    Each is `clip_len` frames of one of the STREAMS of the recording; absent bodies are zeros. `split` is a name such as
    xsub_val. In tests the draws of every recording start from `seed`, 255 in PYSKL, so that an item is always the same;
    with `random_frames`, for training, they follow numpy.random. `skeleton`, the path of a YAML (see graph.skeleton),
    describes other joints than NTU's 25 and COCO's 17: in 3D they are centred on its center, and not turned.

    Attributes: `sample_name` (frame_dir) and `label`, lists; `clip_shape`, that of an item's clip; `average`: what of a
    recording's clips is averaged to its scores.
    """

    average = 'probability'

    def __init__(self, annotations, split, stream='joint', clip_len=100, num_clips=1, seed=255, random_frames=False,
                 skeleton=None):
        for name, value in (('clip_len', clip_len), ('num_clips', num_clips)):
            if not isinstance(value, int) or value < 1:
                raise UserError(f'{name} {shown(value)}: a whole number of at least 1 is needed')
        if stream not in STREAMS:
            raise UserError(f"stream '{stream}': choose one of {', '.join(STREAMS)}")
        self.stream = stream
        self.clip_len = clip_len
        self.num_clips = num_clips
        self.seed = seed
        self.random_frames = random_frames
        graph = Graph(file=skeleton) if skeleton else None
        self.annotations = Annotations(annotations, split, graph and graph.num_node)
        self.partners = graph.bone_partners if graph else PARTNERS[self.annotations.kind]
        self.center, self.turned = (graph.center, False) if graph else (MIDDLE_OF_SPINE, True)
        self.sample_name, self.label = self.annotations.name, self.annotations.label
        self.clip_shape = (num_clips,) * (num_clips > 1) + (3, clip_len, self.annotations.num_point, PERSONS)

    def __len__(self):
        return len(self.label)

    def __getitem__(self, index):
        keypoint, score, size = self.annotations.joints(index)
        x = normalize_3d(keypoint, self.center, self.turned) if score is None else normalize_2d(keypoint, score, size)
        x = derive(x, self.stream, self.annotations.kind, self.partners)
        rng = np.random if self.random_frames else np.random.RandomState(self.seed)
        frames = draw_frames(x.shape[1], self.clip_len, self.num_clips, rng, self.random_frames)
        clips = np.zeros((self.num_clips, *self.clip_shape[-4:]), np.float32)
        clips[..., :len(x)] = x[:, frames].transpose(1, 4, 2, 3, 0)
        return clips if self.num_clips > 1 else clips[0], self.label[index], index

    def top_k(self, score, k):
        """Return the share of the rows of `score` (N, num_class) whose label is among the k best scores."""
        return top_k(score, self.label, k)
