"""The user's errors: one exception for all of them, and the one place that turns it into a line and a status."""
import os
import reprlib
import signal
import sys

MAX_LINE, MAX_ADVICE = 480, 180  # characters of a line, and of what is kept at its end


class UserError(Exception):
    """An error that the user can correct, as one line of text: what is wrong, in which file, key or sample, what to do.

    `status` is the exit status that the command ends with.
    """

    def __init__(self, text, status=2):
        super().__init__(one_line(text))
        self.status = status


def run_command(command):
    """Run `command()` and end the process with the status it returns (None is 0).

    A UserError, a file that cannot be read or written, and memory that runs out end in one line on standard error
    and status 2; an interrupt ends with 130, as a shell expects. Anything else is a defect and keeps its traceback.
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
    except OSError as error:
        status = print_error(': '.join(str(part) for part in (error.filename, error.strerror or error) if part)
                             + ': check the path, its permissions and the free space')
    except (MemoryError, RuntimeError) as error:  # torch raises RuntimeErrors, and this module does not import it
        if isinstance(error, RuntimeError) and not any(
                words in str(error) for words in ("can't allocate memory", 'out of memory')):
            raise
        status = print_error('out of memory: use smaller batches or fewer processes')
    sys.exit(status)


def print_error(text, status=2):
    """Write `text` as one line to standard error and return `status`."""
    print(f'error: {one_line(text)}', file=sys.stderr, flush=True)
    return status


def one_line(text):
    """Return `text` in one line of at most MAX_LINE characters: the middle of a longer one is left out."""
    line = ' '.join(part.strip() for part in str(text).splitlines())
    if len(line) > MAX_LINE:
        line = f'{line[:MAX_LINE - MAX_ADVICE - 3]} … {line[-MAX_ADVICE:]}'
    return line


# Value → its repr, shortened, for values from users' files: a few bytes of YAML or pickle can be nested lists whose
# whole repr fills the memory.
_short = reprlib.Repr()
_short.maxlevel, _short.maxstring, _short.maxother = 2, 120, 120
_short.repr_OrderedDict = _short.repr_dict
short_repr = _short.repr


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
