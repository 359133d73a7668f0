"""How well two recipes learn from a few hundred clips: trains, tests once, fuses, and prints a table.

    python ../shared/real_motion/make_ntu_tree.py /tmp/tree
    python -m benchmarks.few_clips --ntu_tree /tmp/tree --out /tmp/few --seeds 1 2 3 4 5

The split is NTU's cross-subject one. The streams train side by side, each in the folder OUT/RECIPE/seed1/STREAM, and
test their last weights once. Finished runs are kept, so that the same command continues after an interruption.
Nothing here chooses a recipe: that is the task of crossval.py, on the people of the training part.
"""
import argparse
import concurrent.futures
import itertools
import pathlib
import subprocess
import sys

import yaml

from benchmarks.timing import Table
from feeders.labels import read_labels
from prediction.crossval_results import accuracies, mean_text, score_file
from prediction.scores import read_streams
from runtime.arguments import as_flag, cores
from runtime.errors import UserError, run_command

ROOT = pathlib.Path(__file__).resolve().parents[1]
STREAMS = 'joint', 'bone'
GRAPH = {'graph': 'graph.ntu_rgb_d.Graph', 'graph_args': {}}

# Recipe → flags of ntu_gendata.py, and what differs from config/small: keys, arguments of both feeders, arguments of
# the training feeder.
RECIPES = {
    'published': (
        [],
        {'optimizer': 'SGD', 'nesterov': True, 'base_lr': 0.1, 'weight_decay': 0.0001, 'schedule': 'step',
         'step': [18, 24], 'num_epoch': 30, 'batch_size': 64, 'label_smoothing': 0},
        {'uniform_sample': 64, 'test_clips': 1},
        {'uniform_sample_random': False, 'random_span': 0, 'random_rotate': 0, 'random_scale': 0, 'random_shear': 0,
         'random_noise': 0}),
    'small_by_id': (['--by_id'], {'num_epoch': 80}, {}, {}),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--ntu_tree', type=pathlib.Path, required=True, metavar='FOLDER')
    parser.add_argument('--out', type=pathlib.Path, required=True, metavar='FOLDER', help='where runs are kept')
    parser.add_argument('--seeds', nargs='+', type=int, default=[1])
    arg = parser.parse_args()
    table = Table(('recipe', 'seed', *STREAMS, 'joint + bone', 'mean class'))
    for recipe in RECIPES:
        folder = arg.out.resolve() / recipe
        data = prepare_data(arg.ntu_tree, folder, RECIPES[recipe][0])
        with concurrent.futures.ThreadPoolExecutor(cores()) as pool:
            list(pool.map(lambda run, recipe=recipe, data=data: train(recipe, data, *run),
                          itertools.product(arg.seeds, STREAMS)))
        rows = []
        for seed in arg.seeds:
            files = [score_file(folder / f'seed{seed}' / stream) for stream in STREAMS]
            _, labels, scores = read_streams(files, data / 'val_label.pkl')
            rows.append(accuracies(scores, [1, 1], labels))
            table.add(recipe, seed, *(f'{value:.1f}' for value in rows[-1]))
        table.add(recipe, 'mean', *map(mean_text, zip(*rows)))


def prepare_data(tree, folder, flags):
    """Prepare the joints of the raw recordings in `tree`; return the folder of the cross-subject split."""
    prepared = subprocess.run(
        [sys.executable, ROOT / 'data_gen/ntu_gendata.py', '--data_path', tree / 'nturgb+d_skeletons',
         '--ignored_sample_path', tree / 'samples_with_missing_skeletons.txt', '--benchmark', 'xsub',
         '--out_folder', folder / 'data', *flags], stdout=subprocess.DEVNULL)
    if prepared.returncode not in (0, 1):  # 1: broken recordings were left out
        sys.exit(prepared.returncode)
    return folder / 'data/xsub'


def train(recipe, data, seed, stream):
    """Train a stream on one core and test its last weights, unless a finished run is there."""
    folder = data.parents[1] / f'seed{seed}' / stream
    if score_file(folder):
        return
    _, changes, both, training = RECIPES[recipe]
    test = yaml.safe_load((ROOT / f'config/small/test_{stream}.yaml').read_text())['test_feeder_args']
    if 'graph' in test:
        both = {**both, **GRAPH}
    files = {part: {'data_path': f'{data}/{part}_data_joint.npy', 'label_path': f'{data}/{part}_label.pkl'}
             for part in ('train', 'val')}
    classes = 1 + max(read_labels(data / 'train_label.pkl')[1])
    changes = {**changes, 'work_dir': folder, 'seed': seed, 'precision': 'bf16', 'device': 'cpu', 'save_score': True,
               'eval_interval': changes['num_epoch'],
               'train_feeder_args': {**both, **training, **files['train']},
               'test_feeder_args': {**test, **both, **files['val']},
               'model_args': {**GRAPH, 'num_class': classes, 'num_point': 25, 'num_person': 2}}
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, ROOT / 'main.py', '--config', ROOT / f'config/small/train_{stream}.yaml', '--overwrite',
               *itertools.chain.from_iterable(as_flag(*change) for change in changes.items())]
    if subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL).returncode:
        raise UserError(f'{folder}: training failed, see above')


if __name__ == '__main__':
    run_command(main)
