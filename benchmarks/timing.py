"""Times and tables of the benchmarks."""
import json
import time

import torch


def seconds(work, *arguments):
    """Return how many seconds work(*arguments) takes, with all that it starts on a GPU."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    start = time.perf_counter()
    work(*arguments)
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return time.perf_counter() - start


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
