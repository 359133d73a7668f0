"""NTU RGB+D's benchmarks: who and what is trained on.

Sources: Shahroudy et al., CVPR 2016, section 4 (NTU-60: xsub, xview); Liu et al., TPAMI 2020, section 4.2 (NTU-120:
xsub120, xset120).
"""
import collections
import re

from runtime.errors import UserError

SUFFIX = '.skeleton'
NAME = re.compile(r'S(\d{3})C(\d{3})P(\d{3})R(\d{3})A(\d{3})')

SUBJECTS_60 = frozenset((1, 2, 4, 5, 8, 9, 13, 14, 15, 16, 17, 18, 19, 25, 27, 28, 31, 34, 35, 38))
SUBJECTS_120 = SUBJECTS_60 | frozenset((
    45, 46, 47, 49, 50, 52, 53, 54, 55, 56, 57, 58, 59, 70, 74, 78, 80, 81, 82, 83, 84, 85, 86, 89, 91, 92, 93, 94, 95,
    97, 98, 100, 103))
CAMERAS_60 = frozenset((2, 3))


RecordingName = collections.namedtuple('RecordingName', 'setup camera person repetition action')  # all from 1

BENCHMARKS = {  # name: (the folder that its files go to, which recordings it trains on)
    'xsub': ('xsub', lambda name: name.person in SUBJECTS_60),
    'xview': ('xview', lambda name: name.camera in CAMERAS_60),
    'xsub120': ('xsub', lambda name: name.person in SUBJECTS_120),
    'xset120': ('xset', lambda name: name.setup % 2 == 0),
}


def recording_name(name):
    """Return the RecordingName that `name` (SsssCcccPpppRrrrAaaa, without suffix) encodes, None for other names."""
    match = NAME.fullmatch(name)
    return RecordingName(*map(int, match.groups())) if match else None


def part_of(benchmark, name):
    """Return the part, 'xsub/train' and so on, that a benchmark puts the recording of a RecordingName into."""
    folder, trains_on = BENCHMARKS[benchmark]
    return f'{folder}/{"train" if trains_on(name) else "val"}'


def parts_of(benchmarks):
    """Return the parts of the benchmarks of these names; UserError if two of them share a folder."""
    folders = [BENCHMARKS[benchmark][0] for benchmark in benchmarks]
    if len({*folders}) < len(folders):
        raise UserError(f'--benchmark: two of {", ".join(benchmarks)} have the same folder: make them one by one, each '
                        'with an --out_folder of its own')
    return [f'{folder}/{part}' for folder in folders for part in ('train', 'val')]


def read_missing(path):
    """Return the names in the data set's list of samples with missing skeletons; says so if the file is not there.

    The list, as its owners publish it, has a few heading lines; only lines that are a sample's name count.
    """
    try:
        text = path.read_text(encoding='utf-8-sig', errors='replace')
    except FileNotFoundError:
        print(f'{path}: not there, so no sample is left out for it: the list of samples with missing skeletons is '
              'found at https://github.com/shahroudy/NTURGB-D')
        return frozenset()
    names = (line.strip().removesuffix(SUFFIX) for line in text.splitlines())
    return frozenset(name for name in names if NAME.fullmatch(name))
