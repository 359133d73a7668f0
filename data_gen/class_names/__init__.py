"""The names of classes. Source of ntu120.txt, of which the first 60 are NTU RGB+D's: github.com/shahroudy/NTURGB-D."""
import json
import pathlib

from runtime.errors import UserError

NTU = pathlib.Path(__file__).with_name('ntu120.txt')
NTU_CLASSES = (60, 120)
FILE = 'class_names.txt'
NAMES_HELP = ('file with the name of a class a line, or label file of Kinetics; without it, the class_names.txt beside '
              'the data, if there is one')
KINETICS = './data/kinetics-skeleton/kinetics_val_label.json'
KINETICS_CLASSES = 400


def class_names(num_class, path=None):
    """Return the list of the names of `num_class` classes, from the file at `path` if one is given.

    The file has a name a line, or is Kinetics' own kinetics_{train,val}_label.json. Without one, 60 and 120 classes are
    NTU's, 400 those of Kinetics' label file where it lies under ./data, and others are called "class 0" and so on.
    """
    if path is None:
        if num_class in NTU_CLASSES:
            return read_lines(NTU)[:num_class]
        if num_class != KINETICS_CLASSES or not pathlib.Path(KINETICS).is_file():
            return list(map(unnamed, range(num_class)))
        path = KINETICS
    names = read_kinetics(path) if str(path).endswith('.json') else read_lines(path)
    if len(names) != num_class:
        raise UserError(f'{path}: it names {len(names)} classes, and there are {num_class}')
    return names


def class_names_file(path):
    """Return the path of the `class_names.txt` in the folder of the data or label file at `path`, None if none is."""
    names = path and pathlib.Path(path).with_name(FILE)
    return names if names and names.is_file() else None


def unnamed(label):
    """Return what a class is called whose name is not known."""
    return f'class {label}'


def read_lines(path):
    try:
        lines = pathlib.Path(path).read_text(encoding='utf-8-sig').splitlines()
    except UnicodeDecodeError:
        raise UserError(f'{path}: not a text file: it should name a class a line') from None
    return [line.strip() for line in lines if line.strip()]


def read_kinetics(path):
    """Return the names in Kinetics' label file: ID → {"label": name, "label_index": number, …}."""
    try:
        entries = json.loads(pathlib.Path(path).read_text(encoding='utf-8-sig')).values()
        names = {entry['label_index']: entry['label'] for entry in entries}
        return [str(names[label]) for label in range(len(names))]
    except (ValueError, AttributeError, TypeError, KeyError):
        raise UserError(f'{path}: not a label file of Kinetics, in which each clip has a label and a label_index from '
                        '0 on') from None
