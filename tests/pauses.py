"""Pauses of a test's own process, which bounds on times leave out: a machine that ran something else is no defect."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType

_STEP = 0.005


class Pauses:
    """Measures in a thread how long this process did not run; `longest` is the longest pause, in seconds.

    A coroutine that blocks the event loop is no pause: the thread runs beside it.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._measure, name="pauses", daemon=True)

    def __enter__(self) -> "Pauses":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, _: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def _measure(self) -> None:
        before = time.monotonic()
        while not self._ended.wait(_STEP):
            now = time.monotonic()
            self.longest = max(self.longest, now - before - _STEP)
            before = now


async def standing_still(seconds: float, meanwhile: Callable[[], object]) -> None:
    """Hold the loop where it reads, as a pause of the machine often does."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()

    def hold() -> None:
        loop.remove_reader(here)
        meanwhile()
        time.sleep(seconds)
        over.set_result(None)

    here, there = socket.socketpair()
    with here, there:
        loop.add_reader(here, hold)
        there.send(b"x")
        await over
