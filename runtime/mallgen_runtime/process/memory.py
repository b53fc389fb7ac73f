"""Memory that Python has freed goes back to the system: glibc keeps it for the process, 90 MiB after a flood of 280."""

import ctypes
import functools
from collections.abc import Callable


def give_back() -> None:
    """Give back what is free; nothing happens where the C library has no way to."""
    _trim()(0)


@functools.cache
def _trim() -> Callable[[int], object]:
    try:
        found: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):  # not glibc, or no C library at all
        return lambda pad: None
    return found
