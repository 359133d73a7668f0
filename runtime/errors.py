"""The user's errors: one exception for all of them, and the one place that turns it into a line and a status."""
import errno
import os
import signal
import sys

WRONG_INPUT = 2


class UserError(Exception):
    """Something a user can mend. Its text is one line: what is wrong, in which file, key or sample, what to do.

    `status` is the exit status that the command ends with.
    """

    def __init__(self, text, status=WRONG_INPUT):
        super().__init__(one_line(text))
        self.status = status


def run_command(command):
    """Run `command()` and end the process with the status it returns (None is 0).

    A UserError, a file that cannot be read or written, and memory that runs out end in one line on standard error
    and status 2; an interrupt ends with 130, as a shell expects. Anything else is a defect of ours and keeps its
    traceback.
    """
    try:
        status = command()
    except UserError as error:
        # Under torchrun every process of a machine meets the same error: one line is enough.
        status = complain(error, error.status) if os.environ.get('LOCAL_RANK', '0') == '0' else error.status
    except KeyboardInterrupt:
        status = complain('interrupted', 128 + signal.SIGINT)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone, and would be told so a second time at exit
        status = 128 + signal.SIGPIPE
    except OSError as error:
        status = complain(describe_os_error(error))
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        status = complain('out of memory: use smaller batches or fewer processes')
    sys.exit(status)


def complain(text, status=WRONG_INPUT):
    """Write `text` as one line to standard error and return `status`."""
    print(f'error: {one_line(text)}', file=sys.stderr, flush=True)
    return status


def is_out_of_memory(error):
    """Tell whether memory ran out: torch says so in a RuntimeError, and this module does without torch."""
    said = "can't allocate memory", 'out of memory'
    return isinstance(error, MemoryError) or any(words in str(error) for words in said)


def one_line(text):
    return ' '.join(line.strip() for line in str(text).splitlines())


def describe_os_error(error):
    """Return the line that says what the operating system refused, of which file, and what to do."""
    where = f'{error.filename}: ' if error.filename else ''
    advice = {
        errno.ENOSPC: ': make room there and run the command again',
        errno.EDQUOT: ': make room there and run the command again',
        errno.EFBIG: ': the file would pass the size limit that is set here',
        errno.ENOENT: ': check the path',
        errno.EACCES: ': check the rights of the file and of its folder',
        errno.EROFS: ': choose a folder that can be written to',
    }.get(error.errno, '')
    return f'{where}{error.strerror or error}{advice}'
