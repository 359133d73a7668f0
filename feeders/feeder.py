"""The Dataset that hands clips and labels to the model."""
import numpy as np
from torch.utils.data import Dataset

from feeders import tools
from feeders.streams import bones, motion
from runtime.dotted import build
from runtime.errors import UserError
from runtime.safe_pickle import load_pickle

STREAMS = 'joint', 'bone', 'joint_motion', 'bone_motion'
BONE_STREAMS, MOTION_STREAMS = ('bone', 'bone_motion'), ('joint_motion', 'bone_motion')
DEBUG_SAMPLES = 100
BLOCK_VALUES = 2 ** 22  # values that the statistics hold at a time: 32 MB in float64


class Feeder(Dataset):
    """Clips from a `.npy` file (N, C, T, V, M) and their labels from a pickle of (names, labels).

    An item is (clip float32 (C, T, V, M), label, index). On the way a clip is normalised (minus `mean_map`, over
    `std_map`, both (C, 1, V, 1)), shifted in time (`random_shift`), cut or padded to a random window
    (`random_choose`; else only padded with zeros up to `window_size`, if that is positive) and moved
    (`random_move`); see feeders.tools. Last, `stream` derives bones or motion from joints (see feeders.streams), so
    that one file of joints serves all STREAMS; without it, clips stay what the file holds. Bones need `graph`, a
    dotted class name such as graph.ntu_rgb_d.Graph, built with `graph_args`, whose bone_partners they lead to.

    Attributes: `sample_name` and `label`, lists; `data` (N, C, T, V, M), mapped from the file, or read whole if
    `use_mmap` is false. `debug` keeps the first 100 samples. A process that a Feeder is sent to opens the file anew.
    """

    def __init__(self, data_path, label_path, random_choose=False, random_shift=False, random_move=False,
                 window_size=-1, normalization=False, debug=False, use_mmap=True, stream=None,
                 graph=None, graph_args=None):
        if random_choose and window_size <= 0:
            raise UserError(f'random_choose needs a window_size of at least 1 frame, not {window_size}')
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
        self.sample_name, self.label = read_labels(label_path)
        self.data = read_data(data_path, use_mmap)
        if len(self.data) != len(self.label):
            raise UserError(f'{data_path} has {len(self.data)} samples and {label_path} has {len(self.label)} labels: '
                            'take both from the same run of the data preparation')
        if debug:
            self.sample_name, self.label = self.sample_name[:DEBUG_SAMPLES], self.label[:DEBUG_SAMPLES]
            self.data = self.data[:DEBUG_SAMPLES]
        self.bone_partners = find_bone_partners(stream, graph, graph_args or {}, self.data.shape[3])
        if normalization:
            self.mean_map, self.std_map = mean_and_deviation(self.data)

    def __len__(self):
        return len(self.label)

    def __getitem__(self, index):
        clip = self.data[index].view(np.ndarray).astype(np.float32, copy=False)
        if self.normalization:
            clip = (clip - self.mean_map) / self.std_map
        if self.random_shift:
            clip = tools.random_shift(clip)
        if self.random_choose:
            clip = tools.random_choose(clip, self.window_size)
        elif self.stream not in MOTION_STREAMS:
            clip = tools.auto_pading(clip, self.window_size)
        if self.random_move:
            clip = tools.random_move(clip)
        clip = self.derive(clip)
        if self.stream in MOTION_STREAMS:
            clip = tools.auto_pading(clip, self.window_size)  # only now: no motion leads into the padding
        if not (clip.flags.owndata and clip.flags.writeable):
            clip = clip.copy()  # not a view of the file
        return clip, self.label[index], index

    def derive(self, joints):
        """Return the stream (C, T, V, M) of the clip `joints` (C, T, V, M)."""
        clip = bones(joints, self.bone_partners) if self.stream in BONE_STREAMS else joints
        return motion(clip) if self.stream in MOTION_STREAMS else clip

    def top_k(self, score, k):
        """Return the share of the rows of `score` (N, num_class) whose label is among the k best scores."""
        best = np.argsort(score, axis=1)[:, -k:]
        return float((best == np.asarray(self.label)[:, None]).any(axis=1).mean())

    def __getstate__(self):
        return {**self.__dict__, 'data': None}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.data = read_data(self.data_path, self.use_mmap)[:len(self.label)]


def read_data(path, use_mmap=True):
    """Return the clips in the `.npy` file `path`, (N, C, T, V, M), mapped (read only) or read whole.

    Raises UserError, naming the file, if it is missing, cut off, or no array of numbers with those five axes.
    """
    try:
        with open(path, 'rb') as file:
            if file.read(6) != b'\x93NUMPY':
                raise ValueError('it does not begin as one does')
        data = np.load(path, mmap_mode='r', allow_pickle=False)
    except OSError as error:
        raise UserError(f'{path}: {error.strerror or error}: check data_path, or prepare the data first') from None
    except Exception as error:  # a damaged header can raise any of a dozen exceptions
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise UserError(f'{path}: not a whole .npy file of numbers ({reason}): prepare the data anew') from None
    if data.ndim != 5 or data.dtype.kind not in 'fiu':
        raise UserError(f'{path}: it holds {data.dtype} of shape {data.shape}: '
                        'numbers of shape (samples, channels, frames, joints, persons) are needed')
    if not data.size:
        raise UserError(f'{path}: there is no sample in it (shape {data.shape}): prepare the data anew')
    return data if use_mmap else np.array(data)


def read_labels(path):
    """Return the names and the labels, two lists of one length, of the pickle at `path`.

    Raises UserError, naming the file, if it holds anything else, or a label that is not an integer of at least 0.
    """
    content = load_pickle(path)
    if not isinstance(content, list | tuple) or len(content) != 2 or not all(
            isinstance(part, list | tuple) or isinstance(part, np.ndarray) and part.ndim == 1 for part in content):
        raise UserError(f'{path}: a pickle of two lists (sample names, labels) is needed: prepare the data anew')
    names, labels = (list(part) for part in content)
    if len(names) != len(labels):
        raise UserError(f'{path}: {len(names)} sample names and {len(labels)} labels: prepare the data anew')
    for name, label in zip(names, labels):
        if not isinstance(label, int | np.integer) or isinstance(label, bool) or label < 0:
            raise UserError(f'{path}: the label of {name} is {label!r}: integers from 0 are needed')
    return [name.decode('latin-1') if isinstance(name, bytes) else str(name) for name in names], list(map(int, labels))


def find_bone_partners(stream, graph, graph_args, num_joints):
    """Return the partner of each of the joints in `graph` (a dotted class name), None where `stream` needs none."""
    if stream not in (None, *STREAMS):
        raise UserError(f"stream '{stream}': choose one of {', '.join(STREAMS)}, or leave it out")
    if stream not in BONE_STREAMS:
        return None
    if graph is None:
        raise UserError(f"stream '{stream}' needs to know the bones: give graph, such as graph.ntu_rgb_d.Graph")
    partners = build(graph, graph_args, 'graph_args').bone_partners
    if len(partners) != num_joints:
        raise UserError(f"stream '{stream}': {graph} has {len(partners)} joints and the data has {num_joints}")
    return partners


def mean_and_deviation(data):
    """Return the mean and the standard deviation of `data` (N, C, T, V, M) over N, T and M, both float32 (C, 1, V, 1).

    Where a joint never changes, the deviation is given as 1, so that dividing by it gives 0. The file is read once,
    block by block; blocks are merged as in Chan et al., Algorithms for computing the sample variance, 1983.
    """
    N, C, T, V, M = data.shape
    samples = max(1, BLOCK_VALUES // (C * T * V * M))
    count, mean, squares = 0, np.zeros((C, 1, V, 1)), np.zeros((C, 1, V, 1))
    for begin in range(0, N, samples):
        block = np.asarray(data[begin:begin + samples], np.float64)
        block_count = len(block) * T * M
        block_mean = block.mean(axis=(0, 2, 4), keepdims=True)[0]
        block -= block_mean
        difference = block_mean - mean
        share = block_count / (count + block_count)
        squares += np.square(block, out=block).sum(axis=(0, 2, 4), keepdims=True)[0]
        squares += difference ** 2 * count * share
        mean += difference * share
        count += block_count
    deviation = np.sqrt(squares / count)
    return mean.astype(np.float32), np.where(deviation > 0, deviation, 1).astype(np.float32)
