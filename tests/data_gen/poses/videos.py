"""Videos made by the tests themselves: a picture of a person, moved and zoomed. Import it where PyAV is installed."""
import fractions
import struct

import numpy as np

SIZE = 640, 480


def images(frames=60):
    """Yield (480, 640, 3): the person whose picture matplotlib brings, moved and zoomed."""
    import matplotlib.cbook
    from PIL import Image
    with matplotlib.cbook.get_sample_data('grace_hopper.jpg') as file:
        picture = Image.open(file).convert('RGB')
    for t in range(frames):
        zoom = .8 + .2 * np.sin(t / 10)
        image = Image.new('RGB', SIZE, (90, 120, 90))
        image.paste(picture.resize((int(400 * zoom), int(468 * zoom))), (60 + 2 * t, 10))
        yield np.array(image)


def plain_images(frames=20):
    """Yield (480, 640, 3): nobody."""
    for t in range(frames):
        yield np.full((480, 640, 3), 100 + t, np.uint8)


def write_video(path, images, rate=30, times=None, **options):
    """Write a video of the images at a rate, or, if `times` are given, at these milliseconds."""
    import av
    with av.open(str(path), 'w', options=options) as container:
        stream = container.add_stream('mpeg4', rate=rate)
        stream.width, stream.height = SIZE
        stream.pix_fmt, stream.bit_rate = 'yuv420p', 4_000_000
        if times is not None:
            stream.codec_context.time_base = fractions.Fraction(1, 1000)
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format='rgb24')
            if times is not None:
                frame.pts, frame.time_base = times[number], fractions.Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def turn(path):
    """Make the `.mp4` at `path` one that is to be turned by 90° clockwise, as telephones write it."""
    content = path.read_bytes()
    place = content.index(b'tkhd') + 44
    matrix = struct.pack('>9i', 0, 1 << 16, 0, -(1 << 16), 0, 0, SIZE[1] << 16, 0, 1 << 30)
    path.write_bytes(content[:place] + matrix + content[place + 36:])
    return path
