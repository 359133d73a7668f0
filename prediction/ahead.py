"""Iterators whose items are made in a thread of their own, while the reader does something else."""
import collections
import concurrent.futures
import contextlib
import queue


def made_ahead(items, count):
    """Yield the items of a generator, of which another thread makes up to `count` in advance.

    An error of the generator is raised here. When this generator is closed, that thread closes the other one.
    """
    end = object()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = collections.deque(pool.submit(next, items, end) for _ in range(count))
        try:
            while (item := waiting.popleft().result()) is not end:
                waiting.append(pool.submit(next, items, end))
                yield item
        finally:
            for future in waiting:
                future.cancel()
            pool.submit(items.close).result()


class NewestOnly:
    """Iterates over the newest items of a generator, which another thread reads without a pause.

    `dropped` counts the others.
    """

    def __init__(self, items):
        self.items, self.newest, self.dropped, self.stopped = items, queue.SimpleQueue(), 0, False

    def __iter__(self):
        end = object()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            making = pool.submit(self.make)
            making.add_done_callback(lambda _: self.newest.put(end))
            try:
                while (item := self.newest.get()) is not end:
                    yield item
            finally:
                self.stopped = True
            making.result()

    def make(self):
        with contextlib.closing(self.items):
            for item in self.items:
                if self.stopped:
                    break
                with contextlib.suppress(queue.Empty):
                    self.newest.get_nowait()
                    self.dropped += 1
                self.newest.put(item)
