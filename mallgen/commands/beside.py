"""Half of a long list of small judgements in a second process, where there is a second processor."""

import os
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
LEAST = 200  # items whose judging takes about as long as a process is made in


def beside(items: Sequence[Item], judge: Callable[[Item], int]) -> Callable[[], bytes]:
    """Begin to judge all items; what is returned waits for the bytes, one for each item.

    There are none when nothing was begun or something went wrong: whoever asks judges them again, and sees the mistake
    itself. What `judge` changes is lost with the process.
    """
    if len(items) < LEAST or _processors() < 2 or threading.active_count() > 1:  # a fork has no threads but one
        return bytes
    end, start = os.pipe()
    try:
        child = os.fork()
    except OSError:  # no process is to be had: it goes on alone
        os.close(end)
        os.close(start)
        return bytes
    if not child:
        _judge(items, judge, start)
    os.close(start)

    def finished() -> bytes:
        with os.fdopen(end, "rb") as pipe:
            found = pipe.read()
        os.waitpid(child, 0)
        return found if len(found) == len(items) else b""

    return finished


def _judge(items: Sequence[Item], judge: Callable[[Item], int], start: int) -> None:
    """The second process: it writes once or not at all, and leaves the first one's streams and locks alone."""
    try:
        with os.fdopen(start, "wb") as pipe:
            pipe.write(bytes(map(judge, items)))
    finally:
        os._exit(0)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
