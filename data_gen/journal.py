"""What is done of a run that may be killed at any point: a file of lines, each written at once, the first its key."""
import json
import os
import pathlib


class Journal:
    """The lines of the file at `path`, each a JSON value.

    The first line holds the run's `key`, the machine's start and the names of the run's unfinished files. What the
    journal says of those files is true only while the machine runs on: power that fails takes pages with it that
    were written before the journal was, so a journal from before the last start is not believed.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.file = None

    def read(self):
        """Return the first line's value and a list of the others', ({}, []) if there is no whole first line."""
        try:
            lines = self.path.read_bytes().split(b'\n')[:-1]  # what follows the last line's end was cut off
            first, *rest = [json.loads(line) for line in lines]
            return (first, rest) if isinstance(first, dict) else ({}, [])
        except (OSError, ValueError):
            return {}, []

    def start(self, key, unfinished):
        """Begin the file anew, for the run that `key` stands for, with `unfinished` files."""
        self.remove()
        self.open()
        self.add({'key': key, 'machine_start': machine_start(), 'unfinished': [str(path) for path in unfinished]})

    def open(self):
        """Open the file to add lines; a last line that was cut off is taken away."""
        if self.path.exists():
            content = self.path.read_bytes()
            os.truncate(self.path, content.rfind(b'\n') + 1)
        self.file = open(self.path, 'ab', buffering=0)  # noqa: SIM115 - closed by remove() or with the process

    def add(self, value):
        """Add a line."""
        self.file.write(json.dumps(value).encode() + b'\n')

    def remove(self):
        """Close the file, if it is open, and delete it."""
        if self.file is not None:
            self.file.close()
            self.file = None
        self.path.unlink(missing_ok=True)


def machine_start():
    """Return what names the machine's last start, '' where the system does not tell."""
    try:
        return pathlib.Path('/proc/sys/kernel/random/boot_id').read_text(encoding='ascii').strip()
    except OSError:
        return ''
