"""Tables in text files: a line of column names, then a row a line, the values parted by commas."""
import csv
from typing import NamedTuple

from data_gen.formats.raw_file import reading
from data_gen.formats.sample import BrokenSample


class Table(NamedTuple):
    """`columns`: name → its place in each of the `rows`, lists of texts; `lines`: the line that each row ends on."""

    columns: dict
    rows: list
    lines: list

    def column(self, name):
        """Return the texts of one column."""
        place = self.columns[name]
        return [row[place] for row in self.rows]


def read_table(path, needed):
    """Return the Table in the file at `path`; BrokenSample, naming the file, unless it has the columns in `needed`."""
    with reading(path):
        rows, lines = [], []
        try:
            with open(path, encoding='utf-8-sig', newline='') as file:  # spreadsheets begin a file with a mark
                reader = csv.reader(file)
                for row in filter(None, reader):
                    rows.append([value.strip() for value in row])
                    lines.append(reader.line_num)
        except (UnicodeDecodeError, csv.Error) as error:
            raise BrokenSample(f'not a text of rows and commas ({error})') from None
        if not rows:
            raise BrokenSample('an empty file')
        if any('\0' in value for row in rows for value in row):
            raise BrokenSample('not a text of rows and commas (there is a zero byte in it)')
        header, *rows = rows
        for name in needed:
            if name not in header:
                raise BrokenSample(f"no column '{name}' in its first line, which is {shortened(','.join(header))}")
        for name in header:
            if name and header.count(name) > 1:
                raise BrokenSample(f"column '{name}' is there twice")
        for row, line in zip(rows, lines[1:]):
            if len(row) != len(header):
                raise BrokenSample(f'line {line} has {len(row)} values, and the first line {len(header)}')
        return Table({name: place for place, name in enumerate(header)}, rows, lines[1:])


def shortened(text, longest=60):
    """Return a text of a file, fit for a line."""
    return text if len(text) <= longest else text[:longest] + '…'
