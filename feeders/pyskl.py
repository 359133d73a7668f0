"""The Dataset of PYSKL's recordings, whose clips are drawn as PYSKL does it, so that weights from there fit.

Source: Duan et al., PYSKL: Towards Good Practices for Skeleton Action Recognition, ACM MM 2022;
https://github.com/kennymckormick/pyskl.
"""
import pathlib
import zipfile

import numpy as np
from torch.utils.data import Dataset

from feeders.pyskl_frames import draw_frames
from graph.streams import STREAMS, derive
from graph.tools import attribute_of
from runtime.data_file import INDEX, JOINTS, read_array
from runtime.dotted import build
from runtime.errors import UserError, short_repr

PERSONS = 2


class Feeder(Dataset):
    """Clips of the recordings that `data_gen/pyskl_gendata.py --recordings` wrote into the folder `recordings`.

    An item is (clip float32 (C, T, V, M), label, index); with `num_clips` above 1 the clip is (num_clips, C, T, V, M).
    Each is `clip_len` frames of one of the STREAMS of the recording; absent bodies are zeros. `split` is a name such as
    xsub_val. `graph`, a dotted class name, is needed for bones; with 2 `dimensions`, the third channel is a score. In
    tests the draws of every recording start from `seed`, 255 in PYSKL, so that an item is always the same; with
    `random_frames`, for training, they follow numpy.random. Without `recordings` (None) there are no items, but
    `prepare` works on clips from elsewhere.

    Attributes: `sample_name` and `label`, lists; `average`: what of a recording's clips is averaged to its scores.
    """

    average = 'probability'

    def __init__(self, recordings, split, stream='joint', clip_len=100, num_clips=1, seed=255, random_frames=False,
                 graph=None, graph_args=None, dimensions=3):
        for name, value in (('clip_len', clip_len), ('num_clips', num_clips)):
            if not isinstance(value, int) or value < 1:
                raise UserError(f'{name} {short_repr(value)}: a whole number of at least 1 is needed')
        if stream not in STREAMS:
            raise UserError(f"stream '{stream}': choose one of {', '.join(STREAMS)}")
        if dimensions not in (2, 3):
            raise UserError(f'dimensions {short_repr(dimensions)}: 3 (x, y, z) or 2 (x, y, score)')
        if stream.startswith('bone') and graph is None:
            raise UserError('bones need to know the skeleton: give graph, such as graph.ntu_rgb_d.Graph')
        self.stream = stream
        self.clip_len = clip_len
        self.num_clips = num_clips
        self.seed = seed
        self.random_frames = random_frames
        self.mean_score = dimensions == 2
        self.partners = graph and attribute_of(build(graph, graph_args or {}, 'graph_args'), 'bone_partners')
        self.recordings = recordings
        self.sample_name, self.label, self.joints = [], [], None
        if recordings is not None:
            self.read_index(split)
            self.joints = read_array(pathlib.Path(recordings, JOINTS), 3)

    def read_index(self, split):
        path = pathlib.Path(self.recordings, INDEX)
        try:
            with np.load(path, allow_pickle=False) as index:
                splits = [key.removeprefix('split ') for key in index if key.startswith('split ')]
                if split not in splits:
                    raise UserError(f"{path}: there is no split '{split}': there are {', '.join(splits)}")
                members = index[f'split {split}']
                self.sample_name, self.label = (index[key][members].tolist() for key in ('name', 'label'))
                self.place = np.stack([index[key][members] for key in ('begin', 'bodies', 'frames')], 1)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise UserError(f'{path}: not the index of recordings ({error}): data_gen/pyskl_gendata.py --recordings '
                            'writes it') from None
        if not self.label:
            raise UserError(f'{path}: split {split} has no recording')

    def __len__(self):
        return len(self.label)

    def __getitem__(self, index):
        start, bodies, frames = self.place[index].tolist()
        rows = self.joints[start:start + bodies * frames].view(np.ndarray)
        clip = rows.reshape(bodies, frames, *rows.shape[1:]).transpose(3, 1, 2, 0)
        return self.prepare(clip), self.label[index], index

    def prepare(self, clip):
        """Return the model's input for the normalised joints (C, T, V, M) of a recording, M ≤ 2."""
        x = derive(clip, self.stream, self.partners, self.mean_score)
        rng = np.random if self.random_frames else np.random.RandomState(self.seed)
        frames = draw_frames(x.shape[1], self.clip_len, self.num_clips, rng, self.random_frames)
        C, _, V, M = x.shape
        clips = np.zeros((self.num_clips, C, self.clip_len, V, PERSONS), np.float32)
        clips[..., :M] = x[:, frames].swapaxes(0, 1)
        return clips if self.num_clips > 1 else clips[0]

    def __getstate__(self):
        return {**self.__dict__, 'joints': None}

    def __setstate__(self, state):
        self.__dict__.update(state)
        if self.recordings is not None:
            self.joints = read_array(pathlib.Path(self.recordings, JOINTS), 3)
