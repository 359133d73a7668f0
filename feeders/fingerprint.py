"""Which data a feeder's arguments name: which samples there are, and fingerprints of their files."""
import hashlib
import os

from runtime.data_file import INDEX, JOINTS

SAMPLES_OF = 'data_path', 'label_path', 'recordings', 'split', 'debug'  # arguments that say which samples there are
BLOCK, MAX_BLOCKS = 4096, 2 ** 14  # bytes, and how many such blocks of a file are read: at most 64 MB


def fingerprints(feeder_args):
    """Return argument → fingerprint of each argument of a feeder that is the path of a file, or of recordings."""
    paths = {name: [value] for name, value in feeder_args.items() if isinstance(value, str)}
    if 'recordings' in paths:
        paths['recordings'] = [os.path.join(feeder_args['recordings'], name) for name in (INDEX, JOINTS)]
    return {name: ' '.join(map(fingerprint, files)) for name, files in paths.items() if all(map(os.path.isfile, files))}


def fingerprint(path):
    """Return a text that follows from the size of the file at `path` and from blocks evenly spread over it.

    Files of up to 64 MB are read whole. Of the 10 GB of NTU RGB+D, a block of every third clip is read: data that
    were prepared in another way differ, but a single clip may change unseen.
    """
    size = os.path.getsize(path)
    digest = hashlib.blake2b(str(size).encode(), digest_size=16)
    with open(path, 'rb', buffering=0) as file:
        for start in range(0, size, max(BLOCK, size // MAX_BLOCKS)):
            file.seek(start)
            digest.update(file.read(BLOCK))
    return digest.hexdigest()
