"""The Dataset that hands clips and labels to the model."""
import numpy as np
from torch.utils.data import Dataset

from feeders import augment, tools
from feeders.clip_file import mean_and_deviation, read_data
from feeders.labels import read_labels, top_k
from feeders.streams import bones, motion
from runtime.dotted import build
from runtime.errors import UserError

STREAMS = 'joint', 'bone', 'joint_motion', 'bone_motion'
BONE_STREAMS, MOTION_STREAMS = ('bone', 'bone_motion'), ('joint_motion', 'bone_motion')
MOVES = 'random_flip', 'random_rotate', 'random_scale', 'random_shear', 'random_noise'  # of joints in space
DEBUG_SAMPLES = 100


class Feeder(Dataset):
    """Clips from a `.npy` file (N, C, T, V, M) and their labels from a pickle of (names, labels).

    An item is (clip float32 (C, T, V, M), label, index). What an argument asks for is done in this order:

    - `normalization`: minus `mean_map`, over `std_map`, both (C, 1, V, 1); `random_shift`: the clip moved in time;
    - frames: `random_choose`, a random window of `window_size`; or `uniform_sample`: T, one frame of each of T equal
      spans of the clip without its padding: a random one if `uniform_sample_random`, else the middle one. With
      `random_span`, those of a random part of the clip, of at least that share of it.
      `test_clips`: n takes n such draws, evenly spread, and makes the item's clip (n, C, T, V, M). Else zeros fill
      the clip up to `window_size`, and nothing is cut;
    - `random_move`, see feeders.tools; then `random_flip` (probability), `random_rotate` (degrees), `random_scale`
      (share), `random_shear` (share), `random_noise` (standard deviation), see feeders.augment. For those,
      `dimensions` says which channels are coordinates: 3 (x, y, z) or 2 (x, y, score);
    - `stream` derives bones or motion from joints (see feeders.streams), so that one file of joints serves all
      STREAMS; without it, clips stay what the file holds.

    Bones and flips follow `graph`, a dotted class name such as graph.ntu_rgb_d.Graph, built with `graph_args`. The
    statistics of `normalization` are those of the clips in `statistics_path`, by default of `data_path` itself.

    Without data (`data_path` None) a Feeder has no items; `prepare` then does to clips from elsewhere what it does to
    its own.

    Attributes: `sample_name` and `label`, lists; `data` (N, C, T, V, M), mapped from the file, or read whole if
    `use_mmap` is false. `debug` keeps the first 100 samples. A process that a Feeder is sent to opens the file anew.
    """

    def __init__(self, data_path, label_path, random_choose=False, random_shift=False, random_move=False,
                 window_size=-1, normalization=False, debug=False, use_mmap=True, stream=None, graph=None,
                 graph_args=None, uniform_sample=0, uniform_sample_random=False, test_clips=1, random_flip=0.,
                 random_rotate=0., random_scale=0., random_shear=0., random_noise=0., random_span=0.,
                 dimensions=None, statistics_path=None):
        self.data_path = data_path
        self.label_path = label_path
        self.random_choose = random_choose
        self.random_shift = random_shift
        self.random_move = random_move
        self.window_size = window_size
        self.normalization = normalization
        self.debug = debug
        self.use_mmap = use_mmap
        self.stream = stream
        self.uniform_sample = uniform_sample
        self.uniform_sample_random = uniform_sample_random
        self.test_clips = test_clips
        self.random_flip = random_flip
        self.random_rotate = random_rotate
        self.random_scale = random_scale
        self.random_shear = random_shear
        self.random_noise = random_noise
        self.random_span = random_span
        self.dimensions = dimensions
        self.check_arguments()
        self.sample_name, self.label, self.data = [], [], None
        if data_path is not None:
            self.read_files()
        self.graph = self.build_graph(graph, graph_args or {}) if stream in BONE_STREAMS or random_flip else None
        self.true_lengths = {}  # index → frames before the padding, found when an item is first sampled
        if normalization:
            data = self.data if statistics_path is None else read_data(statistics_path)
            self.mean_map, self.std_map = mean_and_deviation(data)

    def read_files(self):
        self.sample_name, self.label = read_labels(self.label_path)
        self.data = read_data(self.data_path, self.use_mmap)
        if len(self.data) != len(self.label):
            raise UserError(f'{self.data_path} has {len(self.data)} samples and {self.label_path} has '
                            f'{len(self.label)} labels: take both from the same run of the data preparation')
        if self.debug:
            self.sample_name, self.label = self.sample_name[:DEBUG_SAMPLES], self.label[:DEBUG_SAMPLES]
            self.data = self.data[:DEBUG_SAMPLES]

    def check_arguments(self):
        for name in ('window_size', 'uniform_sample', 'test_clips'):
            value = getattr(self, name)
            if not isinstance(value, int | np.integer):
                raise UserError(f'{name} {value!r}: a whole number is needed')
        if self.stream not in (None, *STREAMS):
            raise UserError(f"stream '{self.stream}': choose one of {', '.join(STREAMS)}, or leave it out")
        if self.random_choose and self.window_size <= 0:
            raise UserError(f'random_choose needs a window_size of at least 1 frame, not {self.window_size}')
        if self.uniform_sample < 0:
            raise UserError(f'uniform_sample {self.uniform_sample}: it counts frames')
        if self.uniform_sample and (self.random_choose or self.random_shift):
            raise UserError('uniform_sample chooses the frames: leave out random_choose and random_shift')
        if self.test_clips < 1 or self.test_clips > 1 and (self.uniform_sample_random or not self.uniform_sample):
            raise UserError(f'test_clips {self.test_clips}: it counts the draws (at least 1) of uniform_sample, which '
                            'must be given, without uniform_sample_random')
        if self.random_span and not (self.uniform_sample_random and 0 < self.random_span <= 1):
            raise UserError(f'random_span {self.random_span}: it is the least share of a clip, at most 1, of which '
                            'uniform_sample_random draws frames')
        if any(getattr(self, name) for name in MOVES) and self.dimensions not in (2, 3):
            raise UserError(f'{", ".join(MOVES)} need to know the coordinates: '
                            'give dimensions: 3 (x, y, z) or 2 (x, y, score)')

    def build_graph(self, name, arguments):
        """Return the graph with the dotted class name `name`; UserError if it is not the data's."""
        if name is None:
            raise UserError('bones and flips need to know the skeleton: give graph, such as graph.ntu_rgb_d.Graph')
        graph = build(name, arguments, 'graph_args')
        if self.data is not None and graph.num_node != self.data.shape[3]:
            raise UserError(f'{self.data_path} has {self.data.shape[3]} joints and {name} has {graph.num_node}: '
                            'name the graph of this data')
        return graph

    def __len__(self):
        return len(self.label)

    def __getitem__(self, index):
        clip = self.data[index].view(np.ndarray)
        if self.uniform_sample and index not in self.true_lengths:
            self.true_lengths[index] = augment.true_length(clip)
        return self.prepare(clip, self.true_lengths.get(index)), self.label[index], index

    def prepare(self, clip, true_length=None):
        """Return the clip (C, T, V, M), as the file has it, as the model takes it: float32, no view of a file.

        `true_length`, its number of frames before the padding, is found if it is needed and not given.
        """
        if self.uniform_sample and true_length is None:
            true_length = augment.true_length(clip)
        clip = clip.astype(np.float32, copy=False)
        if self.normalization:
            clip = (clip - self.mean_map) / self.std_map
        if self.random_shift:
            clip = tools.random_shift(clip)
        if self.uniform_sample:
            clips = [self.finish(np.take(clip, frames, axis=1)) for frames in self.uniform_frames(true_length)]
            clip = clips[0] if self.test_clips == 1 else np.stack(clips)
        else:
            clip = self.finish(tools.random_choose(clip, self.window_size) if self.random_choose else clip)
        if not (clip.flags.owndata and clip.flags.writeable):
            clip = clip.copy()  # not a view of the file
        return clip

    def uniform_frames(self, true_length):
        """Return the list of the frames (uniform_sample,) of each draw from a clip of so many frames."""
        if self.uniform_sample_random:
            begin, span = augment.random_span(true_length, self.random_span) if self.random_span else (0, true_length)
            share = np.random.random(self.uniform_sample)
            return [augment.uniform_frames(span, self.uniform_sample, share, begin)]
        shares = (np.arange(self.test_clips) + .5) / self.test_clips
        return [augment.uniform_frames(true_length, self.uniform_sample, share) for share in shares]

    def finish(self, clip):
        """Return the stream, moved and padded as asked for, of `clip`, whose frames are chosen."""
        if self.stream not in MOTION_STREAMS:
            clip = tools.auto_pading(clip, self.window_size)
        if self.random_move:
            clip = tools.random_move(clip)
        if self.random_flip:
            clip = augment.random_flip(clip, self.random_flip, self.graph.left_right)
        if self.random_rotate:
            clip = augment.random_rotate(clip, self.random_rotate, self.dimensions)
        if self.random_scale:
            clip = augment.random_scale(clip, self.random_scale, self.dimensions)
        if self.random_shear:
            clip = augment.random_shear(clip, self.random_shear, self.dimensions)
        if self.random_noise:
            clip = augment.random_noise(clip, self.random_noise, self.dimensions)
        if self.stream in BONE_STREAMS:
            clip = bones(clip, self.graph.bone_partners)
        if self.stream in MOTION_STREAMS:
            clip = tools.auto_pading(motion(clip), self.window_size)  # only now: no motion leads into the padding
        return clip

    def top_k(self, score, k):
        """Return the share of the rows of `score` (N, num_class) whose label is among the k best scores."""
        return top_k(score, self.label, k)

    def __getstate__(self):
        return {**self.__dict__, 'data': None}

    def __setstate__(self, state):
        self.__dict__.update(state)
        if self.data_path is not None:
            self.data = read_data(self.data_path, self.use_mmap)[:len(self.label)]
