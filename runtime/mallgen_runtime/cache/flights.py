"""Single flight: of several that want the same at a time, one does the work."""

import asyncio
import copy
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Any, TypeVar

from mallgen_runtime.process.errors import Code, ResourceError
from mallgen_runtime.process.origin import origin, remaining

R = TypeVar("R")
_AGAIN = object()
_CLOSE = 0.005  # seconds before a deadline that an alarm may come, as clocks of event loops are coarse


class _Flight:
    def __init__(self, asked: Hashable) -> None:
        self.asked = asked
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.waiting = 0


class Flights:
    """The work that is under way, by key.

    An error goes to all that wait. When the one that works is cancelled, or its request has no time left, the next one
    takes over.
    """

    def __init__(self) -> None:
        self._going: dict[str, _Flight] = {}

    async def run(self, key: str, asked: Hashable, work: Callable[[], Awaitable[R]], *, copies: bool = False) -> R:
        """Return what `work` finds, be it ours or that of another with the same key that asks for the same.

        `copies`: what several get can be changed by them, and so each gets its own.
        """
        while (going := self._going.get(key)) is not None:
            if going.asked != asked:
                return await work()
            going.waiting += 1
            answer = await asyncio.shield(going.answer)
            if answer is not _AGAIN:
                found: R = copy.deepcopy(answer) if copies else answer
                return found
        mine = _Flight(asked)
        self._going[key] = mine
        try:
            result = await work()
        except BaseException as problem:
            if isinstance(problem, Exception) and not _is_own(problem):
                mine.answer.set_exception(problem)
                mine.answer.exception()  # nobody may have waited
            else:
                mine.answer.set_result(_AGAIN)
            raise
        else:
            mine.answer.set_result(copy.deepcopy(result) if copies and mine.waiting else result)
            return result
        finally:
            if self._going.get(key) is mine:
                del self._going[key]

    def forget(self, keys: Iterable[str]) -> None:
        """Let nobody who comes later wait for what is under way: a write has made it old."""
        for key in keys:
            self._going.pop(key, None)

    def clear(self) -> None:
        """Let nobody who comes later wait for anything that is under way."""
        self._going.clear()


def _is_own(problem: Exception) -> bool:
    """Return whether the deadline of the request that works may be the reason, which those that wait need not have."""
    if origin.get().deadline is None:
        return False
    is_timeout = isinstance(problem, ResourceError) and problem.status is Code.DEADLINE_EXCEEDED
    return is_timeout or (remaining(None) or 0.0) < _CLOSE
