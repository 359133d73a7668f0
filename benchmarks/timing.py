"""Timing of alternatives for the same work, and tables of the results."""
import json
import time


def in_turns(sides, rounds, warm_up=1):
    """Return name → [what work(number) returned, for each of the `rounds`], of `sides`, a dict name → work.

    The sides take turns in every round, so that other load on the machine slows all of them alike. Results of the
    first `warm_up` rounds are dropped.
    """
    results = {name: [] for name in sides}
    for number in range(warm_up + rounds):
        for name, work in sides.items():
            result = work(number)
            if number >= warm_up:
                results[name].append(result)
    return results


def seconds(work):
    """Return a function like `work` that returns how many seconds a call took."""
    def timed(*arguments):
        start = time.perf_counter()
        work(*arguments)
        return time.perf_counter() - start
    return timed


class Table:
    """A Markdown table, printed row by row; each row is also appended to the file `path`, if any, as a line of JSON."""

    def __init__(self, names, path=None):
        self.names, self.path = names, path
        self.print(names)
        self.print(['---'] * len(names))

    def add(self, *cells):
        self.print(cells)
        if self.path:
            with open(self.path, 'a', encoding='utf-8') as file:
                print(json.dumps(dict(zip(self.names, cells))), file=file)

    @staticmethod
    def print(cells):
        print('| ' + ' | '.join(map(str, cells)) + ' |', flush=True)
