"""The data set of clips and labels that a model is trained and tested on."""
import dataclasses

import numpy as np
from torch.utils.data import Dataset

from feeders import augment, tools
from feeders.labels import read_labels, top_k
from graph.streams import STREAMS, derive, stream_of_file
from graph.tools import attribute_of
from runtime.data_file import read_data
from runtime.dotted import build
from runtime.errors import UserError, short_repr

MOVES = 'random_flip', 'random_rotate', 'random_scale', 'random_shear', 'random_noise'
DEBUG_SAMPLES = 100
BLOCK_VALUES = 2 ** 22  # read at a time for the statistics: 32 MB in float64


@dataclasses.dataclass(eq=False, repr=False)
class Feeder(Dataset):
    """Clips (N, C, T, V, M) and their labels. An item is (clip float32 (C, T, V, M), label, index).

    The arguments follow; `prepare` applies them, in the order written there. Other attributes are `sample_name` and
    `label`, lists, and `data`, the array of clips. A process that a Feeder is sent to opens `data_path` again. Without
    data (`data_path` None) there are no items, but `prepare` works on clips from elsewhere.

    Raises UserError for arguments that do not fit together and for files that are missing or damaged.
    """

    data_path: str | None  # .npy file of the clips
    label_path: str | None  # pickle of (sample names, labels)
    random_choose: bool = False  # take a random window of window_size frames
    random_shift: bool = False  # move the clip in time
    random_move: bool = False  # turn, zoom and shift the clip over time
    window_size: int = -1  # frames: shorter clips are filled up with zeros; only random_choose cuts longer ones
    normalization: bool = False  # subtract the mean, divide by the standard deviation, for each channel and joint
    debug: bool = False  # keep the first 100 samples only
    use_mmap: bool = True  # map data_path, instead of reading it into memory
    stream: str | None = None  # one of STREAMS, derived from a file of joints; None: what the file holds
    graph: str | None = None  # dotted class name, such as graph.ntu_rgb_d.Graph, which bones and flips need
    graph_args: dict | None = None
    uniform_sample: int = 0  # frames to take, one from each of so many equal spans of the clip without its padding
    uniform_sample_random: bool = False  # take a random frame of each span, not the middle one
    test_clips: int = 1  # take so many clips, their frames evenly spread in the spans: (test_clips, C, T, V, M)
    random_flip: float = 0.  # probability of a mirrored clip
    random_rotate: float = 0.  # degrees
    random_scale: float = 0.  # fraction
    random_shear: float = 0.  # fraction
    random_noise: float = 0.  # standard deviation, in the units of the data
    random_span: float = 0.  # sample from a random part of the clip, of at least this fraction of it
    dimensions: int | None = None  # channels that are coordinates: 3 (x, y, z) or 2 (x, y, score), for MOVES
    statistics_path: str | None = None  # .npy file whose mean and deviation `normalization` uses, not data_path

    def __post_init__(self):
        self.check_arguments()
        self.sample_name, self.label, self.data = [], [], None
        if self.data_path is not None:
            self.read_files()
        self.needs_bones = bool(self.stream) and 'bone' in self.stream
        self.skeleton = self.build_graph() if self.needs_bones or self.random_flip else None
        if self.normalization:
            data = self.data if self.statistics_path is None else read_data(self.statistics_path)
            self.mean_map, self.std_map = mean_and_deviation(data)

    def check_arguments(self):
        for name, least in (('window_size', -1), ('uniform_sample', 0), ('test_clips', 1)):
            value = getattr(self, name)
            if not isinstance(value, int | np.integer) or value < least:
                raise UserError(f'{name} {short_repr(value)}: a whole number ≥ {least} is needed')
        if self.stream not in (None, *STREAMS):
            raise UserError(f"stream '{self.stream}': choose one of {', '.join(STREAMS)}, or leave it out")
        if self.random_choose and self.window_size <= 0:
            raise UserError(f'random_choose needs a window_size of at least 1 frame, not {self.window_size}')
        if self.uniform_sample and (self.random_choose or self.random_shift):
            raise UserError('uniform_sample chooses the frames: leave out random_choose and random_shift')
        if not self.uniform_sample and (self.uniform_sample_random or self.test_clips > 1):
            raise UserError('uniform_sample_random and test_clips need uniform_sample, the number of frames')
        if self.uniform_sample_random and self.test_clips > 1:
            raise UserError('test_clips are evenly spread over the clip: leave out uniform_sample_random')
        if self.random_span and not (self.uniform_sample_random and 0 < self.random_span <= 1):
            raise UserError(f'random_span {self.random_span}: it is the least fraction of a clip, at most 1, of which '
                            'uniform_sample_random draws frames')
        if any(getattr(self, name) for name in MOVES) and self.dimensions not in (2, 3):
            raise UserError(f'{", ".join(MOVES)} need to know the coordinates: '
                            'give dimensions: 3 (x, y, z) or 2 (x, y, score)')

    def read_files(self):
        self.sample_name, self.label = read_labels(self.label_path)
        self.data = read_data(self.data_path, self.use_mmap)
        if len(self.data) != len(self.label):
            raise UserError(f'{self.data_path} has {len(self.data)} samples and {self.label_path} has '
                            f'{len(self.label)} labels: take both from the same run of the data preparation')
        held = stream_of_file(self.data_path) or 'joint'
        if self.stream and held != 'joint':
            raise UserError(f'{self.data_path}: its name says it holds {held}, but stream is derived from joints: '
                            'give the joint file')
        if self.debug:
            self.sample_name, self.label = self.sample_name[:DEBUG_SAMPLES], self.label[:DEBUG_SAMPLES]
            self.data = self.data[:DEBUG_SAMPLES]

    def build_graph(self):
        if self.graph is None:
            raise UserError('bones and flips need to know the skeleton: give graph, such as graph.ntu_rgb_d.Graph')
        graph = build(self.graph, self.graph_args or {}, 'graph_args')
        if self.needs_bones:
            attribute_of(graph, 'bone_partners')
        if self.random_flip:
            attribute_of(graph, 'left_right')
        if self.data is not None and graph.num_node != self.data.shape[3]:
            raise UserError(f'{self.data_path} has {self.data.shape[3]} joints and {self.graph} has {graph.num_node}: '
                            'name the graph of this data')
        return graph

    def __len__(self):
        return len(self.label)

    def __getitem__(self, index):
        return self.prepare(self.data[index].view(np.ndarray)), self.label[index], index

    def prepare(self, clip):
        """Return the model's input, a new float32 array, for the clip (C, T, V, M) of a file."""
        length = augment.true_length(clip) if self.uniform_sample else None
        clip = clip.astype(np.float32, copy=False)
        if self.normalization:
            clip = (clip - self.mean_map) / self.std_map
        if self.random_shift:
            clip = tools.random_shift(clip)
        if self.uniform_sample:
            clips = [self.augmented(np.take(clip, frames, axis=1)) for frames in self.draw_frames(length)]
            clip = clips[0] if self.test_clips == 1 else np.stack(clips)
        else:
            clip = self.augmented(tools.random_choose(clip, self.window_size) if self.random_choose else clip)
        return clip if clip.flags.owndata and clip.flags.writeable else clip.copy()

    def draw_frames(self, length):
        """Return, for each of `test_clips`, the frames (uniform_sample,) to take from a clip of `length` frames."""
        if self.uniform_sample_random:
            first, span = augment.random_span(length, self.random_span) if self.random_span else (0, length)
            return [augment.uniform_frames(span, self.uniform_sample, np.random.random(self.uniform_sample), first)]
        positions = (np.arange(self.test_clips) + .5) / self.test_clips
        return [augment.uniform_frames(length, self.uniform_sample, position) for position in positions]

    def augmented(self, clip):
        """Return the clip, whose frames are chosen, padded and moved, as the stream."""
        is_motion = bool(self.stream) and self.stream.endswith('motion')
        if not is_motion:
            clip = tools.auto_pading(clip, self.window_size)
        if self.random_move:
            clip = tools.random_move(clip)
        if self.random_flip:
            clip = augment.random_flip(clip, self.random_flip, self.skeleton.left_right)
        for move in MOVES[1:]:
            if amount := getattr(self, move):
                clip = getattr(augment, move)(clip, amount, self.dimensions)
        if self.stream:
            clip = derive(clip, self.stream, self.skeleton.bone_partners if self.needs_bones else None)
        # Motion is padded last: there is none from the clip to the padding.
        return tools.auto_pading(clip, self.window_size) if is_motion else clip

    def top_k(self, score, k):
        """Return the fraction of the rows of `score` (N, num_class) whose label is among the k best scores."""
        return top_k(score, self.label, k)

    def __getstate__(self):
        return {**self.__dict__, 'data': None}

    def __setstate__(self, state):
        self.__dict__.update(state)
        if self.data_path is not None:
            self.data = read_data(self.data_path, self.use_mmap)[:len(self.label)]


def mean_and_deviation(data):
    """Return the mean and the standard deviation of `data` (N, C, T, V, M) over N, T and M, both float32 (C, 1, V, 1).

    The deviation of a value that never changes is 1, so that normalising gives 0. The data are read in blocks.
    """
    N, C, T, V, M = data.shape
    samples = max(1, BLOCK_VALUES // (C * T * V * M))

    def mean_of(function):
        total = np.zeros((C, V))
        for first in range(0, N, samples):
            total += function(np.asarray(data[first:first + samples], np.float64)).sum(axis=(0, 2)).sum(axis=-1)
        return total[:, None, :, None] / (N * T * M)

    mean = mean_of(lambda block: block)
    deviation = np.sqrt(mean_of(lambda block: (block - mean) ** 2))
    return mean.astype(np.float32), np.where(deviation > 0, deviation, 1).astype(np.float32)
