"""The metrics and spans of commands to Redis, the metrics under go-zero's names."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from mallgen_runtime.process import metrics, spans

T = TypeVar("T")
_BUCKETS = (0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 25, 50, 100, 250, 500, 1000, 2000, 5000, 10000, 15000)
_NAME, _WHAT = "redis_client_requests", "redis client requests"
_timers: dict[str, Callable[[float], None]] = {}


def is_noted() -> bool:
    """Return whether anybody wants to know of commands."""
    return metrics.is_on() or spans.active is not None


async def noted(command: str, work: Awaitable[T]) -> T:
    """Wait for a command, and note how long it took and how it failed."""
    began, failure = time.perf_counter(), ""
    try:
        return await work
    except BaseException as problem:
        failure = type(problem).__name__
        raise
    finally:
        _note(command.lower(), time.perf_counter() - began, failure)


def _note(command: str, taken: float, failure: str) -> None:
    if metrics.is_on():
        if command not in _timers:
            _timers[command] = metrics.timer(
                f"{_NAME}_duration_ms", f"{_WHAT} duration(ms).", _BUCKETS, (("command", command),)
            )
        _timers[command](taken)
        if failure:
            metrics.counter(f"{_NAME}_error_total", f"{_WHAT} error count.", ("command", "error"), (command, failure))(
                1
            )
    if spans.active is not None:
        name = command.upper()
        spans.active.note(name, taken, failure, {"db.system.name": "redis", "db.operation.name": name})
