"""Names the request that holds the event loop: everybody else waits while it does."""

import asyncio
import logging
import os
import sys
import sysconfig
import threading
import time
from types import FrameType

_LOG = logging.getLogger("mallgen.service")
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_INSTALLED = (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_LIBRARIES = tuple({_OURS, "<frozen ", *_INSTALLED})  # frozen: what imports modules


class LoopWatch:
    """A thread that warns when a task has held the loop for longer than `limit` seconds; `is_on` from start to stop."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._beat = 0.0
        self._over = threading.Event()
        self._timer: asyncio.TimerHandle | None = None
        self.is_on = False

    def start(self) -> None:
        """Watch the running loop, which beats twice in the time that a task may hold it."""
        loop = asyncio.get_running_loop()
        self._over.clear()
        self.is_on = True
        self._tick(loop)
        watched = (loop, threading.get_ident())
        threading.Thread(target=self._watch, args=watched, name="mallgen-loop-watch", daemon=True).start()

    def stop(self) -> None:
        """Watch no longer."""
        self.is_on = False
        self._over.set()
        if self._timer is not None:
            self._timer.cancel()

    @staticmethod
    def name(title: str) -> None:
        """Name the request that the current task works for."""
        task = asyncio.current_task()
        if task is not None:
            task.set_name(title)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self._beat = time.monotonic()
        self._timer = loop.call_later(self._limit / 2, self._tick, loop)

    def _watch(self, loop: asyncio.AbstractEventLoop, thread: int) -> None:
        """Look twice in the limit; tell what was seen once the loop goes on and the time is known."""
        seen, since = "", 0.0
        while not self._over.wait(self._limit / 2):
            beat = self._beat
            if seen and beat != since:
                _LOG.warning("%s for %.0f ms; await ctx.thread(…) leaves it free", seen, (beat - since) * 1000)
                seen = ""
            if not seen and time.monotonic() - beat > self._limit * 1.5:
                seen, since = _holder(loop, thread), beat


def _holder(loop: asyncio.AbstractEventLoop, thread: int) -> str:
    """Return which task holds the loop, and the line of the innermost code that is no library's; empty: none does."""
    task = asyncio.current_task(loop)
    frame = sys._current_frames().get(thread)
    if task is None or frame is None:
        return ""
    place = _own(frame)
    return f"{task.get_name()} held the event loop at {place.f_code.co_filename}:{place.f_lineno}"


def _own(frame: FrameType) -> FrameType:
    found: FrameType | None = frame
    while found is not None:
        if not found.f_code.co_filename.startswith(_LIBRARIES):
            return found
        found = found.f_back
    return frame
