"""Who a sample is of, and which camera filmed it, as the names of two data sets and a table beside the data say.

Other names are not guessed from: a frame rate, as in anna_1080p30_wave, looks like a person.
"""
import csv
import pathlib
import re

TABLE = 'labels.csv'  # beside the data, with the columns file and person, as custom_gendata.py takes it
NAMES = (re.compile(r'(?<![A-Za-z\d])S\d{3}(?P<camera>C\d{3})(?P<person>P\d{3})R\d{3}A\d{3}(?!\d)'),  # NTU RGB+D
         re.compile(r'(?<![A-Za-z\d])a\d\d_(?P<person>s\d\d)_e\d\d(?P<camera>_v\d\d)(?!\d)'))  # NW-UCLA


def found_in(name):
    """Return the match of a sample's `name` by one of NAMES, with the groups camera and person; None for other names.
    """
    return next((match for pattern in NAMES if (match := pattern.search(name))), None)


def persons_of(names, folder=None):
    """Return the person of each of `names`, a list: from TABLE in `folder`, else from NAMES, else None."""
    table = persons_in_table(folder) if folder else {}
    return [table.get(name) or (match := found_in(name)) and match['person'] for name in names]


def cameras_of(names):
    """Return the camera of each of `names`, a list: from NAMES, else None."""
    return [(match := found_in(name)) and match['camera'].strip('_') for name in names]


def persons_in_table(folder):
    """Return sample name → person from TABLE in `folder`; empty if there is no such table or it has no such columns."""
    path = pathlib.Path(folder, TABLE)
    if not path.is_file():
        return {}
    with open(path, encoding='utf-8-sig', errors='replace', newline='') as file:
        return {pathlib.PurePath(row['file'].strip()).as_posix(): row['person'].strip()
                for row in csv.DictReader(file) if row.get('file') and row.get('person')}
