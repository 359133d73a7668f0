"""How many frames of a video are read, estimated and recognised in a second: `python -m benchmarks.video`.

The video, of 640×480, is made here, of a picture of a person that matplotlib brings, which moves and is zoomed. Its
world landmarks are pushed into a LivePredictor of AGCN with initial weights, which maps them to NTU's joints and scores
the last frames after every few; it takes as many frames of a clip as a window has (uniform_sample). In the last row
all of it runs side by side, as in `predict.py --live`: one thread reads the video and estimates poses, the other one
recognises. Needs requirements-video.txt.
"""
import argparse
import itertools
import pathlib
import tempfile
import time

import matplotlib.cbook
import numpy as np
import torch
import yaml
from PIL import Image

from data_gen.poses.landmarks import SKELETON, Landmarker, add_pose_model, check_model, silent_libraries
from data_gen.poses.libraries import library
from data_gen.poses.video import open_video
from graph.skeleton import skeleton
from model import agcn
from predict import Predictor
from prediction.ahead import made_ahead
from prediction.live import LivePredictor
from prediction.live_sources import POSES_AHEAD, at_rate, people_in
from runtime.errors import run_command

WIDTH, HEIGHT, RATE = 640, 480, 30
MODEL_ARGS = {'num_class': 60, 'num_point': 25, 'num_person': 2, 'graph': 'graph.ntu_rgb_d.Graph'}


def main():
    arg = parse_arguments()
    check_model(arg.pose_model)
    torch.set_num_threads(arg.threads)
    print(f'{arg.frames} frames of {WIDTH}×{HEIGHT}, one person; windows of {arg.window} frames, one every '
          f'{arg.stride}; threads of PyTorch: {arg.threads}\n')
    with tempfile.TemporaryDirectory() as folder, silent_libraries():
        folder = pathlib.Path(folder)
        path = write_video(folder / 'person.mp4', arg.frames)
        predictor = Predictor(*write_network(folder, arg.window))
        live = LivePredictor(predictor, arg.window, arg.stride, fps=RATE, followed=True,
                             joint_names=skeleton(SKELETON).joint_names)
        print('|  | frames per second |\n| --- | --- |', flush=True)
        images = rate_of('decoding', read(path))
        poses = rate_of('landmarks', estimate(images, arg))
        rate_of('recognition', recognise(poses, live), arg.window)
        poses = made_ahead(estimate(read(path), arg), POSES_AHEAD)
        rate_of('all together', recognise(poses, live), arg.window)


def rate_of(name, items, first=1):
    """Print how many of the `items` come in a second after so many `first` ones; return all of them."""
    items = iter(items)
    done = list(itertools.islice(items, first))
    start = time.perf_counter()
    rest = list(items)
    print(f'| {name} | {len(rest) / (time.perf_counter() - start):.0f} |', flush=True)
    return done + rest


def read(path):
    with open_video(path) as (frames, _):
        yield from frames


def estimate(images, arg):
    """Yield frames, as LivePredictor takes them, of NTU's joints of the people in each of the images."""
    with Landmarker(arg.pose_model, arg.persons) as landmarker:
        yield from at_rate(people_in(images, landmarker, 3, arg.persons), RATE)


def recognise(frames, live):
    for frame in frames:
        yield live.push(frame)


def write_network(folder, frames):
    """Write a config of AGCN for NTU's joints in so many frames of a clip, and initial weights; return both paths."""
    torch.manual_seed(0)
    torch.save(agcn.Model(**MODEL_ARGS).state_dict(), folder / 'weights.pt')
    config = {'model': 'model.agcn.Model', 'model_args': MODEL_ARGS, 'phase': 'test', 'device': 'cpu',
              'test_feeder_args': {'uniform_sample': frames}}
    (folder / 'config.yaml').write_text(yaml.safe_dump(config))
    return folder / 'config.yaml', folder / 'weights.pt'


def write_video(path, frames):
    """Write a video of a person, who moves and is zoomed; return its path."""
    av = library('av')
    with matplotlib.cbook.get_sample_data('grace_hopper.jpg') as file:
        picture = Image.open(file).convert('RGB')
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('h264', rate=RATE)
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
    add_pose_model(parser.add_argument)
    parser.add_argument('--persons', type=int, default=1, help='persons whom MediaPipe looks for')
    parser.add_argument('--frames', type=int, default=300, help='frames of the video, which are kept in memory')
    parser.add_argument('--window', type=int, default=64, help='frames of a window')
    parser.add_argument('--stride', type=int, default=8, help='frames from one window to the next')
    parser.add_argument('--threads', type=int, default=1, help='threads of PyTorch; MediaPipe has one of its own')
    return parser.parse_args()


if __name__ == '__main__':
    run_command(main)
