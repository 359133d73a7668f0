"""Runs of main.py side by side: each with its config in a folder of its own, on a device of its own."""
import concurrent.futures
import os
import pathlib
import queue
import signal
import subprocess
import sys

from tqdm import tqdm

from runtime.cores import cores

MAIN = pathlib.Path(__file__).resolve().parents[1] / 'main.py'


def places(devices=None, jobs=None):
    """Return the device of each run at a time: `jobs` names, those in `devices` in turn.

    By default `devices` are all GPUs, or else what torch finds best, and there is one run a device, one a core on CPU.
    """
    if devices is None:
        from runtime.device import choose_devices, torch  # takes seconds: commands answer --help without
        best = choose_devices(['auto'])[0][0].type
        devices = [str(i) for i in range(torch.cuda.device_count())] if best == 'cuda' else [best]
    jobs = jobs or (cores() if devices == ['cpu'] else len(devices))
    return [devices[job % len(devices)] for job in range(jobs)]


def run_side_by_side(folders, devices):
    """Run main.py with the `run.yaml` in each of `folders`, one at a time on each of `devices`; show the progress.

    Return {folder: why its run failed}; each is also reported on standard error when it happens. The other
    runs continue.
    """
    threads = max(1, cores() // len(devices))  # the same when few runs are left: sums depend on it in the last digit
    free, failed = queue.SimpleQueue(), {}
    for device in devices:
        free.put(device)

    def run(folder):
        device = free.get()
        try:
            return folder, run_one(folder, device, threads)
        finally:
            free.put(device)

    with concurrent.futures.ThreadPoolExecutor(len(devices)) as pool:
        futures = [pool.submit(run, folder) for folder in folders]
        try:
            for future in tqdm(concurrent.futures.as_completed(futures), total=len(futures), unit='run', disable=None):
                folder, reason = future.result()
                if reason:
                    failed[folder] = reason
                    tqdm.write(f'{folder}: {reason}', file=sys.stderr)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return failed


def run_one(folder, device, threads):
    """Run main.py as `run.yaml` in `folder` says, with its output in `output.txt`; return why it failed, or None."""
    command = [sys.executable, MAIN, '--config', folder / 'run.yaml', '--device', device, '--overwrite']
    path = folder / 'output.txt'
    with open(path, 'w', encoding='utf-8') as output:
        status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                env={'OMP_NUM_THREADS': str(threads), **os.environ}).returncode
    if status < 0:
        return f'ended by {signal.Signals(-status).name}'
    lines = path.read_text(encoding='utf-8', errors='replace').splitlines() or [f'status {status}']
    return lines[-1].removeprefix('error: ') if status else None
