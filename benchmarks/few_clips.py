"""How well each recipe learns from a few hundred clips: trains, tests once, fuses, and prints a table.

    python ../shared/real_motion/make_ntu_tree.py /tmp/tree
    python -m benchmarks.few_clips --ntu_tree /tmp/tree --out /tmp/few --seeds 1 2 3 4 5

The split is NTU's cross-subject one. Each stream trains on one core, in the folder OUT/ROW/seed1/STREAM, and tests its
last weights once. Finished runs are kept, so that the same command continues after an interruption. Nothing here
chooses a recipe: that is the task of crossval.py, on the people of the training part.
"""
import argparse
import pathlib
import re
import subprocess
import sys
import time

import yaml

from benchmarks.timing import Table
from feeders.labels import read_labels
from prediction.cross_validation import run_side_by_side, write_same
from prediction.crossval_results import accuracies, mean_text, score_file
from prediction.scores import read_streams
from runtime.arguments import cores
from runtime.errors import run_command

ROOT = pathlib.Path(__file__).resolve().parents[1]
STREAMS = 'joint', 'bone'
GRAPH = {'graph': 'graph.ntu_rgb_d.Graph', 'graph_args': {'labeling_mode': 'spatial'}}

# What differs from config/small: keys of the run, of the training feeder, and of both feeders. Last, the flags of
# data_gen/ntu_gendata.py.
SGD = {'optimizer': 'SGD', 'nesterov': True, 'base_lr': 0.1, 'weight_decay': 0.0001, 'schedule': 'step'}
NO_AUGMENTATION = {'uniform_sample_random': False, 'random_span': 0, 'random_rotate': 0, 'random_scale': 0,
                   'random_shear': 0, 'random_noise': 0}
ROWS = {
    'as published': ({**SGD, 'step': [18, 24], 'num_epoch': 30, 'batch_size': 64, 'label_smoothing': 0},
                     NO_AUGMENTATION, {'uniform_sample': 64, 'test_clips': 1}, []),
    'config/small, --by_id': ({}, {}, {}, ['--by_id']),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--ntu_tree', type=pathlib.Path, required=True, metavar='FOLDER')
    parser.add_argument('--out', type=pathlib.Path, required=True, metavar='FOLDER', help='where runs are kept')
    parser.add_argument('--rows', nargs='+', default=list(ROWS), choices=ROWS)
    parser.add_argument('--seeds', nargs='+', type=int, default=[1])
    parser.add_argument('--epochs', type=int, help='instead of those of each row')
    parser.add_argument('--precision', default='bf16', choices=('fp32', 'bf16'))
    arg = parser.parse_args()
    print(f'{cores()} cores, seeds {arg.seeds}, {arg.precision}; per cent of the test part, top-1, mean ± standard '
          'deviation over the seeds\n')
    table = Table(('recipe', *STREAMS, 'joint + bone', 'mean class', 'minutes a seed'))
    for row in arg.rows:
        data = prepare(arg.ntu_tree, arg.out.resolve(), ROWS[row][-1])
        folders = {seed: [make_run(arg, data, row, stream, seed) for stream in STREAMS] for seed in arg.seeds}
        waiting = [folder for streams in folders.values() for folder in streams if not score_file(folder)]
        if failed := run_side_by_side(waiting, ['cpu'] * cores()):
            sys.exit(f'{len(failed)} runs failed: see output.txt in {", ".join(map(str, failed))}')
        add_results(table, row, folders, data)


def prepare(tree, out, flags):
    """Prepare the joints of the raw recordings in `tree` in `out`; return the folder of the cross-subject split."""
    out = out / '_'.join(['ntu', *flags])
    made = subprocess.run(
        [sys.executable, ROOT / 'data_gen/ntu_gendata.py', '--data_path', tree / 'nturgb+d_skeletons',
         '--ignored_sample_path', tree / 'samples_with_missing_skeletons.txt', '--benchmark', 'xsub',
         '--out_folder', out, *flags], stdout=subprocess.DEVNULL)
    if made.returncode not in (0, 1):  # 1: broken recordings were left out, and named
        sys.exit(made.returncode)
    return out / 'xsub'


def make_run(arg, data, row, stream, seed):
    """Write the config of a stream's run, as run.yaml, and return its folder."""
    folder = arg.out.resolve() / re.sub(r'\W', '_', row) / f'seed{seed}' / stream
    config, test = (yaml.safe_load((ROOT / f'config/small/{phase}_{stream}.yaml').read_text())
                    for phase in ('train', 'test'))
    config['test_feeder_args'] = test['test_feeder_args']
    changed, training, both, _ = ROWS[row]
    config |= changed
    for part, name, own in (('train', 'train', {**training, **both}), ('test', 'val', both)):
        feeder = config[f'{part}_feeder_args']
        feeder |= {**own, 'data_path': str(data / f'{name}_data_joint.npy'),
                   'label_path': str(data / f'{name}_label.pkl'), **(GRAPH if 'graph' in feeder else {})}
    classes = 1 + max(read_labels(data / 'train_label.pkl')[1])
    config['model_args'] |= {'num_class': classes, 'num_point': 25, 'num_person': 2, **GRAPH}
    epochs = arg.epochs or config['num_epoch']
    config['step'] = [epoch * epochs // config['num_epoch'] for epoch in config.get('step', [])]
    config |= {'num_epoch': epochs, 'eval_interval': epochs, 'save_interval': epochs, 'log_interval': 1000,
               'seed': seed, 'precision': arg.precision, 'save_score': True, 'work_dir': str(folder)}
    del config['model_saved_name']
    write_same(folder / 'run.yaml', yaml.safe_dump(config), overwrite=False)
    return folder


def add_results(table, row, folders, data):
    """Add a line for each seed to the table, and one of their means."""
    found = []
    for seed, streams in folders.items():
        _, labels, stacked = read_streams([score_file(folder) for folder in streams], data / 'val_label.pkl')
        minutes = sum(map(minutes_of, streams)) / min(cores(), len(streams))
        found.append([*accuracies(stacked, [1] * len(streams), labels), minutes])
        table.add(f'{row}, seed {seed}', *(f'{value:.1f}' for value in found[-1]))
    if len(found) > 1:
        table.add(row, *map(mean_text, zip(*found)))


def minutes_of(folder):
    """Return the minutes from the first to the last line of the log of a run."""
    first, *_, last = (time.mktime(time.strptime(line[2:26])) for line in (folder / 'log.txt').read_text().splitlines())
    return (last - first) / 60


if __name__ == '__main__':
    run_command(main)
