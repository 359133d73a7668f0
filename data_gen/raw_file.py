"""Raw recordings, one a file, read whole, with errors that name the file."""
import os

from data_gen.samples import BrokenSample


def read_raw(path, parse, most_bytes):
    """Return parse(the bytes of the file at `path`). Raises BrokenSample, which names the file and what is wrong.

    A file of more than `most_bytes` is broken: no recording is so long.
    """
    try:
        with open(path, 'rb') as file:
            size = os.fstat(file.fileno()).st_size
            if size > most_bytes:
                raise BrokenSample(f'{size >> 20} MB are too much for one recording')
            return parse(file.read())
    except BrokenSample as error:
        raise BrokenSample(f'{path}: {error}') from None
    except OSError as error:
        raise BrokenSample(f'{path}: cannot be read: {error.strerror}') from None
