"""How many frames of a video are read, estimated and recognised in a second: `python -m benchmarks.video`.

The video, of 640×480, is made here, of a picture of a person that matplotlib brings, which moves and is zoomed. Its
world landmarks, mapped to NTU's joints, are pushed into a LivePredictor of AGCN with initial weights, which scores the
last frames after every few. In the last row all of it runs side by side: one thread reads the video and estimates
poses, the other one recognises. Needs requirements-video.txt.
"""
import argparse
import itertools
import pathlib
import queue
import tempfile
import threading
import time

import matplotlib.cbook
import numpy as np
import torch
from PIL import Image

from benchmarks.export import write_network
from benchmarks.timing import print_head, print_row
from data_gen.poses.following import Follower
from data_gen.poses.landmarks import MODEL, SKELETON, Landmarker, check_model, silent_libraries
from data_gen.poses.libraries import library
from data_gen.poses.video import open_video
from graph.mapping import map_joints
from graph.skeleton import skeleton
from predict import Predictor
from prediction.live import LivePredictor
from runtime.errors import run_command

WIDTH, HEIGHT = 640, 480
AHEAD = 4  # poses that wait for the recognition


def main():
    arg = parse_arguments()
    check_model(arg.pose_model)
    torch.set_num_threads(arg.threads)
    print(f'{arg.frames} frames of {WIDTH}×{HEIGHT}, one person; windows of {arg.window} frames, one every '
          f'{arg.stride}; threads of PyTorch: {arg.threads}\n')
    with tempfile.TemporaryDirectory() as folder, silent_libraries():
        folder = pathlib.Path(folder)
        path = write_video(folder / 'person.mp4', arg.frames)
        live = LivePredictor(Predictor(*write_network(folder, 'agcn')), arg.window, arg.stride)
        print_head(['', 'frames per second'])
        images = rate_of('decoding', read(path))
        poses = rate_of('landmarks', estimate(images, arg))
        rate_of('recognition', recognise(poses, live), arg.window)
        rate_of('all together', recognise(ahead(estimate(read(path), arg)), live), arg.window)


def rate_of(name, items, first=1):
    """Print how many of the `items` come in a second after so many `first` ones; return all of them."""
    items = iter(items)
    done = list(itertools.islice(items, first))
    start = time.perf_counter()
    rest = list(items)
    print_row([name, f'{len(rest) / (time.perf_counter() - start):.0f}'])
    return done + rest


def read(path):
    with open_video(path) as (frames, _):
        yield from frames


def estimate(frames, arg):
    """Yield NTU's joints (M, 25, 3) of the people in each of the frames."""
    follower, names = Follower((WIDTH, HEIGHT)), skeleton(SKELETON).joint_names
    with Landmarker(arg.pose_model, arg.persons) as landmarker:
        for seconds, image in frames:
            joints, world = landmarker.find(seconds, image)
            follower.follow(joints)
            yield map_joints(world, names, skeleton('ntu25'), 3)[0]


def recognise(poses, live):
    for persons in poses:
        yield live.push({'persons': persons})


def ahead(items):
    """Yield the items, which are made in another thread, at most AHEAD of them in advance."""
    waiting = queue.Queue(AHEAD)

    def make():
        for item in items:
            waiting.put(item)
        waiting.put(None)

    threading.Thread(target=make, daemon=True).start()
    while (item := waiting.get()) is not None:
        yield item


def write_video(path, frames):
    """Write a video of a person, who moves and is zoomed; return its path."""
    av = library('av')
    with matplotlib.cbook.get_sample_data('grace_hopper.jpg') as file:
        picture = Image.open(file).convert('RGB')
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('h264', rate=30)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, 'yuv420p'
        for t in range(frames):
            zoom = .8 + .2 * np.sin(t / 10)
            image = Image.new('RGB', (WIDTH, HEIGHT), (90, 120, 90))
            image.paste(picture.resize((int(400 * zoom), int(468 * zoom))), (120 + round(80 * np.sin(t / 25)), 10))
            container.mux(stream.encode(av.VideoFrame.from_image(image)))
        container.mux(stream.encode())
    return path


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--pose-model', type=pathlib.Path, default=MODEL, help="MediaPipe's model, a .task file")
    parser.add_argument('--frames', type=int, default=300, help='frames of the video, which are kept in memory')
    parser.add_argument('--persons', type=int, default=1, help='persons whom MediaPipe looks for')
    parser.add_argument('--window', type=int, default=64, help='frames of a window')
    parser.add_argument('--stride', type=int, default=8, help='frames from one window to the next')
    parser.add_argument('--threads', type=int, default=1, help='threads of PyTorch; MediaPipe has one of its own')
    return parser.parse_args()


if __name__ == '__main__':
    run_command(main)
