"""What a file holds for a network: clips that are prepared already, or a recording."""
import numpy as np

from data_gen.formats import read_file
from data_gen.formats.raw_file import reading
from data_gen.formats.sample import BrokenSample
from data_gen.preparation_file import needed
from data_gen.sources import is_video, read_video, video_recordings
from graph.streams import stream_of_file


def read(path, preparations, config, pose_model, video=None):
    """Return (clips (N, C, T, V, M), None), or (None, Recordings, one fitted to each of the `preparations`).

    `preparations` are those of the network of `config`; None stands for one that is not known. `pose_model` is the path
    of the model that finds people in videos; `video` is what read_video has returned for `path`, if it was called.
    Raises BrokenSample, which names the file, and UserError for a recording whose preparation is not known.
    """
    if is_video(path):
        needed_preparations(preparations, config)  # before the minutes that a video takes
        contents = video_recordings(*(video or read_video(path, pose_model)), preparations)
    else:
        contents = [read_file(path, preparation) for preparation in preparations]
    if isinstance(contents[0], np.ndarray):
        stream = stream_of_file(path)
        if stream not in (None, 'joint'):
            raise BrokenSample(f'{path}: its name says it holds {stream}, which is derived here: give the joint file')
        if len(contents) > 1:
            raise BrokenSample(f'{path}: prepared clips, and the streams were trained on clips that were prepared '
                               'differently: give recordings')
        return contents[0], None
    needed_preparations(preparations, config)
    with reading(path):
        return None, [preparation.fit(recording) for preparation, recording in zip(preparations, contents)]


def needed_preparations(preparations, config):
    """Return the `preparations`; UserError if one is not known, without which no recording becomes a clip."""
    return [needed(preparation, config) for preparation in preparations]
