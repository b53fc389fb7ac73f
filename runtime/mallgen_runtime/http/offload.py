"""Runs the reading of long texts in a thread, so that the event loop answers other requests meanwhile."""

import asyncio
import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
LARGE = 1 << 15  # bytes: the worst that is shorter takes 40 ms, a thread 0.1 ms
_reader: ThreadPoolExecutor | None = None


async def offload(size: int, work: Callable[..., T], *args: Any) -> T:
    """Run `work(*args)` on a text of `size` bytes; a long one waits for its turn in the one thread for them."""
    global _reader
    if size <= LARGE:
        return work(*args)
    if _reader is None:
        _reader = ThreadPoolExecutor(1, "mallgen-reader")
    return await asyncio.get_running_loop().run_in_executor(_reader, _without_collector, work, *args)


def _without_collector(work: Callable[..., T], *args: Any) -> T:
    """Run without the garbage collector: a full collection would stop the loop for longer than the reading does."""
    on = gc.isenabled()
    gc.disable()
    try:
        return work(*args)
    finally:
        if on:
            gc.enable()
