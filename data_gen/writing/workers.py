"""Work spread over processes, in order, with bounded memory."""
import collections
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from runtime.errors import UserError

MOST_WORKERS = 61  # what Windows can wait for
JOBS_AHEAD = 2  # for each worker


def do_jobs(function, jobs, workers):
    """Yield function(job) for every job in the list `jobs`, on `workers` processes, in the order of the jobs.

    `function`, jobs and results travel between processes, so they must be picklable; only a few are on their way at a
    time. An exception of `function` is raised here; a process that was killed raises UserError.
    """
    workers = min(workers, len(jobs), MOST_WORKERS)
    if workers <= 1:
        yield from map(function, jobs)
        return
    try:
        with ProcessPoolExecutor(workers, initializer=begin_worker) as pool:
            running = collections.deque()
            for job in jobs:
                running.append(pool.submit(function, job))
                if len(running) > JOBS_AHEAD * workers:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
    except BrokenProcessPool:
        raise UserError('a process was killed, probably for want of memory: run the command again, with fewer '
                        '--workers') from None


def begin_worker():
    """Make this process end when the first one ends, however that is killed, and leave Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent():
    multiprocessing.parent_process().join()
    os._exit(1)
