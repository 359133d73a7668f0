"""How this process holds memory."""
import ctypes

# Parameters of glibc's mallopt (man 3 mallopt).
TRIM_THRESHOLD, MMAP_MAX = -1, -4


def keep_freed_memory():
    """Keep freed memory for the next allocation, instead of returning it to the system at once.

    A training step frees and allocates gigabytes, and the system fills every new page with zeros: a fifth of the
    step's time. In return, the process holds its peak memory until it ends. Has an effect with glibc only. Called by
    commands, not by the classes that other programs use.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(MMAP_MAX, 0)
    mallopt(TRIM_THRESHOLD, -1)
