"""Frames of a video file, read by PyAV, and of a camera, read by OpenCV: upright RGB images and their times."""
import contextlib
import time

import numpy as np

from data_gen.formats.sample import BrokenSample
from data_gen.poses.libraries import library
from runtime.errors import UserError

SUFFIXES = ('.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v', '.mpg', '.mpeg', '.wmv', '.flv', '.ts', '.mts', '.m2ts',
            '.3gp', '.ogv')
MAX_MISSING = 0.1  # of the time that a file states: if more is missing, it was cut off
MAX_SOUND = 0.5  # seconds, for which the sound may go on after the last image
MAX_SHIFT = 0.5  # of the time between two frames, by which a frame may be off an even rate


@contextlib.contextmanager
def open_video(path):
    """Open the video file at `path` as (frames, rate).

    `frames` yields (seconds since the first frame, upright image uint8 (H, W, 3)). `rate` is the frames per second that
    the file states, or None. Raises BrokenSample, also within the block, for what cannot be read.
    """
    av = library('av')
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise BrokenSample('no video in it')
            stream = container.streams.video[0]
            stream.thread_type = 'AUTO'
            rate = stream.average_rate or stream.guessed_rate
            seconds = (container.duration or 0) / av.time_base
            if stream.duration is not None:
                seconds = float(stream.duration * stream.time_base)
            yield upright_frames(container.decode(stream), rate, seconds), rate and float(rate)
    except av.error.FFmpegError as error:
        raise BrokenSample(f'not a whole video ({error.strerror or error})') from None


def upright_frames(frames, rate, seconds_stated):
    """Yield (seconds since the first frame, image) of PyAV's `frames`; those without a time come at the `rate`.

    Of several at one time, the first is kept. Raises BrokenSample if they end long before the `seconds_stated`: FFmpeg
    reads a file that was cut off without a warning.
    """
    first, last, end = None, -np.inf, 0
    for number, frame in enumerate(frames):
        seconds = float(number / rate if frame.time is None else frame.time)
        if seconds <= last:
            continue
        first, last = seconds if first is None else first, seconds
        image = frame.to_ndarray(format='rgb24')
        if frame.rotation:
            image = np.ascontiguousarray(np.rot90(image, round(frame.rotation / 90)))
        yield seconds - first, image
        end = seconds - first + (float(frame.duration * frame.time_base) if frame.duration else 0)
    if seconds_stated - end > max(MAX_MISSING * seconds_stated, MAX_SOUND):
        raise BrokenSample(f'cut off: {end:.1f} of its {seconds_stated:.1f} seconds are left')


def camera_frames(number):
    """Yield (seconds since the first frame, image uint8 (H, W, 3)) of the camera with this number, without end."""
    cv2 = library('cv2')
    camera = cv2.VideoCapture(int(number))
    try:
        first = None
        while True:
            received, image = camera.read()
            if not received:
                raise UserError(f'camera {number}: it cannot be opened, or gives no images: check its number')
            now = time.monotonic()
            first = now if first is None else first
            yield now - first, np.ascontiguousarray(image[..., ::-1])
    finally:
        camera.release()


def constant_rate(times, stated=None):
    """Return (frames per second of frames seen at `times`, whether they follow each other evenly at that rate).

    The times rise. The rate is the `stated` one if the frames follow it, else that of most frames.
    """
    if len(times) == 1:
        return stated, True
    times = np.asarray(times)
    usual = float(1 / np.median(np.diff(times)))
    for rate in (stated, usual):
        if rate and (np.abs(times - times[0] - np.arange(len(times)) / rate) < MAX_SHIFT / rate).all():
            return rate, True
    return usual, False
