"""All steps on synthetic people: raw recordings → joints and bones → two trained streams → a fused score.

Runs the project's own commands one after the other, as a user would. The recipes are in `config/demo/`.
"""
import pathlib
import subprocess
import sys
import time

from feeders.labels import top_k
from prediction.scores import fuse, read_streams
from runtime.arguments import Parser
from runtime.errors import UserError, run_command

ROOT = pathlib.Path(__file__).resolve().parent
STREAMS = ('joint', 'bone')


def run_step(folder, title, script, *arguments):
    """Run `python <script> <arguments>` in `folder`; UserError, with its status, if it fails."""
    print(f'\n{title}\n$ python {script} {" ".join(arguments)}', flush=True)
    started = time.perf_counter()
    status = subprocess.run([sys.executable, str(ROOT / script), *arguments], cwd=folder).returncode
    if status:
        status = status if status > 0 else 128 - status  # a signal, as shells report it
        raise UserError(f'the demo stopped: {script} ended with status {status}', status)
    print(f'({time.perf_counter() - started:.0f} s)', flush=True)


def run_main(folder, title, config, *arguments):
    """Run main.py with a config of the demo; an earlier run of the demo is replaced."""
    run_step(folder, title, 'main.py', '--config', str(ROOT / f'config/demo/{config}.yaml'), *arguments, '--overwrite')


def run_all_steps(folder):
    """Run every command from raw files to the fused score, in `folder`."""
    run_step(folder, 'Synthetic people → raw recordings', 'data_gen/demo_gendata.py', '--out_folder', './data/demo_raw')
    run_step(folder, 'Raw recordings → joints', 'data_gen/ntu_gendata.py',
             '--data_path', './data/demo_raw/nturgb+d_skeletons', '--out_folder', './data/demo', '--benchmark', 'xsub',
             '--ignored_sample_path', './data/demo_raw/samples_with_missing_skeletons.txt', '--overwrite')
    run_step(folder, 'Joints → bones', 'data_gen/gen_bone_data.py', '--datasets', 'demo/xsub')
    for stream in STREAMS:
        run_main(folder, f'Train the {stream} stream', f'train_{stream}')
    for stream in STREAMS:
        weights = max((folder / 'runs').glob(f'demo_agcn_{stream}-[0-9]*.pt'), key=lambda path: path.stat().st_mtime)
        run_main(folder, f'Test the {stream} stream on people it has never seen', f'test_{stream}',
                 '--weights', str(weights.relative_to(folder)))
    run_step(folder, 'Fuse the two streams', 'ensemble.py', '--datasets', 'demo/xsub')


def print_table(folder):
    """Print the accuracy of each stream and of both fused, from the score files."""
    files = [folder / f'work_dir/demo/xsub/agcn_test_{stream}/epoch1_test_score.pkl' for stream in STREAMS]
    names, labels, stacked = read_streams(files, folder / 'data/demo/xsub/val_label.pkl')
    print(f'\n{len(names)} recordings of people it has never seen\n\n{"":8}{"top-1":>9}{"top-5":>9}')
    for name, scores in zip((*STREAMS, 'fused'), (*stacked, fuse(stacked, (1, 1)))):
        print(f'{name:8}' + ''.join(f'{top_k(scores, labels, k):9.2%}' for k in (1, 5)))


def main():
    parser = Parser(__doc__.splitlines()[0])
    parser.add_argument('--folder', default=ROOT, type=pathlib.Path,
                        help="where data/, work_dir/ and runs/ are written (the project's own folder)")
    folder = parser.parse_args().folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    run_all_steps(folder)
    print_table(folder)
    print(f'\nAll steps took {time.perf_counter() - started:.0f} s.')


if __name__ == '__main__':
    run_command(main)
