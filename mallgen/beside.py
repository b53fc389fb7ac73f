"""Work in a second process, where there is a second processor: what comes back is bytes, or nothing."""

import gc
import os
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
_END = b"."  # what is cut off has none
_LEFT: list[int] = []  # processes whose end nobody waits for: to take down their memory takes long
LEAST = 200  # items whose judging takes about as long as a process is made in


def apart(work: Callable[[], bytes]) -> Callable[[], bytes]:
    """Begin a piece of work; what is returned waits for what it gives.

    That is nothing when nothing was begun or something went wrong: whoever asks does the work again, and sees the
    mistake itself. What `work` changes is lost with the process.
    """
    if _processors() < 2 or threading.active_count() > 1:  # a fork has no threads but one
        return bytes
    end, start = os.pipe()
    try:
        child = os.fork()
    except OSError:  # no process is to be had: this one goes on alone
        os.close(end)
        os.close(start)
        return bytes
    if not child:
        _work(work, start)
    os.close(start)

    def finished() -> bytes:
        with os.fdopen(end, "rb") as pipe:
            found = pipe.read()
        _LEFT.append(child)
        _LEFT[:] = [other for other in _LEFT if not _has_ended(other)]
        return found.removesuffix(_END) if found.endswith(_END) else b""

    return finished


def beside(items: Sequence[Item], judge: Callable[[Item], int]) -> Callable[[], bytes]:
    """Begin to judge all of many items; what is returned waits for the bytes, one for each item, or none."""
    return apart(lambda: bytes(map(judge, items))) if len(items) >= LEAST else bytes


def _work(work: Callable[[], bytes], start: int) -> None:
    """The second process: it leaves the first one's streams and locks alone."""
    try:
        gc.disable()  # it would copy every page of the first one's memory
        with os.fdopen(start, "wb") as pipe:
            pipe.write(work() + _END)
    finally:
        os._exit(0)


def _has_ended(child: int) -> bool:
    try:
        return os.waitpid(child, os.WNOHANG)[0] != 0
    except ChildProcessError:  # whoever started this one ignores SIGCHLD
        return True


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
