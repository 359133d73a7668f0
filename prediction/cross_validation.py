"""The runs of a cross-validation: each is one of main.py, in a folder of its own, side by side with others."""
import concurrent.futures
import os
import pathlib
import pickle
import queue
import signal
import subprocess
import sys
import threading

import numpy as np
import yaml
from tqdm import tqdm

from feeders.fingerprint import SAMPLES_OF, fingerprints
from feeders.labels import read_labels
from prediction.crossval_results import results, score_file
from prediction.folds import make_folds
from prediction.scores import stream_weights
from runtime.arguments import cores
from runtime.arguments import get_parser as get_run_parser
from runtime.atomic_file import write_whole
from runtime.errors import UserError
from runtime.run_folder import CHECKPOINT

MAIN = pathlib.Path(__file__).resolve().parents[1] / 'main.py'
HOW_IT_RUNS = 'config', 'device', 'overwrite', 'resume'  # keys that do not say what a run is
CHOSEN_HERE = (*HOW_IT_RUNS, 'phase', 'work_dir', 'model_saved_name', 'seed', 'val_persons', 'val_share', 'save_score',
               'eval_interval', 'save_interval')


def cross_validate(arg):
    """Train, test and fuse all folds, and print the results; UserError if runs failed, when the others have ended."""
    if not arg.configs:
        raise UserError('--configs: name the training config of each stream')
    factors = stream_weights(arg.stream_weights, len(arg.configs))
    streams = [pathlib.Path(path).stem.removeprefix('train_') for path in arg.configs]
    if len(set(streams)) < len(streams):
        raise UserError(f'--configs: {", ".join(streams)}: two of one name: give the files different ones')
    configs = [read_config(path, arg.flags) for path in arg.configs]
    names, labels = common_samples(configs)
    folder = pathlib.Path(configs[0]['train_feeder_args']['data_path']).parent
    folds = {seed: make_folds(names, labels, arg.by, arg.folds, seed, folder) for seed in arg.seeds}
    for file in list(arg.out.glob('seed*/**/*_score.pkl')) if arg.overwrite else ():
        file.unlink()  # else the scores of the runs before would be taken for those of these
    for stream, config in zip(streams, configs):
        data = fingerprints({**config['test_feeder_args'], **config['train_feeder_args']})
        write_same(arg.out / f'{stream}_data.yaml', yaml.safe_dump(data), arg.overwrite)
    runs = {seed: {} for seed in folds}  # → fold → (the tested clips (N,) bool, the folder of each stream's run)
    for seed, of_seed in folds.items():
        for fold, tested in of_seed.items():
            folder = arg.out / f'seed{seed}' / fold
            for part, chosen in (('train', ~tested), ('test', tested)):
                write_same(folder / f'{part}.txt', '\n'.join(np.array(names)[chosen]), arg.overwrite)
            for stream, config in zip(streams, configs):
                text = yaml.safe_dump(run_config(folder / stream, config, seed))
                write_same(folder / stream / 'run.yaml', text, arg.overwrite)
            runs[seed][fold] = tested, [folder / stream for stream in streams]
    with write_whole(arg.out / 'labels.pkl') as file:
        pickle.dump((names, labels.tolist()), file)
    every = [folder for of_seed in runs.values() for _, folders in of_seed.values() for folder in folders]
    failed = run_side_by_side([folder for folder in every if not score_file(folder)], job_devices(arg.device, arg.jobs))
    if failed:
        folder, reason = next(iter(failed.items()))
        raise UserError(f'{len(failed)} of {len(every)} runs failed, the first in {folder}: {reason}: fix it, and the '
                        'same command trains those again')
    print('\n'.join(results(runs, streams, factors, names, labels, arg.out)))


def read_config(path, flags):
    """Return the arguments of a training run, a dict, from its config and the flags that go before it."""
    for flag in flags:
        if flag.startswith('-') and flag.partition('=')[0].lstrip('-').replace('-', '_') in CHOSEN_HERE:
            raise UserError(f'-- {flag}: crossval.py chooses it for each run: leave it out')
    config = vars(get_run_parser().parse_with_config(['--config', path, *flags]))
    if not {'data_path', 'label_path'} <= config['train_feeder_args'].keys():
        raise UserError(f'{path}: train_feeder_args name no data_path and label_path to take the clips from')
    return config


def common_samples(configs):
    """Return (names, labels (N,)) of the clips that all configs train on; UserError if they are not the same."""
    found = [read_labels(config['train_feeder_args']['label_path']) for config in configs]
    for config, samples in zip(configs, found):
        if samples != found[0]:
            raise UserError(f'{config["config"]}: its label_path holds other clips than that of '
                            f'{configs[0]["config"]}: the streams must be of the same data')
    names, labels = found[0]
    return names, np.array(labels)


def write_same(path, text, overwrite):
    """Write `text` to `path`; UserError if something else stands there and may not be overwritten."""
    if path.exists() and not overwrite and path.read_text(encoding='utf-8') != text:
        raise UserError(f'{path}: the folder holds a run of other settings, clips or data: choose another --out, '
                        'or --overwrite it')
    with write_whole(path, 'w', encoding='utf-8') as file:
        file.write(text)


def run_config(folder, config, seed):
    """Return the config of one stream's run in a fold, which writes into `folder`.

    Its last weights are tested once, at the end: none are chosen by the clips that they are tested on.
    """
    samples = {key: value for key, value in config['train_feeder_args'].items() if key in SAMPLES_OF}
    run = {**config, 'phase': 'train', 'work_dir': str(folder), 'model_saved_name': '', 'seed': seed, 'val_persons': [],
           'val_share': 0.0, 'save_score': True, 'eval_interval': config['num_epoch'],
           'save_interval': config['num_epoch'], 'feeder': 'feeders.parts.NamedPart'}
    for part in ('train', 'test'):
        own = {key: value for key, value in config[f'{part}_feeder_args'].items() if key not in SAMPLES_OF}
        run[f'{part}_feeder_args'] = {'feeder': config['feeder'], 'names': str(folder.parent / f'{part}.txt'),
                                      **own, **samples}
    return {key: value for key, value in run.items() if key not in HOW_IT_RUNS}


def job_devices(devices=None, jobs=None):
    """Return the device of each run at a time: `jobs` names, those in `devices` in turn.

    By default `devices` are all GPUs, or else what torch finds best, and there is one run a device, one a core on CPU.
    """
    if devices is None:
        import torch  # takes seconds: commands answer --help without
        best = 'mps' if torch.backends.mps.is_available() else 'cpu'
        devices = [str(i) for i in range(torch.cuda.device_count())] or [best]
    jobs = jobs or (cores() if devices == ['cpu'] else len(devices))
    return [devices[job % len(devices)] for job in range(jobs)]


def run_side_by_side(folders, devices):
    """Run main.py with the `run.yaml` in each of `folders`, one at a time on each of `devices`; show the progress.

    Returns {folder: why its run failed}; each is also reported on standard error when it happens. The other runs
    continue. Ctrl-C and SIGTERM end the runs with the command.
    """
    threads = max(1, cores() // len(devices))  # the same when few runs are left: sums depend on it in the last digit
    free, processes, stopped, failed = queue.SimpleQueue(), [], threading.Event(), {}
    for device in devices:
        free.put(device)

    def run(folder):
        device = free.get()
        command = [sys.executable, MAIN, '--config', folder / 'run.yaml', '--device', device, '--overwrite']
        with open(folder / 'output.txt', 'w', encoding='utf-8') as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                       env={'OMP_NUM_THREADS': str(threads), **os.environ})
        processes.append(process)
        if stopped.is_set():
            process.terminate()
        reason = why_failed(folder, process.wait())
        free.put(device)
        for file in (CHECKPOINT, 'weights-best.pt') if reason is None else ():
            (folder / file).unlink(missing_ok=True)  # nothing is resumed, and the best weights are the last
        return folder, reason

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    with concurrent.futures.ThreadPoolExecutor(len(devices)) as pool:
        futures = [pool.submit(run, folder) for folder in folders]
        try:
            for future in tqdm(concurrent.futures.as_completed(futures), total=len(futures), unit='run', disable=None):
                folder, reason = future.result()
                if reason:
                    failed[folder] = reason
                    tqdm.write(f'{folder}: {reason}', file=sys.stderr)
        finally:
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            signal.signal(signal.SIGTERM, before)
    return failed


def why_failed(folder, status):
    """Return why the run in `folder`, which ended with `status`, failed: the last line it wrote; None if it did not."""
    if status < 0:
        return f'ended by {signal.Signals(-status).name}'
    lines = (folder / 'output.txt').read_text(encoding='utf-8', errors='replace').splitlines() or [f'status {status}']
    return lines[-1].removeprefix('error: ') if status else None
