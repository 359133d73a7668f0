"""A video with the people's skeletons drawn on it, what they do, and the timeline of classes below."""
import fractions

import matplotlib.font_manager
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from data_gen.poses.libraries import library
from figures.clip import PERSONS
from figures.style import GREY, INK, VERMILLION, WIDTH, new_figure, styled
from figures.timeline import draw_classes
from runtime.atomic_file import write_whole

ROW, AXIS = .26, .75  # inches, of the figure
TEXT = .035  # of the video's width: the height of the line of text
LINE = .004  # of the video's width
SEEN = .5  # joints of a lower score are not drawn
MOST_CLASSES = 8  # in the timeline
CLOCK = fractions.Fraction(1, 90000)  # seconds: what the times of images are counted in


class Panel:
    """What stands below the images of a video that are `width` wide: the current class, and the timeline.

    The other arguments are those of figures.timeline.timeline; `seconds` is the length of the video. `height` is in
    pixels.
    """

    @styled
    def __init__(self, width, seconds, segments, chances, middles, names, frame_rate):
        spans = {}
        for segment in segments:
            if segment.label is not None:
                spans[segment.label] = spans.get(segment.label, 0) + segment.end - segment.first
        labels = sorted(spans, key=spans.get, reverse=True)[:MOST_CLASSES]
        figure = new_figure(WIDTH, AXIS + ROW * len(labels), '')
        axes = figure.subplots()
        draw_classes(axes, labels, segments, chances, middles / frame_rate, frame_rate)
        axes.set_yticks(range(len(labels)), [names[label] for label in labels])
        axes.set(xlim=(0, seconds), ylim=(len(labels) - .5, -.6), xlabel='seconds')
        axes.spines[['top', 'right', 'left']].set_visible(False)
        axes.tick_params(axis='y', length=0)
        figure.set_dpi(width / WIDTH)
        figure.canvas.draw()
        timeline = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert('RGB')
        left, right = (axes.transData.transform((x, 0))[0] for x in (0, seconds))
        self.places = left * width / timeline.width, (right - left) * width / timeline.width / seconds
        text = round(TEXT * width)
        self.text_height = 2 * text
        self.height = self.text_height + timeline.height
        self.blank = Image.new('RGB', (width, self.height), 'white')
        self.blank.paste(timeline.resize((width, timeline.height)), (0, self.text_height))
        self.font = ImageFont.truetype(matplotlib.font_manager.findfont('DejaVu Sans'), text)
        self.line = max(1, round(LINE * width))

    def at(self, seconds, name, probability):
        """Return the panel at this time as an image; `name` is the current class, None if nobody is there."""
        panel = self.blank.copy()
        draw = ImageDraw.Draw(panel)
        words = 'nobody' if name is None else f'{name}  {probability:.0%}'
        draw.text((self.places[0], self.text_height / 2), words, GREY if name is None else INK, self.font, anchor='lm')
        x = self.places[0] + seconds * self.places[1]
        draw.line((x, self.text_height, x, self.height), VERMILLION, self.line)
        return panel


def drawn(frames, joints, rate, links, classes, shown):
    """Yield the `frames` of a video, pairs (seconds, uint8 (H, W, 3)), with what was found in them.

    `joints` (M, T, V, 3) are at `rate` frames per second, see `draw_people`. `classes` are triples (seconds, name,
    probability), of which the nearest in time is current; `shown` are the arguments of a Panel after its width.
    """
    times, panel = np.array([seconds for seconds, _, _ in classes]), None
    for seconds, pixels in frames:
        image = Image.fromarray(pixels)
        panel = panel or Panel(image.width, *shown)
        draw_people(image, joints[:, min(round(seconds * rate), joints.shape[1] - 1)], links)
        _, *current = classes[np.abs(times - seconds).argmin()]
        yield seconds, with_panel(image, panel.at(seconds, *current))


def draw_people(image, people, links):
    """Draw the skeletons of `people` (M, V, 3), x and y as fractions of the image and a score, on a PIL image."""
    draw, size = ImageDraw.Draw(image), np.array(image.size)
    width = max(1, round(LINE * image.width))
    for number, person in enumerate(people):
        colour, seen = PERSONS[number % len(PERSONS)], person[:, 2] >= SEEN
        places = person[:, :2] * size
        for a, b in links:
            if seen[a] and seen[b]:
                draw.line((*places[a], *places[b]), colour, width)
        for x, y in places[seen]:
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
