"""An iterator that runs in a thread of its own, ahead of who reads it."""
import collections
import contextlib
import threading


class Ahead:
    """The items of a generator, made in a thread of their own, at most `most` of them in advance.

    If they come faster than they are read, the thread waits; with `newest_only` it does not, and the oldest items are
    dropped and counted in `dropped`. Errors of the generator are raised to the reader. Use it in a `with` block, at
    whose end the thread ends after the item that it is making.
    """

    def __init__(self, items, most, newest_only=False):
        self.items, self.most, self.newest_only, self.dropped = items, most, newest_only, 0
        self.made, self.ended, self.closed, self.error = collections.deque(), False, False, None
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self.make, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        self.thread.join()

    def make(self):
        try:
            with contextlib.closing(self.items):
                for item in self.items:
                    if not self.add(item):
                        break
        except BaseException as error:  # whatever it is, the reader is to know
            self.error = error
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def add(self, item):
        """Add an item to those that wait to be read; return whether more are wanted."""
        with self.changed:
            if self.newest_only and len(self.made) == self.most:
                self.made.popleft()
                self.dropped += 1
            self.changed.wait_for(lambda: self.closed or len(self.made) < self.most)
            self.made.append(item)
            self.changed.notify_all()
            return not self.closed

    def __iter__(self):
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.made or self.ended)
                if not self.made:
                    break
                item = self.made.popleft()
                self.changed.notify_all()
            yield item
        if self.error is not None:
            raise self.error
