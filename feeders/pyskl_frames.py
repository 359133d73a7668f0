"""The frames of a clip as PYSKL draws them.

Source: Duan et al., PYSKL, ACM MM 2022; https://github.com/kennymckormick/pyskl (UniformSampleFrames).
"""
import numpy as np


def draw_frames(length, size, clips, rng, anywhere):
    """Return the frames (clips, size) of `clips` draws from `length` frames, spread over all of them.

    A recording shorter than `size` is repeated: from any frame on if `anywhere`, else from frames evenly spread. Of one
    below twice that length, frames are left out at random. Else each frame is a random one of one of `size` equal
    spans. `rng` is numpy.random, or a RandomState; it is drawn from as PYSKL does, also where nothing comes of it.
    """
    drawn = []
    for clip in range(clips):
        rng.rand(), rng.randint(1)  # the fraction of the recording and its first frame: all of it, from 0
        if length < size:
            first = rng.randint(length) if anywhere else clip if length < clips else clip * length // clips
            frames = first + np.arange(size)
        elif length < 2 * size:
            left_out = np.zeros(size + 1, int)
            left_out[rng.choice(size + 1, length - size, replace=False)] = 1
            frames = np.arange(size) + left_out.cumsum()[:-1]
        else:
            borders = np.arange(size + 1) * length // size
            frames = borders[:-1] + rng.randint(np.diff(borders))
        drawn.append(frames % length)
    return np.stack(drawn)
