"""Raw files, opened as data, with errors that name the file."""
import contextlib
import json
import pathlib

import numpy as np

from data_gen.formats.sample import BrokenSample

MAX_COORDINATE = 1e6  # in any unit


@contextlib.contextmanager
def reading(path):
    """Within this block a BrokenSample, and an error of the operating system, names the file at `path`."""
    try:
        yield
    except BrokenSample as error:
        raise BrokenSample(f'{path}: {error}') from None
    except OSError as error:
        raise BrokenSample(f'{path}: cannot be read: {error.strerror or error}') from None


def load_json(path):
    """Return the content of the JSON file at `path`; NaN and Infinity, which JSON does not have, are texts."""
    content = pathlib.Path(path).read_bytes()
    if not content.strip():
        raise BrokenSample('an empty file')
    try:
        return json.loads(content, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise BrokenSample(f'not valid JSON: {error}') from None


def look_up(mapping, key, kind, where):
    """Return mapping[key]; BrokenSample unless `mapping` is a dict that has the key, with a value of type `kind`."""
    if not isinstance(mapping, dict) or key not in mapping:
        raise BrokenSample(f'{where}: no {key}')
    if type(mapping[key]) is not kind:
        raise BrokenSample(f'{where}: {key} is {json.dumps(mapping[key])[:20]}')
    return mapping[key]


def numbers(lists, what):
    """Return nested lists of numbers as a float64 array; BrokenSample, which names `what`, if they are none."""
    try:
        array = np.array(lists, np.float64)
    except (ValueError, TypeError, OverflowError):
        raise BrokenSample(f'{what} are not lists of numbers, all of one length') from None
    check_size(array, f'{what} have a value of')
    return array


def load_array(path):
    """Return the array of numbers in the `.npy` file at `path`, mapped."""
    try:
        array = np.load(path, mmap_mode='r', allow_pickle=False)
    except OSError:
        raise
    except Exception as error:  # a damaged header can raise any of a dozen exceptions
        if str(path).endswith('.skeleton.npy'):
            raise BrokenSample("a pickled dict of NTU's txt2npy.py, which is not read: give the .skeleton file"
                               ) from None
        raise BrokenSample(f'not a whole .npy file of numbers ({error})') from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in 'fiu':
        raise BrokenSample('not an array of numbers')
    return array


def check_size(values, what='a value of'):
    """Raise BrokenSample, saying `what` it is, if a value is not finite, or so large that it is no coordinate."""
    near = np.abs(values) < MAX_COORDINATE
    if not near.all():
        raise BrokenSample(f'{what} {values[~near][0]}')
