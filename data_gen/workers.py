"""Work spread over processes: plain forks, two kinds of pipes, and nothing big that travels.

Python's own pools cost as much time to import as a small data set takes to make, and their processes wait for ever
when the first one is killed. Here all processes take the numbers of their jobs from one pipe, which ends when the
first process does, in whatever way.
"""
import gc
import os
import pickle
import selectors
import struct
import traceback

from runtime.errors import UserError

NUMBER = struct.Struct('=q')


class WorkerDied(Exception):
    """A process ended before its work was done, killed from outside or for want of memory."""


def do_jobs(function, jobs, workers):
    """Yield function(job) for every job in the list `jobs`, on `workers` processes, in the order of completion.

    Only results travel, pickled, so they should be small. An exception of `function` is raised here, and a process
    that dies raises WorkerDied. When the caller stops early, the processes end after the jobs they are at.
    """
    workers = min(workers, len(jobs))
    if workers <= 1:
        yield from map(function, jobs)
        return
    numbers_out, numbers_in = os.pipe()
    children = {}
    try:
        for _ in range(workers):
            result_out, result_in = os.pipe()
            pid = os.fork()
            if pid == 0:
                for end in (numbers_in, result_out, *children):
                    os.close(end)
                work(function, jobs, numbers_out, result_in)
            os.close(result_in)
            children[result_out] = pid
        os.close(numbers_out)
        numbers_out = None
        yield from collect(jobs, numbers_in, children)
    finally:
        for end in (numbers_in, numbers_out, *children):
            if end is not None:
                os.close(end)
        for pid in children.values():
            os.waitpid(pid, 0)


def collect(jobs, numbers_in, children):
    """Hand out the numbers of the jobs, two for each process at first and one for each result; yield the results."""
    waiting = iter(range(len(jobs)))
    running = 0

    def hand_out_one():
        nonlocal running
        number = next(waiting, None)
        if number is not None:
            os.write(numbers_in, NUMBER.pack(number))
            running += 1

    with selectors.DefaultSelector() as results:
        for end in children:
            results.register(end, selectors.EVENT_READ)
            hand_out_one()
            hand_out_one()
        while running:
            for ready, _ in results.select():
                length = read_exactly(ready.fd, NUMBER.size)
                answer = length and read_exactly(ready.fd, NUMBER.unpack(length)[0])
                if not answer:
                    raise WorkerDied
                hand_out_one()
                running -= 1
                error, result = pickle.loads(answer)
                if error:
                    raise error
                yield result


def work(function, jobs, numbers_out, result_in):
    """Do jobs as their numbers come, write the results, and end this process without going back to the caller."""
    gc.freeze()  # a collection would write to what came with the fork, and so double it in memory
    try:
        while number := os.read(numbers_out, NUMBER.size):  # a pipe hands out its few bytes whole
            try:
                answer = None, function(jobs[NUMBER.unpack(number)[0]])
            except (OSError, UserError, MemoryError) as error:
                answer = error, None
            except Exception:
                answer = RuntimeError(traceback.format_exc()), None
            answer = pickle.dumps(answer)
            write_all(result_in, NUMBER.pack(len(answer)) + answer)
    except (BrokenPipeError, KeyboardInterrupt):
        pass  # the first process has stopped, and says why
    finally:
        os._exit(0)


def read_exactly(end, size):
    """Return the next `size` bytes from the pipe `end`, or b'' if it ends before."""
    data = bytearray()
    while len(data) < size:
        more = os.read(end, size - len(data))
        if not more:
            return b''
        data += more
    return bytes(data)


def write_all(end, data):
    """Write all of `data` to the pipe `end`."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(end, rest):]
