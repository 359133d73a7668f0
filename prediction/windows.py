"""Windows over the whole of a long recording: where they lie, how they are scored, and the timeline they make."""
import itertools
from typing import Any, NamedTuple

from prediction.ranking import probabilities
from runtime.errors import UserError


class Window(NamedTuple):
    """Frames `first` to `end` of a recording, from 0, `end` excluded, and their scores.

    `scores` is (num_class,) float32, or None if nobody is there.
    """

    first: int
    end: int
    scores: Any


class Segment(NamedTuple):
    """Frames `first` to `end` of one class: its label and mean probability; None where nobody is."""

    first: int
    end: int
    label: Any
    probability: Any


def check_stride(window, stride):
    """Return the stride, half a window if it is None; UserError if it would leave out frames."""
    stride = max(1, window // 2) if stride is None else stride
    if stride > window:
        raise UserError(f'--stride {stride}: at most the {window} frames of --window, or frames are left out')
    return stride


def spans(frames, window, stride=None):
    """Return (first, end) of every window, one each `stride` frames; the last one ends at the last of the `frames`."""
    last = max(frames - window, 0)
    return [(first, min(first + window, frames)) for first in (*range(0, last, check_stride(window, stride)), last)]


def score_windows(model, recordings, path, spans, batch_size):
    """Yield a Window for each (first, end) in `spans`, of recordings from `path`, scored in batches.

    `recordings` are fitted Recordings, one of each of the model's preparations; the joints of each window become a clip
    as those of a whole recording do. `model` is a FusedStreams or an ExportedModel.
    """
    longest = max(end - first for first, end in spans)
    for preparation in model.preparations:
        if preparation.frames and longest > preparation.frames:
            raise UserError(f'--window {longest}: the clips of this model have {preparation.frames} frames: '
                            'choose at most that many')
    clips = (window_clips(model, recordings, first, end) for first, end in spans)
    for (first, end), scores in zip(spans, score_clips(model, clips, path, batch_size)):
        yield Window(first, end, scores)


def window_clips(model, recordings, first=0, end=None):
    """Return the clips (C, T, V, M) of frames `first` to `end`, one a preparation; None if nobody is there."""
    clips = [preparation.clip(recording.part(first, end))[0]
             for preparation, recording in zip(model.preparations, recordings)]
    return clips if any(clip.any() for clip in clips) else None


def score_clips(model, clips, path, batch_size):
    """Yield the scores (num_class,) of each of the `clips` from `path`, None for None; they are scored in batches.

    Each is a list of arrays (C, T, V, M), one of each of the model's preparations.
    """
    clips = iter(clips)
    while batch := list(itertools.islice(clips, batch_size)):
        prepared = [model.prepare(of_each, path) for of_each in batch if of_each is not None]
        scores = iter(model.scores(prepared) if prepared else ())
        yield from (None if of_each is None else next(scores) for of_each in batch)


def timeline(windows):
    """Return the Segments of a recording: every frame has the likeliest class of the window whose middle is nearest.

    Neighbours of one class are joined; their probability is the mean over their windows.
    """
    middles = [(window.first + window.end) / 2 for window in windows]
    borders = [0, *(round((a + b) / 2) for a, b in itertools.pairwise(middles)), windows[-1].end]
    likeliest = [(None, None) if scores is None else (int(scores.argmax()), float(probabilities(scores).max()))
                 for _, _, scores in windows]
    segments, number = [], 0
    for label, group in itertools.groupby(likeliest, key=lambda pair: pair[0]):
        chances = [chance for _, chance in group]
        first, number = borders[number], number + len(chances)
        mean = None if label is None else sum(chances) / len(chances)
        segments.append(Segment(first, borders[number], label, mean))
    return segments
