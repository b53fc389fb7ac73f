"""go-zero's line of statistics, once a minute: processor, memory, garbage collections."""

import asyncio
import gc
import logging
import os
import time
from pathlib import Path

from mallgen_runtime.process.logs import STATISTICS

_EVERY = 60.0
_LOG = logging.getLogger(STATISTICS)
_MEBIBYTE = 1 << 20


class Statistics:
    """Logs the line from `start` to `stop`; `Log: {Stat: false}` switches it off."""

    def __init__(self, wanted: bool, every: float = _EVERY) -> None:
        self._wanted = wanted
        self._every = every
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        if self._wanted:
            self._task = asyncio.get_running_loop().create_task(self._tell(), name="statistics")

    def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _tell(self) -> None:
        while True:
            spent, began = time.process_time(), time.monotonic()
            await asyncio.sleep(self._every)
            share = 1000 * (time.process_time() - spent) / (time.monotonic() - began)
            collected = sum(generation["collections"] for generation in gc.get_stats())
            _LOG.info("CPU: %.0fm, MEMORY: %.1fMi, NumGC=%d", share, _resident() / _MEBIBYTE, collected)


def _resident() -> int:
    """Return the bytes that the process has in memory, 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
