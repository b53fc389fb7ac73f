"""Tasks that must live as long as their process. One that ends by itself ends the process, so that it is started anew.

A service whose server, resolver or registrar is gone answers `/healthz` and serves nobody: better no process than that.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

DIED = 1  # the exit code of a process that lost a part
_LOG = logging.getLogger("mallgen.service")
_dead: dict[str, str] = {}
_tell: Callable[[], object] | None = None


def take(tell: Callable[[], object] | None) -> None:
    """Call `tell` as soon as a part has ended; the process forgets what ended before."""
    global _tell
    _dead.clear()
    _tell = tell


def states() -> dict[str, str]:
    """The parts that have ended, with the reason of each: for readiness."""
    return dict(_dead)


def lost() -> bool:
    """Whether a part has ended that should not have."""
    return bool(_dead)


def keep(work: Coroutine[Any, Any, object], name: str) -> "asyncio.Task[Any]":
    """A task that must not end before it is cancelled."""
    return watched(asyncio.get_running_loop().create_task(work, name=name))


def watched(task: "asyncio.Task[Any]") -> "asyncio.Task[Any]":
    """Watch a task; whoever cancels it ends it on purpose."""
    task.add_done_callback(_ended)
    return task


def release(task: "asyncio.Task[Any]") -> None:
    """From here on the task may end by itself."""
    task.remove_done_callback(_ended)


def died(name: str, problem: BaseException | None) -> None:
    """Say that a part is gone."""
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
