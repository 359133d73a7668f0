"""How well each recipe learns from a few hundred clips: trains, tests once, fuses, and prints a table.

    python ../shared/real_motion/make_ntu_tree.py /tmp/tree
    python -m benchmarks.few_clips --ntu_tree /tmp/tree                       # the table
    python -m benchmarks.few_clips --ntu_tree /tmp/tree --leave_out --seeds 1 2 3   # what each ingredient brings

The split is NTU's cross-subject one. The table is on its test people; what ingredients bring is measured on people of
the training part who are kept for that (--val_persons), so that nothing is chosen by the test people. Streams train
side by side, one thread each, and the minutes are those of training. With --out the runs are kept, and those that are
finished are not repeated.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
import yaml

import ensemble
from benchmarks.timing import print_head, print_row
from feeders.labels import read_labels, top_k
from runtime.cores import cores

ROOT = pathlib.Path(__file__).resolve().parents[1]
TWO_STREAMS = ('joint', 'bone')
STREAMS = (*TWO_STREAMS, 'joint_motion', 'bone_motion')
# Of a quarter, a half, three quarters and one for motion, a quarter did best on P005 P009 and P001 P008: 207 of 235
# clips, 206 with the others.
FUSION = {'joint': 4, 'bone': 4, 'joint_motion': 1, 'bone_motion': 1}
GRAPH = {'graph': 'graph.ntu_rgb_d.Graph', 'graph_args': {'labeling_mode': 'spatial'}}
MODEL = {'num_point': 25, 'num_person': 2, **GRAPH}

# Rows of the table: what differs from config/small, as (keys of the run, of the training feeder, of both feeders).
SGD = {'optimizer': 'SGD', 'nesterov': True, 'base_lr': 0.1, 'weight_decay': 0.0001, 'schedule': 'step'}
PLAIN = {'uniform_sample_random': False, 'random_span': 0, 'random_rotate': 0, 'random_scale': 0, 'random_shear': 0,
         'random_noise': 0}
ROWS = {
    'as published': ({**SGD, 'step': [18, 24], 'num_epoch': 30, 'batch_size': 64, 'label_smoothing': 0}, PLAIN,
                     {'uniform_sample': 64, 'test_clips': 1}),
    'a first try': ({'num_epoch': 40, 'batch_size': 16}, {'random_span': 0, 'random_shear': 0, 'random_noise': 0},
                    {'test_clips': 1}),
    'config/small': ({}, {}, {}),
}
LEFT_OUT = {
    'all there': ({}, {}, {}),
    'AdamW, one-cycle': ({**SGD, 'step': [48, 64]}, {}, {}),
    'batches of 8, not 16': ({'batch_size': 16}, {}, {}),
    'label smoothing': ({'label_smoothing': 0}, {}, {}),
    'random frames': ({}, {'uniform_sample_random': False, 'random_span': 0}, {}),
    'a random part of the clip': ({}, {'random_span': 0}, {}),
    'rotation': ({}, {'random_rotate': 0}, {}),
    'scale': ({}, {'random_scale': 0}, {}),
    'shear': ({}, {'random_shear': 0}, {}),
    'noise': ({}, {'random_noise': 0}, {}),
}


def main():
    arg = parse_arguments()
    with tempfile.TemporaryDirectory() as scratch:
        out = (arg.out or pathlib.Path(scratch)).resolve()
        prepare(arg.ntu_tree, out)
        if arg.leave_out:
            print_what_each_brings(arg, out)
        else:
            print_table(arg, out)


def print_table(arg, out):
    """Train and test the streams of every row, and print a line for each."""
    print(f'{cores()} cores, seed {arg.seeds[0]}, {arg.precision}; per cent of the test part, top-1\n')
    print_head(('recipe', *STREAMS, 'joint + bone', 'minutes', 'all', 'minutes'))
    for row, changes in ROWS.items():
        streams = STREAMS if row == 'config/small' else TWO_STREAMS
        runs = {stream: make_run(arg, out, row, changes, stream, arg.seeds[0]) for stream in streams}
        side_by_side(train_and_test, runs.values(), arg.parallel)
        files = [run / 'test/epoch1_test_score.pkl' for run in runs.values()]
        _, labels, stacked = ensemble.read_streams(files, out / 'ntu/xsub/val_label.pkl')
        scores = dict(zip(streams, stacked))
        cells = [top1([scores[stream]], [1], labels) if stream in scores else '' for stream in STREAMS]
        for some in (TWO_STREAMS, streams):
            minutes = sum(float((runs[stream] / 'minutes.txt').read_text()) for stream in some)
            cells += [top1([scores[stream] for stream in some], [FUSION[stream] for stream in some], labels),
                      f'{minutes / min(arg.parallel, len(some)):.1f}']
        print_row((row, *cells))


def top1(scores, weights, labels):
    """Return the top-1 of the weighted sum of the streams' scores, each (N, num_class), in per cent, as text."""
    return f'{100 * top_k(ensemble.fuse(scores, weights), labels, 1):.1f}'


def print_what_each_brings(arg, out):
    """Train joints without each ingredient in turn, and print the top-1 on the validation part."""
    persons = ' '.join(arg.val_persons)
    print(f'joint, seeds {arg.seeds}, {arg.precision}; per cent of the validation part ({persons}), top-1\n')
    print_head(('without', 'mean', 'of the seeds'))
    runs = {row: [make_run(arg, out, row, changes, 'joint', seed, val_persons=arg.val_persons) for seed in arg.seeds]
            for row, changes in LEFT_OUT.items()}
    side_by_side(train, [run for row in runs.values() for run in row], arg.parallel)
    for row, folders in runs.items():
        found = [last_validation(folder / 'train/log.txt') for folder in folders]
        print_row((row, f'{np.mean(found):.1f}', ', '.join(f'{value:.1f}' for value in found)))


def prepare(tree, out):
    """Write the joints of the raw recordings in `tree`, cross-subject, to `out`/ntu."""
    made = subprocess.run(
        [sys.executable, ROOT / 'data_gen/ntu_gendata.py', '--data_path', tree / 'nturgb+d_skeletons',
         '--ignored_sample_path', tree / 'samples_with_missing_skeletons.txt', '--benchmark', 'xsub',
         '--out_folder', out / 'ntu'], stdout=subprocess.DEVNULL)
    if made.returncode not in (0, 1):  # 1: broken recordings were left out, and named
        sys.exit(made.returncode)


def make_run(arg, out, row, changes, stream, seed, **more):
    """Write the configs of one stream's training and test; return the folder of both.

    Results that a run with other settings left there are removed.
    """
    run = out / f'{row} {stream} {seed}'.replace('/', '-').replace(' ', '_').replace(',', '')
    run.mkdir(parents=True, exist_ok=True)
    for phase in ('train', 'test'):
        config = yaml.safe_load((ROOT / f'config/small/{phase}_{stream}.yaml').read_text())
        classes = 1 + max(read_labels(out / 'ntu/xsub/train_label.pkl')[1])
        config |= {'model_args': {'num_class': classes, **MODEL}, 'precision': arg.precision, 'device': 'cpu',
                   'work_dir': str(run / phase), 'model_saved_name': str(run / phase / 'weights')}
        change_feeders(config, out, changes)
        if phase == 'train':
            config |= {**changes[0], 'seed': seed, 'log_interval': 1000, **more}
            epochs = arg.epochs or config['num_epoch']
            config['step'] = [epoch * epochs // config['num_epoch'] for epoch in config.get('step', [])]
            config |= {'num_epoch': epochs, 'eval_interval': epochs, 'save_interval': epochs}
        else:
            config['weights'] = str(run / 'train/weights-best.pt')  # the last: only the last epoch is evaluated
        written, text = run / f'{phase}.yaml', yaml.safe_dump(config)
        if written.exists() and written.read_text() != text:
            for result in ('minutes.txt', 'test/epoch1_test_score.pkl'):
                (run / result).unlink(missing_ok=True)
        written.write_text(text)
    return run


def change_feeders(config, out, changes):
    """Let the feeders of a config read the data in `out`, with the changes of a row."""
    _, training, both = changes
    for key, part, own in (('train_feeder_args', 'train', {**training, **both}), ('test_feeder_args', 'val', both)):
        if key in config:
            graph = GRAPH if 'graph' in config[key] else {}
            config[key] |= {**own, **graph, 'data_path': str(out / f'ntu/xsub/{part}_data_joint.npy'),
                            'label_path': str(out / f'ntu/xsub/{part}_label.pkl')}
    config.get('train_feeder_args', {}).pop('test_clips', None)


def train(run):
    """Train as the configs in the folder `run` say, unless that is done."""
    if not (run / 'minutes.txt').exists():
        began = time.monotonic()
        command(run / 'train.yaml')
        (run / 'minutes.txt').write_text(f'{(time.monotonic() - began) / 60:.2f}')


def train_and_test(run):
    train(run)
    if not (run / 'test/epoch1_test_score.pkl').exists():
        command(run / 'test.yaml')


def command(config):
    process = subprocess.run([sys.executable, ROOT / 'main.py', '--config', config, '--overwrite'], capture_output=True,
                             text=True, env={**os.environ, 'OMP_NUM_THREADS': '1'})
    if process.returncode:
        raise SystemExit(f'{config}: {process.stderr}')


def side_by_side(function, runs, parallel):
    with concurrent.futures.ThreadPoolExecutor(parallel) as pool:
        list(pool.map(function, runs))


def last_validation(log):
    """Return the last top-1 on the validation part, in per cent, in a log."""
    return float(re.findall(r'the validation part\n(?:.*\n)*?.*Top1: ([\d.]+)%', log.read_text())[-1])


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--ntu_tree', type=pathlib.Path, required=True, metavar='FOLDER')
    parser.add_argument('--out', type=pathlib.Path, metavar='FOLDER', help='where runs are kept')
    parser.add_argument('--leave_out', action='store_true', help='what each ingredient brings, instead of the table')
    parser.add_argument('--val_persons', nargs='+', default=['P005', 'P009'])
    parser.add_argument('--seeds', nargs='+', type=int, default=[1])
    parser.add_argument('--epochs', type=int, help='instead of those of each row, whose steps move along')
    parser.add_argument('--precision', default='bf16', choices=('fp32', 'bf16'))
    parser.add_argument('--parallel', type=int, default=cores(), help='streams that train at the same time')
    return parser.parse_args()


if __name__ == '__main__':
    main()
