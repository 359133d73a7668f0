"""How fast frames are judged as they arrive: `python -m benchmarks.live`.

Random people are pushed, frame by frame, into a LivePredictor of AGCN with initial weights, in both ways to prepare a
window: all of a clip's 300 frames, and some that are sampled evenly. A push at which no window is due only stores the
frame; one at which a window is due scores it. "Anew" is the scoring of that window by itself, as predict.py --window
does it. The network sees all frames of a window together (normalisation to the first frame, batch normalisation over
joints, convolutions over time, graphs computed from the whole window), so nothing of a window is kept for the next.
"""
import argparse
import pathlib
import tempfile
import time

import numpy as np
import torch
import yaml

from benchmarks.timing import in_turns, print_head, print_row
from data_gen.formats.sample import Recording
from model.agcn import Model
from predict import Predictor
from prediction.live import SOURCE, LivePredictor
from prediction.windows import score_windows

MODEL_ARGS = {'num_class': 60, 'graph': 'graph.ntu_rgb_d.Graph'}
WAYS = {'300 frames': {}, '64 frames, sampled': {'uniform_sample': 64}}


def main():
    arg = parse_arguments()
    torch.set_num_threads(arg.threads)
    print(f'{arg.threads} threads, windows of {arg.window} frames, one every {arg.stride}\n')
    print_head(['clips of the model', 'push that stores, ms', 'push that scores, ms', 'window anew, ms', 'ratio',
                'frames each second'])
    with tempfile.TemporaryDirectory() as folder:
        for name, feeder_args in WAYS.items():
            measure(name, LivePredictor(predictor(pathlib.Path(folder), feeder_args), arg.window, arg.stride), arg)


def predictor(folder, feeder_args):
    """Return a Predictor of AGCN with initial weights."""
    torch.save(Model(**MODEL_ARGS).state_dict(), folder / 'w.pt')
    (folder / 'c.yaml').write_text(yaml.safe_dump({
        'model': 'model.agcn.Model', 'model_args': MODEL_ARGS, 'feeder': 'feeders.feeder.Feeder',
        'test_feeder_args': feeder_args, 'device': 'cpu'}))
    return Predictor(folder / 'c.yaml', folder / 'w.pt')


def measure(name, live, arg):
    """Print a row of the table: medians over all windows but the first ones."""
    rng = np.random.default_rng(0)
    frames = rng.random((arg.window, 1, 1, 3)) + .02 * rng.standard_normal((arg.window, 1, 25, 3)).cumsum(0)
    storing, order = [], iter(range(10 ** 9))

    def push(_number):
        while True:
            start = time.perf_counter()
            result = live.push({'persons': frames[next(order) % arg.window]})
            spent = time.perf_counter() - start
            if result:
                return spent
            storing.append(spent)

    def anew(_number):
        recording = Recording(live.joints)
        start = time.perf_counter()
        list(score_windows(live.predictor.model, recording, live.clip_of, SOURCE, [(0, arg.window)], 1))
        return time.perf_counter() - start

    times = in_turns({'push': push, 'anew': anew}, arg.rounds)
    store, score, again = (1000 * np.median(values) for values in (storing, times['push'], times['anew']))
    rate = 1000 * arg.stride / (score + (arg.stride - 1) * store)
    print_row([name, f'{store:.3f}', f'{score:.1f}', f'{again:.1f}', f'{score / again:.2f}', f'{rate:.0f}'])


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--window', type=int, default=64, help='frames of a window')
    parser.add_argument('--stride', type=int, default=16, help='frames from one window to the next')
    parser.add_argument('--threads', type=int, default=2, help='threads of PyTorch')
    parser.add_argument('--rounds', type=int, default=10, help='windows of each way')
    return parser.parse_args()


if __name__ == '__main__':
    main()
