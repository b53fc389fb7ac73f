"""Tasks that must live as long as their process. One that ends by itself ends the process, so that it is restarted.

Otherwise a service whose server, resolver or registrar has ended would answer `/healthz` and serve no request.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

DIED = 1  # the exit code of a process that lost a task
_LOG = logging.getLogger("mallgen.service")
_dead: dict[str, str] = {}
_tell: Callable[[], object] | None = None


def take(tell: Callable[[], object] | None) -> None:
    """Call `tell` as soon as a task has ended; forget those that ended before."""
    global _tell
    _dead.clear()
    _tell = tell


def states() -> dict[str, str]:
    """Return the tasks that have ended, with the reason of each, for readiness."""
    return dict(_dead)


def lost() -> bool:
    """Return whether a task has ended that should not have."""
    return bool(_dead)


def keep(work: Coroutine[Any, Any, object], name: str) -> "asyncio.Task[Any]":
    """Start a task that must not end before it is cancelled."""
    return watched(asyncio.get_running_loop().create_task(work, name=name))


def watched(task: "asyncio.Task[Any]") -> "asyncio.Task[Any]":
    """Watch a task; cancelling it is the way to end it on purpose."""
    task.add_done_callback(_ended)
    return task


def release(task: "asyncio.Task[Any]") -> None:
    """Watch a task no longer: it may end by itself."""
    task.remove_done_callback(_ended)


def died(name: str, problem: BaseException | None) -> None:
    """Record and log that a task has ended."""
    reason = "without an error" if problem is None else f"{type(problem).__name__}: {problem}"
    _LOG.critical("%s has ended and must not: %s", name, reason, exc_info=problem)
    _dead[name] = "ended, see the log"
    if _tell is not None:
        _tell()


def _ended(task: "asyncio.Task[Any]") -> None:
    if task.cancelled():
        if task.cancelling():
            return
        died(task.get_name(), asyncio.CancelledError("cancelled by nobody who owns it"))
    else:
        died(task.get_name(), task.exception())
