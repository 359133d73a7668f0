"""Runs of main.py side by side: each with its config in a folder of its own, on a device of its own."""
import concurrent.futures
import contextlib
import os
import pathlib
import queue
import signal
import subprocess
import sys

from tqdm import tqdm

from runtime.cores import cores
from runtime.stop_signals import stop_requested

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
    free, failed, running = queue.SimpleQueue(), {}, set()
    for device in devices:
        free.put(device)

    def run(folder):
        device = free.get()
        try:
            return folder, run_one(folder, device, threads, running)
        finally:
            free.put(device)

    with concurrent.futures.ThreadPoolExecutor(len(devices)) as pool, sigterm_raises():
        futures = [pool.submit(run, folder) for folder in folders]
        try:
            for future in tqdm(concurrent.futures.as_completed(futures), total=len(futures), unit='run', disable=None):
                folder, reason = future.result()
                if reason:
                    failed[folder] = reason
                    tqdm.write(f'{folder}: {reason}', file=sys.stderr)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in running.copy():
                process.terminate()
            raise
    return failed


@contextlib.contextmanager
def sigterm_raises():
    """Within the block, SIGTERM, which would leave the runs behind, raises the UserError of a stopped command."""
    def stop(number, _frame):
        raise stop_requested(number, 'finished runs are kept, and the same command trains the others')
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run_one(folder, device, threads, running):
    """Run main.py as `run.yaml` in `folder` says, with its output in `output.txt`; return why it failed, or None.

    Its process is in the set `running` meanwhile.
    """
    command = [sys.executable, MAIN, '--config', folder / 'run.yaml', '--device', device, '--overwrite']
    path = folder / 'output.txt'
    with open(path, 'w', encoding='utf-8') as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                   env={'OMP_NUM_THREADS': str(threads), **os.environ})
        running.add(process)
        status = process.wait()
        running.remove(process)
    if status < 0:
        return f'ended by {signal.Signals(-status).name}'
    lines = path.read_text(encoding='utf-8', errors='replace').splitlines() or [f'status {status}']
    return lines[-1].removeprefix('error: ') if status else None
