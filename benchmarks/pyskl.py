"""How many times faster ten clips of a recording are tested than by the plain model, clip by clip: one line a network.

    python -m benchmarks.pyskl --recordings 24

Both sides take turns on the same recordings, once to warm up. They are synthetic, one in six with two bodies: in NTU
RGB+D, 11 of 60 classes are of two persons. Their 60 to 250 frames do not change the speed, as every clip has 100.
Ours is what `main.py` runs with a config of config/pyskl: its feeder, batches of 16 recordings, absent bodies computed
once. The plain model, tests/plain_agcn.py, in float32, takes the same clips one by one; making them is not counted
against it. User time says more than the clock on a machine that others use too.
"""
import argparse
import pathlib
import pickle
import tempfile
import time

import numpy as np
import torch

from feeders.pyskl import Feeder
from graph.ntu_rgb_d import Graph
from model.aagcn import Model
from runtime.memory import keep_freed_memory
from runtime.precision import prepare
from runtime.trained import answer
from tests.plain_agcn import plain_twin

BATCH_SIZE = 16


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--recordings', type=int, default=3 * BATCH_SIZE)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--precision', choices=['fp32', 'bf16'], default='fp32', help='of our side')
    parser.add_argument('--compile', action='store_true', help='our side')
    options = parser.parse_args()
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, 'annotations.pkl')
        path.write_bytes(pickle.dumps(made_up(options.recordings)))
        feeder = Feeder(path, 'xsub_val', num_clips=10)
        clips = [torch.from_numpy(feeder[i][0]) for i in range(len(feeder))]
        for attention, name in ((True, 'AAGCN'), (False, 'AGCN, which is AAGCN without attention')):
            network = Model(graph='graph.ntu_rgb_d.Graph', attention=attention).eval()
            plain = plain_twin(network, Graph().A)
            execution = prepare(network, options.precision, options.compile)
            seconds = {'ours': [], 'plain': []}
            with torch.inference_mode():
                for _ in range(1 + options.rounds):
                    with execution.autocast():
                        seconds['ours'].append(timed(test_batches, network, feeder))
                    seconds['plain'].append(timed(test_clips, plain, clips))
            (ours, our_user), (slow, slow_user) = (np.min(values[1:], axis=0) for values in seconds.values())
            print(f'{name}: {len(feeder) / ours:.2f} recordings of ten clips a second, plain {len(feeder) / slow:.2f}: '
                  f'{slow / ours:.1f} times faster, by user time {slow_user / our_user:.1f}')


def made_up(number):
    rng = np.random.default_rng(1)
    found = []
    for i in range(number):
        T, M = int(rng.integers(60, 250)), 2 if i % 6 == 0 else 1
        keypoint = rng.standard_normal((M, T, 25, 3), dtype=np.float32)
        found.append({'frame_dir': f'recording{i}', 'label': i % 60, 'total_frames': T, 'keypoint': keypoint})
    return {'split': {'xsub_val': [one['frame_dir'] for one in found]}, 'annotations': found}


def timed(test, *arguments):
    """Return the seconds of `test(*arguments)` by the clock, and in user time, of all threads."""
    start = time.perf_counter(), time.process_time()
    test(*arguments)
    return time.perf_counter() - start[0], time.process_time() - start[1]


def test_batches(network, feeder):
    for start in range(0, len(feeder), BATCH_SIZE):
        items = [feeder[i][0] for i in range(start, min(start + BATCH_SIZE, len(feeder)))]
        answer(network, torch.from_numpy(np.stack(items)), 'probability')


def test_clips(plain, recordings):
    for clips in recordings:
        torch.stack([plain(clip[None])[0].softmax(0) for clip in clips]).mean(0)


if __name__ == '__main__':
    main()
