"""Figures of the process that prometheus-client does not have: the event loop's lag and the collector's pauses."""

import asyncio
import gc
import time
from collections.abc import Iterator
from typing import Any

from mallgen_runtime.process import metrics

_EVERY = 0.25
_BUCKETS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)


class Vitals:
    """Measures the process from `start` to `stop`; does nothing while metrics are off."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._end_showing = metrics.end_nothing
        self._began = 0.0
        # plain numbers: a collection may begin while prometheus-client holds the lock of one of its own
        self._paused = [0.0, 0.0, 0.0]

    def start(self) -> None:
        """Begin to measure."""
        if not metrics.is_on():
            return
        self._end_showing = metrics.shown(self._readings)
        gc.callbacks.append(self._collected)
        self._task = asyncio.get_running_loop().create_task(self._watch(), name="event loop lag")

    def stop(self) -> None:
        """End measuring."""
        if self._task is not None:
            self._task.cancel()
            gc.callbacks.remove(self._collected)
            self._end_showing()
            self._task = None

    async def _watch(self) -> None:
        observe = metrics.timer("event_loop_lag_ms", "lateness of the event loop's timers(ms).", _BUCKETS, ())
        while True:
            due = time.perf_counter() + _EVERY
            await asyncio.sleep(_EVERY)
            observe(max(0.0, time.perf_counter() - due))

    def _collected(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "start":
            self._began = time.perf_counter()
        elif self._began:
            self._paused[info["generation"]] += time.perf_counter() - self._began

    def _readings(self) -> Iterator[metrics.Reading]:
        text = "seconds that the garbage collector has stopped the process."
        for generation, seconds in enumerate(self._paused):
            yield metrics.Reading("gc_pause_seconds_total", text, (("generation", str(generation)),), seconds)
