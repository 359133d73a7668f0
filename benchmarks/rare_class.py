"""The effect of class weights and balanced sampling on a rare class: `python -m benchmarks.rare_class`.

Clips are those of data_gen/custom_example.py; only a tenth of one class is left for training. The recipe is that of
config/small, shortened. Prints mean class accuracy on the people of the val part, and the accuracy of the rare class.
"""
import argparse
import csv
import pathlib
import sys
import tempfile

import numpy as np
import yaml

from benchmarks.export import ROOT, run_script
from benchmarks.timing import print_head, print_row
from prediction.cross_validation import job_devices, run_side_by_side
from prediction.scores import class_accuracies, read_streams

RARE, KEPT = 'kick', 10  # every tenth clip of this class is kept
VAL_PERSONS = 'p13', 'p14', 'p15', 'p16'
WAYS = {'plain': {}, 'class_weights: balanced': {'class_weights': 'balanced'}, 'balanced: True': {'balanced': True}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--epochs', type=int, default=15)
    parser.add_argument('--seeds', type=int, nargs='+', default=[1, 2, 3])
    arg = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        prepare(folder)
        runs = {(way, seed): make_run(folder, f'{way} {seed}', {**changes, 'seed': seed, 'num_epoch': arg.epochs})
                for way, changes in WAYS.items() for seed in arg.seeds}
        if failed := run_side_by_side(list(runs.values()), job_devices(['cpu'])):
            sys.exit(f'error: {failed}')
        print(f'{arg.epochs} epochs, seeds {arg.seeds}; per cent of the val part: mean ± deviation of the seeds')
        print_head(('training', 'mean class accuracy', f'accuracy of {RARE}'))
        for way in WAYS:
            found = np.array([accuracies(folder, runs[way, seed]) for seed in arg.seeds])
            print_row((way, *(f'{mean:.1f} ± {deviation:.1f}' for mean, deviation in zip(found.mean(0), found.std(0)))))


def prepare(folder):
    """Write the data set, with few clips of the rare class in its training part."""
    run_script('data_gen/custom_example.py', '--out_folder', folder / 'raw')
    with open(folder / 'raw/labels.csv', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    rare = [row['file'] for row in rows if row['class'] == RARE and row['person'] not in VAL_PERSONS]
    left_out = set(rare) - set(rare[::KEPT])
    with open(folder / 'raw/labels.csv', 'w', encoding='utf-8', newline='') as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(row for row in rows if row['file'] not in left_out)
    run_script('data_gen/custom_gendata.py', '--clips', folder / 'raw/clips', '--labels', folder / 'raw/labels.csv',
               '--skeleton', ROOT / 'config/small/skeleton.yaml', '--out_folder', folder / 'mine',
               '--val_persons', *VAL_PERSONS, '--center', 'pelvis', '--up', 'pelvis', 'neck',
               '--right', 'left shoulder', 'right shoulder')


def make_run(folder, name, changes):
    """Return the folder of one training, with its config in it."""
    run = folder / 'runs' / name.replace(': ', '_').replace(' ', '_')
    run.mkdir(parents=True)
    text = (ROOT / 'config/small/train_joint.yaml').read_text(encoding='utf-8')
    config = yaml.safe_load(text.replace('./data/mine', str(folder / 'mine')))
    config |= {'work_dir': str(run / 'work'), 'model_saved_name': str(run / 'weights'), 'save_score': True,
               'eval_interval': changes['num_epoch'], 'save_interval': changes['num_epoch'], **changes}
    (run / 'run.yaml').write_text(yaml.safe_dump(config), encoding='utf-8')
    return run


def accuracies(folder, run):
    """Return the mean class accuracy and the accuracy of the rare class, in per cent, of a run."""
    path, = (run / 'work').glob('epoch*_test_score.pkl')
    _, labels, (scores,) = read_streams([path], folder / 'mine/val_label.pkl')
    of_class = class_accuracies(scores, labels)
    rare = (folder / 'mine/class_names.txt').read_text(encoding='utf-8').splitlines().index(RARE)
    return 100 * np.mean(list(of_class.values())), 100 * of_class[rare]


if __name__ == '__main__':
    main()
