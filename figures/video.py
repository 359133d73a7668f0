"""A video with the people's skeletons drawn on it, and below it what they do now, and the timeline of classes."""
import collections
import fractions

import matplotlib.font_manager
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from data_gen.poses.libraries import library
from figures.clip import PERSONS
from figures.style import GREY, INK, VERMILLION, WIDTH, as_image, new_figure, styled
from figures.timeline import draw_classes
from runtime.atomic_file import write_whole

ROW, AXIS = .26, .75  # inches, of the figure
TEXT = .035  # of the video's width: the size of the text
LINE = .004  # of the video's width
MIN_SCORE = .5  # joints of a lower score are not drawn
MAX_CLASSES = 8  # in the timeline
CLOCK = fractions.Fraction(1, 90000)  # seconds: what the times of images are counted in


class Panel:
    """The strip below the images of a video that are `width` wide: the current class, and the timeline.

    The other arguments are those of figures.timeline.timeline; `seconds` is the length of the video.
    """

    @styled
    def __init__(self, width, seconds, segments, chances, middles, names, frame_rate):
        durations = collections.Counter()
        for segment in segments:
            durations[segment.label] += segment.end - segment.first
        labels = [label for label, _ in durations.most_common(MAX_CLASSES)]
        figure = new_figure(WIDTH, AXIS + ROW * len(labels), '')
        axes = figure.subplots()
        draw_classes(axes, labels, segments, chances, middles / frame_rate, frame_rate)
        axes.set_yticks(range(len(labels)), [names[label] for label in labels])
        axes.set(xlim=(0, seconds), ylim=(len(labels) - .5, -.6), xlabel='seconds')
        axes.spines[['top', 'right', 'left']].set_visible(False)
        axes.tick_params(axis='y', length=0)
        timeline = as_image(figure, width / WIDTH)
        timeline = timeline.resize((width, timeline.height))
        position = axes.get_position()
        self.left, self.pixels_per_second = position.x0 * width, position.width * width / seconds
        size = round(TEXT * width)
        self.text_height = 2 * size
        self.blank = Image.new('RGB', (width, self.text_height + timeline.height), 'white')
        self.blank.paste(timeline, (0, self.text_height))
        self.font = ImageFont.truetype(matplotlib.font_manager.findfont('DejaVu Sans'), size)

    def at(self, seconds, name, probability):
        """Return the panel at this time as an image; `name` is the current class, None if nobody is there."""
        panel = self.blank.copy()
        draw = ImageDraw.Draw(panel)
        text = 'nobody' if name is None else f'{name}  {probability:.0%}'
        draw.text((self.left, self.text_height / 2), text, GREY if name is None else INK, self.font, anchor='lm')
        x = self.left + seconds * self.pixels_per_second
        draw.line((x, self.text_height, x, panel.height), VERMILLION, max(1, round(LINE * panel.width)))
        return panel


def drawn(frames, joints, rate, links, classes, panel):
    """Yield the `frames` of a video, pairs (seconds, uint8 (H, W, 3)), with what was found in them.

    `joints` (M, T, V, 3) are at `rate` frames per second, see `draw_people`. `classes` are triples (seconds, name,
    probability), of which the nearest in time is current.
    """
    times = np.array([seconds for seconds, _, _ in classes])
    for seconds, pixels in frames:
        image = Image.fromarray(pixels)
        draw_people(image, joints[:, min(round(seconds * rate), joints.shape[1] - 1)], links)
        _, *current = classes[np.abs(times - seconds).argmin()]
        yield seconds, with_panel(image, panel.at(seconds, *current))


def draw_people(image, people, links):
    """Draw the skeletons of `people` (M, V, 3), x and y as fractions of the image and a score, on a PIL image."""
    draw, width = ImageDraw.Draw(image), max(1, round(LINE * image.width))
    for number, person in enumerate(people):
        colour, found = PERSONS[number % len(PERSONS)], person[:, 2] >= MIN_SCORE
        pixels = person[:, :2] * image.size
        for a, b in links:
            if found[a] and found[b]:
                draw.line((*pixels[a], *pixels[b]), colour, width)
        for x, y in pixels[found]:
            draw.ellipse((x - width, y - width, x + width, y + width), colour)


def with_panel(image, panel):
    """Return uint8 (H', W', 3): a PIL image above its panel; height and width are even, as video codecs need them."""
    whole = Image.new('RGB', (image.width + image.width % 2, (image.height + panel.height + 1) // 2 * 2), 'white')
    whole.paste(image)
    whole.paste(panel, (0, image.height))
    return np.asarray(whole)


def save_video(images, path, rate):
    """Write `images`, pairs (seconds, uint8 (H, W, 3)) of a video of about `rate` frames per second, as MP4 (H.264)."""
    av = library('av')
    with write_whole(path) as file, av.open(file, 'w', format='mp4') as container:
        stream = container.add_stream('h264', rate=fractions.Fraction(rate).limit_denominator(1001))
        stream.pix_fmt, stream.codec_context.time_base = 'yuv420p', CLOCK
        for seconds, image in images:
            if not stream.codec_context.is_open:
                stream.height, stream.width = image.shape[:2]
            frame = av.VideoFrame.from_ndarray(image, format='rgb24')
            frame.pts, frame.time_base = round(seconds / CLOCK), CLOCK
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
