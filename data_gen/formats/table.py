"""Tables in text files: a line of column names, then one row per line, the values separated by commas."""
import csv
from typing import NamedTuple

from data_gen.formats.raw_file import reading
from data_gen.formats.sample import BrokenSample


class Table(NamedTuple):
    """`columns`: name → the texts of that column; `lines`: the line of the file on which each row ends."""

    columns: dict
    lines: list


def read_table(path, needed):
    """Return the Table in the file at `path`, of at least one row.

    Raises BrokenSample, which names the file, if it is no such table or lacks one of the columns in `needed`.
    """
    with reading(path):
        try:
            with open(path, encoding='utf-8-sig', newline='') as file:  # spreadsheets begin a file with a mark
                reader = csv.reader(file)
                rows = [([value.strip() for value in row], reader.line_num) for row in reader if row]
        except (UnicodeDecodeError, csv.Error) as error:
            raise BrokenSample(f'not a text of rows and commas ({error})') from None
        if len(rows) < 2:
            raise BrokenSample('no line after the first' if rows else 'an empty file')
        (header, _), *rows = rows
        for name in needed:
            if header.count(name) != 1:
                raise BrokenSample(f"{'no column' if name not in header else 'several columns'} '{name}' in its first "
                                   f"line, which is {','.join(header)[:60]}")
        for row, line in rows:
            if len(row) != len(header):
                raise BrokenSample(f'line {line} has {len(row)} values, and the first line {len(header)}')
        texts, lines = zip(*rows)
        return Table(dict(zip(header, zip(*texts))), lines)
