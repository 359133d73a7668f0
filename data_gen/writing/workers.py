"""Work spread over processes, in order, with bounded memory."""
import collections
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from runtime.arguments import cores
from runtime.errors import UserError

MAX_WORKERS = 61  # what Windows can wait for
CHUNK = 4  # jobs that a process takes at once
CHUNKS_AHEAD = 2  # for each worker


def do_jobs(function, jobs, workers=None):
    """Yield function(job) for every job in the list `jobs`, in their order, on so many processes, or on all cores.

    `function`, jobs and results must be picklable; only a few are in memory at once.
    """
    workers = min(workers or cores(), len(jobs), MAX_WORKERS)
    if workers <= 1:
        yield from map(function, jobs)
        return
    try:
        with ProcessPoolExecutor(workers, initializer=start_worker) as pool:
            running = collections.deque()
            for start in range(0, len(jobs), CHUNK):
                running.append(pool.submit(do_chunk, function, jobs[start:start + CHUNK]))
                if len(running) > CHUNKS_AHEAD * workers:
                    yield from running.popleft().result()
            while running:
                yield from running.popleft().result()
    except BrokenProcessPool:
        raise UserError('a process was killed, probably because memory ran out: run the command again with fewer '
                        '--workers') from None


def do_chunk(function, jobs):
    return [function(job) for job in jobs]


def start_worker():
    """Make this process end when the first one ends, however that is killed, and leave Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent():
    multiprocessing.parent_process().join()
    os._exit(1)
