"""Blocking code beside the event loop: a bounded pool of threads, in which a request's context goes on."""

import asyncio
import contextvars
import functools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import ClassVar, ParamSpec, TypeVar

from mallgen_runtime.process.errors import Code, ResourceError

P = ParamSpec("P")
T = TypeVar("T")
THREADS, WAITING = 32, 8  # as many calls may wait for each thread
_LOG = logging.getLogger("mallgen.service")
_given_up: contextvars.ContextVar[threading.Event | None] = contextvars.ContextVar("mallgen_given_up", default=None)


class ThreadsBusy(ResourceError):
    """All threads work, and so many calls wait for one that another would wait too long."""

    status: ClassVar[Code] = Code.UNAVAILABLE


class ThreadPool:
    """At most `size` threads; a call that would wait behind eight for each thread is refused."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._executor = ThreadPoolExecutor(size, "mallgen-thread")
        self._calls = 0
        self._lock = threading.Lock()

    async def run(self, work: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
        """Run a function in a thread, with the context variables of the caller. Raises ThreadsBusy.

        A caller that is cancelled goes on at once: a function that has not begun never does, one that has begun runs
        to its end, unless it looks at `is_given_up`; the log tells how much longer it took.
        """
        if self._calls >= self._size * (1 + WAITING):
            raise ThreadsBusy(f"{self._size} threads are at work, and {WAITING} calls wait for each")
        left = threading.Event()
        context = contextvars.copy_context()
        context.run(_given_up.set, left)
        waiting: list[Callable[[], T]] = [functools.partial(work, *args, **named)]
        call: Future[T] = self._executor.submit(functools.partial(context.run, _begun, waiting))
        with self._lock:
            self._calls += 1
        call.add_done_callback(self._ended)
        try:
            # not cancelled itself: the executor would keep it in its queue, where nobody counts it any longer
            return await asyncio.shield(asyncio.wrap_future(call))
        except asyncio.CancelledError:
            left.set()
            if not _taken(waiting):
                call.add_done_callback(functools.partial(_tell, _name_of(work), time.monotonic()))
            raise

    def _ended(self, call: object) -> None:
        with self._lock:
            self._calls -= 1


def _taken(waiting: list[Callable[[], T]]) -> list[Callable[[], T]]:
    """Return what waits, once: either to the thread that begins it, or to the caller who gives it up."""
    try:
        return [waiting.pop()]
    except IndexError:
        return []


def _begun(waiting: list[Callable[[], T]]) -> T:
    """Run what waits. Raises CancelledError when it was given up."""
    for work in _taken(waiting):
        return work()
    raise CancelledError


def _name_of(work: object) -> str:
    return str(getattr(work, "__qualname__", type(work).__name__))


def _tell(name: str, since: float, call: object) -> None:
    _LOG.warning("%s ran for %.1f s longer than the request that it worked for", name, time.monotonic() - since)


def is_given_up() -> bool:
    """Return whether nobody waits any longer for the function that this thread runs."""
    left = _given_up.get()
    return left is not None and left.is_set()


class _Shared:
    """The pool of this process, made when the first function runs in it."""

    size = THREADS
    pool: ThreadPool | None = None


def set_size(size: int) -> None:
    """Set how many threads the process uses; those of a pool that is in use finish what they do."""
    if size != _Shared.size:
        _Shared.size, _Shared.pool = size, None


async def in_thread(work: Callable[P, T], /, *args: P.args, **named: P.kwargs) -> T:
    """Run blocking code in the process' pool; see `ThreadPool.run`."""
    if _Shared.pool is None:
        _Shared.pool = ThreadPool(_Shared.size)
    return await _Shared.pool.run(work, *args, **named)
