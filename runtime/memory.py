"""How this process holds memory."""
import ctypes

# Parameters of glibc's mallopt (man 3 mallopt).
TRIM_THRESHOLD, MMAP_MAX = -1, -4


def keep_freed_memory():
    """Let memory that is freed be used again, instead of being given back to the system at once.

    A training step frees and takes gigabytes, and the system hands each page out anew, filled with zeros: a fifth of
    the step's time. In return the process holds the most it ever needed until it ends. Only where the C library is
    glibc; elsewhere nothing changes. For commands: a program that uses the project's classes keeps its own ways.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(MMAP_MAX, 0)
    mallopt(TRIM_THRESHOLD, -1)
