"""What a long command tells while it works: a bar with a rate on a terminal, and lines that do not break it."""
import sys
import time


class Progress:
    """A bar over `total` steps on standard error, if that is a terminal; use it in a `with`."""

    def __init__(self, total, unit, done=0):
        self.start = time.monotonic()
        self.steps = 0
        self.unit = unit
        self.bar = None
        if sys.stderr.isatty():
            from tqdm import tqdm  # takes longer to import than a small data set takes to make
            self.bar = tqdm(total=total, initial=done, unit=f' {unit}', dynamic_ncols=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.bar is not None:
            self.bar.close()

    def advance(self, steps=1):
        """Count `steps` more."""
        self.steps += steps
        if self.bar is not None:
            self.bar.update(steps)

    def warn(self, line):
        """Write a line to standard error, above the bar."""
        if self.bar is not None:
            self.bar.write(line, file=sys.stderr)
        else:
            print(line, file=sys.stderr, flush=True)

    def summary(self):
        """Return what was done in what time."""
        seconds = max(time.monotonic() - self.start, 1e-3)
        return f'{self.steps} {self.unit} in {seconds:.1f} s, {self.steps / seconds:.0f} a second'
