"""How many frames of a video are read, estimated and recognised in a second: `python -m benchmarks.video`.

The video, of 640×480, shows one person, who moves and is zoomed. The person's world landmarks are mapped to NTU's
joints, and AGCN with initial weights scores the last 64 frames after every 8, in one thread. In the last row, as in
`predict.py --live`, one thread reads the video and estimates poses while the other one recognises. Needs
requirements-video.txt.
"""
import argparse
import itertools
import pathlib
import tempfile
import time

import torch
import yaml

from benchmarks.timing import Table
from data_gen.poses.landmarks import SKELETON, Landmarker, add_pose_model, check_model, silent_libraries
from data_gen.poses.video import open_video
from graph.skeleton import skeleton
from model import agcn
from predict import Predictor
from prediction.ahead import made_ahead
from prediction.live import LivePredictor
from prediction.live_sources import POSES_AHEAD, at_rate, people_in
from runtime.errors import run_command
from tests.data_gen.poses.videos import images, write_video

RATE, WINDOW, STRIDE = 30, 64, 8
MODEL_ARGS = {'num_class': 60, 'num_point': 25, 'num_person': 2, 'graph': 'graph.ntu_rgb_d.Graph'}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    add_pose_model(parser.add_argument)
    parser.add_argument('--frames', type=int, default=300, help='frames of the video, which are kept in memory')
    arg = parser.parse_args()
    check_model(arg.pose_model)
    torch.set_num_threads(1)

    def estimate(images):
        with Landmarker(arg.pose_model, 1) as landmarker:
            yield from at_rate(people_in(images, landmarker, 3, 1), RATE)

    with tempfile.TemporaryDirectory() as folder, silent_libraries():
        folder = pathlib.Path(folder)
        path = write_video(folder / 'person.mp4', images(arg.frames), RATE)
        live = make_live_predictor(folder)
        table = Table(('step', 'frames per second'))
        video = measure(table, 'decoding', read(path))
        poses = measure(table, 'landmarks', estimate(iter(video)))
        measure(table, 'recognition', map(live.push, poses), WINDOW)
        poses = made_ahead(estimate(read(path)), POSES_AHEAD)
        measure(table, 'all together', map(live.push, poses), WINDOW)


def make_live_predictor(folder):
    """Return a LivePredictor of AGCN with initial weights, whose config and weights are written to `folder`."""
    torch.manual_seed(0)
    torch.save(agcn.Model(**MODEL_ARGS).state_dict(), folder / 'weights.pt')
    (folder / 'config.yaml').write_text(yaml.safe_dump({
        'model': 'model.agcn.Model', 'model_args': MODEL_ARGS, 'phase': 'test', 'device': 'cpu',
        'test_feeder_args': {'uniform_sample': WINDOW}}))
    return LivePredictor(Predictor(folder / 'config.yaml', folder / 'weights.pt'), WINDOW, STRIDE, fps=RATE,
                         followed=True, joint_names=skeleton(SKELETON).joint_names)


def read(path):
    with open_video(path) as (frames, _):
        yield from frames


def measure(table, name, items, first=1):
    """Add to the table how many of the `items` come in a second after the `first` ones; return all of them."""
    items = iter(items)
    begun = list(itertools.islice(items, first))
    start = time.perf_counter()
    rest = list(items)
    table.add(name, f'{len(rest) / (time.perf_counter() - start):.0f}')
    return begun + rest


if __name__ == '__main__':
    run_command(main)
