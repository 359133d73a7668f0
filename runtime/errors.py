"""The user's errors: one exception for all of them, and the one place that turns it into a line and a status."""
import errno
import os
import reprlib
import signal
import sys
import traceback

WRONG_INPUT = 2
MAX_LINE = 480  # characters
ADVICE = 180  # of them, at the end of a line that is cut
PLUG_INS = {}  # source file of a model, feeder or graph of another author → the config's key and value that name it


class UserError(Exception):
    """An error that the user can correct, as one line of text: what is wrong, in which file, key or sample, what to do.

    `status` is the exit status that the command ends with.
    """

    def __init__(self, text, status=WRONG_INPUT):
        super().__init__(one_line(text))
        self.status = status


def run_command(command):
    """Run `command()` and end the process with the status it returns (None is 0).

    A UserError, a file that cannot be read or written, and memory that runs out end in one line on standard error
    and status 2; an interrupt ends with 130, as a shell expects. Anything else is a defect and keeps its traceback;
    if it is from a plug-in, a line before it says so.
    """
    try:
        status = command()
    except UserError as error:
        # Under torchrun, every process of a machine meets the same error: one line is enough.
        status = print_error(error, error.status) if os.environ.get('LOCAL_RANK', '0') == '0' else error.status
    except KeyboardInterrupt:
        status = print_error('interrupted', 128 + signal.SIGINT)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output is gone; flushing at exit would fail again
        status = 128 + signal.SIGPIPE
    except Exception as error:
        plug_in = plug_in_of(error)
        if is_out_of_memory(error):
            status = print_error('out of memory: use smaller batches or fewer processes')
        elif isinstance(error, OSError) and plug_in is None:
            status = print_error(describe_os_error(error))
        else:
            if plug_in is not None:
                print_error(plug_in)
            raise
    sys.exit(status)


def print_error(text, status=WRONG_INPUT):
    """Write `text` as one line to standard error and return `status`."""
    print(f'error: {one_line(text)}', file=sys.stderr, flush=True)
    return status


def plug_in_of(error):
    """Return the line that says which plug-in raised `error`, None if none did.

    It is the last one in the traceback. That of a DataLoader's worker process is part of the error's text.
    """
    text = ''.join(traceback.format_exception(error))
    *_, (at, source) = sorted([(-1, ''), *((text.rfind(f'"{source}"'), source) for source in PLUG_INS)])
    return f'{source}: this plug-in ({PLUG_INS[source]}) raised the following exception' if at >= 0 else None


def is_out_of_memory(error):
    """Return whether memory ran out: torch raises a RuntimeError, and this module does not import torch."""
    words = "can't allocate memory", 'out of memory'
    return isinstance(error, MemoryError) or isinstance(error, RuntimeError) and any(w in str(error) for w in words)


def one_line(text):
    """Return `text` in one line of at most MAX_LINE characters: the middle of a longer one is left out."""
    line = ' '.join(part.strip() for part in str(text).splitlines())
    if len(line) > MAX_LINE:
        line = f'{line[:MAX_LINE - ADVICE - 3]} … {line[-ADVICE:]}'
    return line


# Value → its repr, shortened, for values from users' files: a few bytes of YAML or pickle can be nested lists whose
# whole repr fills the memory.
_short = reprlib.Repr()
_short.maxlevel, _short.maxstring, _short.maxother = 2, 120, 120
_short.repr_OrderedDict = _short.repr_dict
short_repr = _short.repr


def describe_os_error(error):
    """Return the line that says what the operating system refused, of which file, and what to do."""
    where = f'{error.filename}: ' if error.filename else ''
    advice = {
        errno.ENOSPC: ': make room there and run the command again',
        errno.EDQUOT: ': make room there and run the command again',
        errno.EFBIG: ': the file would exceed the file size limit',
        errno.ENOENT: ': check the path',
        errno.EACCES: ': check the permissions of the file and its folder',
        errno.EROFS: ': choose a writable folder',
    }.get(error.errno, '')
    return f'{where}{error.strerror or error}{advice}'


def stop_requested(number, advice):
    """Return the error that ends a run which signal `number` stopped, with the status that shells expect."""
    return UserError(f'stopped by {signal.Signals(number).name}: {advice}', 128 + number)


class StopSignals:
    """Within the block, a first SIGINT or SIGTERM is only stored, in `received`; a second one has its usual effect."""

    def __init__(self):
        self.received = None

    def __enter__(self):
        self._before = {number: signal.signal(number, self._remember) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _remember(self, number, _frame):
        self.received = number
        signal.signal(number, self._before[number])
