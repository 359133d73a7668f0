"""How fast frames are scored as they arrive: `python -m benchmarks.live`.

Random people are pushed, frame by frame, into a LivePredictor of AGCN with initial weights, in both ways to prepare a
window: all of a clip's 300 frames, and some that are sampled evenly. Only a push at which a window ends scores it. The
network sees all frames of a window together (normalisation to the first frame, batch normalisation over joints,
convolutions over time, graphs computed from the whole window), so nothing of a window is kept for the next.
"""
import argparse
import pathlib
import tempfile

import numpy as np
import torch

from benchmarks.export import write_network
from benchmarks.timing import print_head, print_row, seconds
from predict import Predictor
from prediction.live import LivePredictor

WAYS = {'300 frames': {}, '64 frames, sampled': {'uniform_sample': 64}}


def main():
    arg = parse_arguments()
    torch.set_num_threads(arg.threads)
    print(f'{arg.threads} threads, windows of {arg.window} frames, one every {arg.stride}\n')
    print_head(['clips of the model', 'push without a window, ms', 'push that ends a window, ms', 'frames per second'])
    with tempfile.TemporaryDirectory() as folder:
        for name, feeder_args in WAYS.items():
            predictor = Predictor(*write_network(pathlib.Path(folder), 'agcn', feeder_args))
            measure(name, LivePredictor(predictor, arg.window, arg.stride), arg)


def measure(name, live, arg):
    """Print a row of the table: medians over all windows but the first one."""
    rng = np.random.default_rng(0)
    frames = rng.random((arg.window, 1, 1, 3)) + .02 * rng.standard_normal((arg.window, 1, 25, 3)).cumsum(0)
    spent = {True: [], False: []}
    for number in range(arg.window + arg.rounds * arg.stride):
        taken = seconds(live.push)({'persons': frames[number % arg.window]})
        spent[live.due].append(1000 * taken)
    store, score = np.median(spent[False]), np.median(spent[True][1:])
    rate = 1000 * arg.stride / (score + (arg.stride - 1) * store)
    print_row([name, f'{store:.3f}', f'{score:.1f}', f'{rate:.0f}'])


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--window', type=int, default=64, help='frames of a window')
    parser.add_argument('--stride', type=int, default=16, help='frames from one window to the next')
    parser.add_argument('--threads', type=int, default=2, help='threads of PyTorch')
    parser.add_argument('--rounds', type=int, default=10, help='windows that are measured')
    return parser.parse_args()


if __name__ == '__main__':
    main()
