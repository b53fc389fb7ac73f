"""Pauses of a test's own process, which bounds on times leave out: a machine that ran something else is no defect."""

import threading
import time
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
