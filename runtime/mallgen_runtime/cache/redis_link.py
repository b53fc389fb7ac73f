"""Commands to one Redis on connections of redis-py, without what its client does around each command.

A GET costs half as much this way: an idle connection is taken from a list, one timer looks after all commands, and
nothing is measured, or tried again but on a connection that turns out to be old.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import ReadOnlyError, ResponseError
from redis.exceptions import TimeoutError as TimedOut

from mallgen_runtime.cache.noting import is_noted, noted

_STALL = 0.02  # seconds by which a timer is late when the loop had no time for it


class RedisLink:
    """Sends commands, at most `most` at a time, each for `timeout` seconds. A client's pool makes the connections."""

    def __init__(self, client: Any, most: int, timeout: float) -> None:
        self._client = client
        self._turns = asyncio.Semaphore(most)
        self._idle: list[Any] = []
        self._watch = _Deadlines(timeout)

    async def call(self, *words: Any) -> Any:
        """Return the answer to a command. Raises redis-py's errors."""
        work = self._in_time(words)
        return await (noted(str(words[0]), work) if is_noted() else work)

    async def _in_time(self, words: tuple[Any, ...]) -> Any:
        watched = self._watch.begin()
        try:
            async with self._turns:
                found = await self._call(words)
        except asyncio.CancelledError:
            if watched.is_late and watched.was_only_late():
                raise TimedOut("no answer in time") from None
            raise
        finally:
            watched.is_done = True
        if watched.task.cancelling() > watched.before:  # redis-py swallows a cancellation while it connects
            if watched.is_late and watched.was_only_late():
                return found
            raise asyncio.CancelledError
        return found

    async def scan(self, pattern: str, count: int) -> AsyncIterator[list[bytes]]:
        """Yield keys by and by. Raises redis-py's errors."""
        cursor, keys = await self.call("SCAN", 0, "MATCH", pattern, "COUNT", count)
        yield keys
        while cursor != b"0":
            cursor, keys = await self.call("SCAN", cursor, "MATCH", pattern, "COUNT", count)
            yield keys

    async def close(self) -> None:
        """Close the connections."""
        self._watch.close()
        while self._idle:
            await self._idle.pop().disconnect(nowait=True)
        await self._client.aclose()

    async def _call(self, words: tuple[Any, ...]) -> Any:
        is_old = bool(self._idle)
        connection = self._idle.pop() if is_old else await self._client.connection_pool.get_connection()
        try:
            try:
                return await _answer(connection, words)
            except LostConnection:
                if not is_old:
                    raise
                await connection.disconnect(nowait=True)
                return await _answer(connection, words)
        except BaseException as problem:
            if not isinstance(problem, ResponseError) or isinstance(problem, ReadOnlyError):
                with contextlib.suppress(Exception):  # it may have half an answer; it connects anew when it is used
                    await connection.disconnect(nowait=True)
            raise
        finally:
            self._idle.append(connection)


async def _answer(connection: Any, words: tuple[Any, ...]) -> Any:
    if not connection.is_connected:
        await connection.connect()  # sentinels are asked here which master there is
    await connection.send_command(*words)
    return await connection.read_response()


class _TimedCommand:
    """A command that must end by a time."""

    __slots__ = ("before", "end", "is_done", "is_late", "task")

    def __init__(self, task: "asyncio.Task[Any]", end: float) -> None:
        self.task = task
        self.end = end
        self.before = task.cancelling()
        self.is_done = self.is_late = False

    def was_only_late(self) -> bool:
        """Take the cancellation of a late command back; return False when somebody else cancelled the task too."""
        return self.task.uncancel() <= self.before


class _Deadlines:
    """Cancels the commands that take too long, by one timer: all have the same time, and so end in their order."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._begun: deque[_TimedCommand] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> _TimedCommand:
        """Watch the command that the current task begins."""
        task = asyncio.current_task()
        assert task is not None, "Redis is asked by tasks"
        loop = task.get_loop()
        made = _TimedCommand(task, loop.time() + self._seconds)
        self._begun.append(made)
        if self._timer is None:
            self._timer = loop.call_at(made.end, self._look)
        return made

    def close(self) -> None:
        """Watch nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._begun.clear()

    def _look(self) -> None:
        loop, begun, timer = asyncio.get_running_loop(), self._begun, self._timer
        now = loop.time()
        if timer is not None and now - timer.when() > _STALL:
            # this process was busy: answers may have arrived that nobody has looked at
            self._timer = loop.call_later(_STALL, self._look)
            return
        while begun and (begun[0].is_done or begun[0].end <= now):
            watched = begun.popleft()
            if not watched.is_done:
                watched.is_late = True
                watched.task.cancel()
        self._timer = loop.call_at(begun[0].end, self._look) if begun else None
