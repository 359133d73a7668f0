"""A video with the people's skeletons drawn on it, and below it what they do now, and the timeline of classes."""
import fractions

import matplotlib.font_manager
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from data_gen.formats.raw_file import reading
from data_gen.poses.landmarks import SKELETON
from data_gen.poses.libraries import library
from data_gen.poses.video import open_video
from data_gen.sources import is_video, read_video
from figures.clip import PERSONS
from figures.source import FRAME_RATE, predictor_of
from figures.style import INK, VERMILLION, WIDTH, as_image
from figures.timeline import classes_over_time
from graph.skeleton import skeleton
from prediction.flags import separate_files
from prediction.ranking import best
from runtime.atomic_file import write_whole
from runtime.errors import UserError

TEXT = .035  # of the video's width: the size of the text
LINE = .004  # of the video's width
MIN_SCORE = .5  # joints of a lower score are not drawn
MAX_CLASSES = 8  # in the timeline
CLOCK = fractions.Fraction(1, 90000)  # seconds: what the times of images are counted in


def run(arg):
    """Draw on a video the skeletons of the people, the current class, and the timeline of classes below.

    The video is read twice, so that only one image of it is in memory.
    """
    separate_files(arg)
    if len(arg.files) != 1 or not is_video(arg.files[0]):
        raise UserError(f'{" ".join(arg.files) or "visualize.py video"}: one video is needed')
    path, = arg.files
    predictor = predictor_of(arg)
    preparation, *_ = predictor.needed_preparations()
    poses, remarks = read_video(path, arg.pose_model)
    windows = predictor.windows(path, arg.window, arg.stride, video=(poses, remarks))
    rate = poses.fps or FRAME_RATE
    panel = Panel(poses.image_size[0], windows, predictor.class_names, preparation.fps or rate)
    with reading(path), open_video(path) as (frames, _):
        save_video(drawn(frames, poses.joints_2d, rate, skeleton(SKELETON).inward, panel), arg.out, rate)


class Panel:
    """The strip below the images of a video that are `width` wide: the current class, and the timeline.

    `windows` are those of the video, at `frame_rate` frames per second.
    """

    def __init__(self, width, windows, names, frame_rate):
        figure = classes_over_time(windows, frame_rate, names, max_classes=MAX_CLASSES)
        timeline = as_image(figure, width / WIDTH)
        timeline = timeline.resize((width, timeline.height))
        position = figure.axes[0].get_position()
        self.left = position.x0 * width
        self.pixels_per_second = position.width * width / windows[-1].end * frame_rate
        self.middles = np.array([(window.first + window.end) / 2 for window in windows]) / frame_rate
        likeliest = [None if scores is None else best(scores, names, 1)[0] for _, _, scores in windows]
        self.texts = [f'{row["name"]}  {row["probability"]:.0%}' if row else 'nobody' for row in likeliest]
        size = round(TEXT * width)
        self.text_height = 2 * size
        self.blank = Image.new('RGB', (width, self.text_height + timeline.height), 'white')
        self.blank.paste(timeline, (0, self.text_height))
        self.font = ImageFont.truetype(matplotlib.font_manager.findfont('DejaVu Sans'), size)

    def at(self, seconds):
        """Return the panel at this time as an image: the current class is that of the window with the nearest middle.
        """
        panel = self.blank.copy()
        draw = ImageDraw.Draw(panel)
        text = self.texts[np.abs(self.middles - seconds).argmin()]
        draw.text((self.left, self.text_height / 2), text, INK, self.font, anchor='lm')
        x = self.left + seconds * self.pixels_per_second
        draw.line((x, self.text_height, x, panel.height), VERMILLION, max(1, round(LINE * panel.width)))
        return panel


def drawn(frames, joints, rate, links, panel):
    """Yield the `frames` of a video, pairs (seconds, uint8 (H, W, 3)), with what was found in them.

    `joints` (M, T, V, 3) are at `rate` frames per second, see `draw_people`.
    """
    for seconds, pixels in frames:
        image = Image.fromarray(pixels)
        draw_people(image, joints[:, min(round(seconds * rate), joints.shape[1] - 1)], links)
        yield seconds, with_panel(image, panel.at(seconds))


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
