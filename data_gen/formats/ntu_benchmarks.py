"""NTU RGB+D's benchmarks: who and what is trained on.

Sources: Shahroudy et al., CVPR 2016, section 4 (NTU-60: xsub, xview); Liu et al., TPAMI 2020, section 4.2 (NTU-120:
xsub120, xset120).
"""
import re
from typing import NamedTuple

from runtime.errors import UserError

SUFFIX = '.skeleton'
NAME = re.compile(r'S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})')

SUBJECTS_60 = frozenset((1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38))
SUBJECTS_120 = SUBJECTS_60 | frozenset((
    45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80, 81, 82, 83, 84, 85, 86, 89, 91, 92, 93, 94, 95,
    97, 98, 100, 103))
CAMERAS_60 = frozenset((2, 3))


class RecordingName(NamedTuple):
    """What the name of a recording says; all numbers count from 1."""

    setup: int
    camera: int
    person: int
    repetition: int
    action: int

    @property
    def label(self):
        """The class, counted from 0."""
        return self.action - 1


class Benchmark(NamedTuple):
    """The folder that a benchmark's files go to, and which recordings it trains on."""

    folder: str
    trains_on: object

    def part(self, recording):
        """Return the part that the recording of this RecordingName goes to, 'xsub/train' and so on."""
        return f'{self.folder}/{"train" if self.trains_on(recording) else "val"}'


BENCHMARKS = {
    'xsub': Benchmark('xsub', lambda recording: recording.person in SUBJECTS_60),
    'xview': Benchmark('xview', lambda recording: recording.camera in CAMERAS_60),
    'xsub120': Benchmark('xsub', lambda recording: recording.person in SUBJECTS_120),
    'xset120': Benchmark('xset', lambda recording: recording.setup % 2 == 0),
}


def recording_name(name):
    """Return the RecordingName that `name` (SsssCcccPpppRrrrAaaa, without suffix) stands for, None for other names."""
    match = NAME.fullmatch(name)
    return RecordingName(*map(int, match.groups())) if match else None


def parts_of(benchmarks):
    """Return the parts, 'xsub/train' and so on, of the benchmarks of these names; UserError if two share a folder."""
    folders = {}
    for name in benchmarks:
        if folders.setdefault(BENCHMARKS[name].folder, name) != name:
            raise UserError(f'--benchmark: {name} and {folders[BENCHMARKS[name].folder]} have the same folder: make '
                            'them one by one, each with an --out_folder of its own')
    return [f'{folder}/{part}' for folder in folders for part in ('train', 'val')]


def read_missing(path):
    """Return the names in the data set's list of samples with missing skeletons; says so if the file is not there.

    The list, as its owners publish it, has a few heading lines; only lines that are a sample's name count.
    """
    try:
        text = path.read_text(encoding='utf-8', errors='replace')
    except FileNotFoundError:
        print(f'{path}: not there, so no sample is left out for it: the list of samples with missing skeletons is '
              'found at https://github.com/shahroudy/NTURGB-D')
        return frozenset()
    names = (line.strip().removesuffix(SUFFIX) for line in text.splitlines())
    return frozenset(name for name in names if NAME.fullmatch(name))
