"""Raw recordings as clips, prepared as the published data sets are."""
from data_gen.formats import read_recording
from data_gen.formats.sample import BrokenSample
from data_gen.preparation import published

NTU, KINETICS, COCO, NW_UCLA = (f'graph.{name}.Graph' for name in ('ntu_rgb_d', 'kinetics', 'coco', 'nw_ucla'))


def clip_of(path, graph=NTU):
    """Return the clip (C, T, V, M) of the recording at `path`; BrokenSample if nobody is there."""
    clip, _ = published()[graph].clip(read_recording(path))
    if not clip.any():
        raise BrokenSample(f'{path}: without a skeleton in any frame')
    return clip
