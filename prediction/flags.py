"""The flags that name trained streams, alike in all commands that use them."""
from runtime.errors import UserError

YAML = '.yaml', '.yml'


def add_streams(add, required=False):
    """Add the flags that name streams by `add`, the add_argument of a parser."""
    add('--config', nargs='+', required=required, help='config of each stream; several streams are fused')
    add('--weights', nargs='+', help='weights of each stream (default: those in the configs)')
    add('--stream-weights', nargs='+', metavar='FACTOR',
        help='factor of the scores of each stream in their sum (default: 1), as in ensemble.py')


def separate_files(arg):
    """Move the files that follow the lists of add_streams' flags, as in `--config C --weights W FILE`, to arg.files.

    Configs end in .yaml or .yml, and there are as many weights and factors. Factors become numbers. Raises UserError if
    files are given and the command takes none.
    """
    files = []
    if arg.config:
        number = sum(path.endswith(YAML) for path in arg.config)
        for key in ('config', 'weights', 'stream_weights'):
            values = getattr(arg, key) or []
            setattr(arg, key, values[:number] or None)
            files += values[number:]
        if not arg.config or not all(path.endswith(YAML) for path in arg.config):
            raise UserError(f'--config {" ".join(arg.config or files)}: a YAML file for each stream is needed')
    try:
        arg.stream_weights = arg.stream_weights and [float(factor) for factor in arg.stream_weights]
    except ValueError:
        factors = ' '.join(arg.stream_weights)
        raise UserError(f'--stream-weights {factors}: a number for each stream is needed') from None
    if files and not hasattr(arg, 'files'):
        raise UserError(f'{files[0]}: more files than streams')
    arg.files = files + getattr(arg, 'files', [])
