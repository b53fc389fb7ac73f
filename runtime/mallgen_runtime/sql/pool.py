"""The connections to one address: given out, taken back, kept fresh, and never given out broken."""

import asyncio
import contextvars
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from math import inf
from time import monotonic
from typing import Any, NamedTuple

from mallgen_runtime.process.origin import MARGIN, origin
from mallgen_runtime.sql.conf import PoolLimits
from mallgen_runtime.sql.connection import DatabaseConnection
from mallgen_runtime.sql.errors import ConnectionLost, DatabaseError, DatabaseUnreachable, PoolTimeout, StatementTimeout

Connect = Callable[[], Awaitable[DatabaseConnection]]
_UNUSED = 10.0  # seconds after which a connection that nobody used is asked whether it lives
_CLOSE = 0.001  # seconds before a deadline that an alarm may come, as clocks of event loops are coarse
_LAST = 1.0  # seconds for connections in use when the pool closes
_PASSED = "the request's deadline has passed"
_LOG = logging.getLogger("mallgen.service")


class Held:
    """A connection of a pool and its times, all monotonic: when it is replaced, when it was last lent or given back,
    and when what runs on it must end. `late`: it was ended then.
    """

    __slots__ = ("connection", "deadline", "expires", "late", "since")

    def __init__(self, connection: DatabaseConnection, expires: float) -> None:
        self.connection = connection
        self.expires = expires
        self.since = monotonic()
        self.deadline = inf
        self.late = False

    def end(self) -> None:
        """Give up what runs."""
        self.late = True
        self.connection.abort()

    def in_time(self, problem: DatabaseError) -> DatabaseError:
        """Return the error of a statement: StatementTimeout where the deadline has ended the connection."""
        if self.late and isinstance(problem, ConnectionLost):
            return StatementTimeout("the request's deadline came while a statement ran")
        return problem


class _InLine(NamedTuple):
    """A task that waits for a connection, for some seconds until a monotonic time."""

    place: "asyncio.Future[Held]"
    until: float
    seconds: float


class PoolFigures:
    """Totals of a pool since its start."""

    __slots__ = ("surplus", "waited", "waits", "worn")

    def __init__(self) -> None:
        self.waits = 0  # how often a connection was waited for
        self.waited = 0.0  # seconds
        self.surplus = 0  # connections closed because too many were unused
        self.worn = 0  # connections closed because of their age


class Pool:
    """At most `limits.most` connections, made when they are needed.

    A connection is made by a task of the pool's own, so that a cancelled request never leaves one half made.
    """

    def __init__(self, connect: Connect, limits: PoolLimits, label: str) -> None:
        self._connect = connect
        self._limits = limits
        self.label = label
        self._idle: list[Held] = []
        self._used: set[Held] = set()
        self._waiting: deque[_InLine] = deque()
        self._opening = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = inf
        self.problem: DatabaseError | None = None  # of the last attempt to make a connection
        self.figures = PoolFigures()

    @property
    def size(self) -> int:
        """The number of connections, those included that are being made."""
        return len(self._idle) + len(self._used) + self._opening

    @property
    def counts(self) -> tuple[int, int]:
        """The connections that are in use, and those that are idle."""
        return len(self._used), len(self._idle)

    @property
    def most(self) -> int:
        """The greatest number of connections."""
        return self._limits.most

    @property
    def is_connected(self) -> bool:
        """Return whether there is a connection, one that is being made not counted."""
        return bool(self._used) or any(not held.connection.is_broken for held in self._idle)

    def take(self) -> Held | None:
        """Lend a connection without waiting; None when all are in use, and `wait` has to be called.

        Raises StatementTimeout when a connection is free and the request's deadline has passed.
        """
        while self._idle:
            held = self._idle.pop()
            if held.connection.is_broken:
                self._drop(held)
            else:
                return self._lent(held)
        return None

    async def reach(self) -> Held:
        """Return a connection, for which it takes as long as it takes to make one. Raises DatabaseUnreachable."""
        return self.take() or await self.wait(2 * self._limits.connect)

    async def wait(self, limit: float = 0.0) -> Held:
        """Return a connection as soon as one is free or made, within `limit` seconds (0: WaitTimeout).

        Raises PoolTimeout, DatabaseUnreachable.
        """
        if self._closing:
            raise DatabaseUnreachable(f"{self.label}: the service is stopping")
        began, deadline = monotonic(), origin.get().deadline
        left = limit or self._limits.wait
        if deadline is not None:
            left = min(left, deadline - began - MARGIN)
        if left <= 0:
            raise StatementTimeout(_PASSED)
        place: asyncio.Future[Held] = asyncio.get_running_loop().create_future()
        self._waiting.append(_InLine(place, began + left, left))
        if began + left < self._alarm_at:
            self._set_alarm(began + left)
        self._grow()
        try:
            held = await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self.give(place.result())
            raise
        finally:
            self.figures.waits += 1
            self.figures.waited += monotonic() - began
        return self._lent(held)

    def give(self, held: Held) -> float:
        """Take a connection back; return the seconds for which it was lent. Nothing is done after the end."""
        now = monotonic()
        lent, held.since, held.deadline = now - held.since, now, inf
        if held not in self._used:
            return lent
        self._used.discard(held)
        connection = held.connection
        if connection.restless and not connection.is_broken:
            self._used.add(held)
            self._spawn(self._ping(held))
        elif connection.is_broken or connection.in_transaction or self._closing or now > held.expires:
            self.figures.worn += now > held.expires
            self._drop(held)
        elif self._waiting:
            self._offer(held)
        else:
            self._idle.append(held)
        return lent

    def limit(self, held: Held, deadline: float) -> None:
        """End what runs on a connection that is lent at a monotonic time, if it has not ended before."""
        held.deadline = min(held.deadline, deadline)
        if held.deadline < self._alarm_at:
            self._set_alarm(held.deadline)

    async def tidy(self) -> None:
        """Close what is broken, old or surplus, and ask unused connections whether they live."""
        now = monotonic()
        for held in list(self._idle):
            surplus = now - held.since > _UNUSED and len(self._idle) > self._limits.idle
            if held.connection.is_broken or now > held.expires or surplus:
                self._idle.remove(held)
                self._drop(held)
                self.figures.surplus += surplus
                self.figures.worn += now > held.expires
        unused = [held for held in self._idle if now - held.since > _UNUSED]
        self._idle = [held for held in self._idle if now - held.since <= _UNUSED]
        self._used.update(unused)
        await asyncio.gather(*map(self._ping, unused))

    async def close(self) -> None:
        """Close all connections; those in use a moment later, so that what runs may end."""
        self._closing = True
        while self._waiting:
            self._refuse(self._waiting.popleft().place, DatabaseUnreachable(f"{self.label}: the service is stopping"))
        until = monotonic() + _LAST
        while self._used and monotonic() < until:
            await asyncio.sleep(0.01)
        while self._used:
            held = self._used.pop()
            held.end()
            self._drop(held)
        while self._idle:
            self._drop(self._idle.pop())
        until = monotonic() + _LAST
        while self._tasks and (left := until - monotonic()) > 0:  # one that ends in the making is closed by a new task
            await asyncio.wait(self._tasks, timeout=left)
        if self._alarm is not None:
            self._alarm.cancel()

    def _lent(self, held: Held) -> Held:
        """Note that a connection is in use, until the deadline of the request at most.

        Raises StatementTimeout after the deadline; the connection is given back then.
        """
        held.since = now = monotonic()
        held.late = False
        self._used.add(held)
        given = origin.get().deadline
        deadline = inf if given is None else given - MARGIN
        if deadline <= now:
            self.give(held)
            raise StatementTimeout(_PASSED)
        held.deadline = deadline
        if deadline < self._alarm_at:
            self._set_alarm(deadline)
        return held

    def _set_alarm(self, at: float) -> None:
        """Look at deadlines at a time: one alarm for all statements and waiters, as most end long before theirs."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = asyncio.get_running_loop().call_later(max(0.0, at - monotonic()), self._end_late)

    def _end_late(self) -> None:
        self._alarm, self._alarm_at = None, inf
        now = monotonic() + _CLOSE
        for held in [one for one in self._used if one.deadline <= now]:
            held.deadline = inf
            held.end()
        while self._waiting and (self._waiting[0].until <= now or self._waiting[0].place.done()):
            self._give_up(self._waiting.popleft())
        for waiter in [one for one in self._waiting if one.until <= now]:
            self._give_up(waiter)
        waiting = (waiter.until for waiter in self._waiting if not waiter.place.done())
        first = min((*(held.deadline for held in self._used), *waiting), default=inf)
        if first < inf:
            self._set_alarm(first)

    def _offer(self, held: Held) -> None:
        """Hand a connection to the first that waits for one, else keep it."""
        while self._waiting:
            place = self._waiting.popleft().place
            if not place.done():
                self._used.add(held)
                return place.set_result(held)
        self._idle.append(held)

    def _drop(self, held: Held) -> None:
        self._spawn(self._shut(held.connection))
        self._grow()

    def _grow(self) -> None:
        """Make connections for those that wait."""
        while not self._closing and self._opening < len(self._waiting) and self.size < self._limits.most:
            self._opening += 1
            self._spawn(self._open())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = contextvars.Context().run(asyncio.get_running_loop().create_task, work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open(self) -> None:
        try:
            async with asyncio.timeout(self._limits.connect):
                connection = await self._connect()
        except (DatabaseError, TimeoutError, OSError) as problem:
            self._opening -= 1
            self._failed(problem)
            return
        except BaseException:
            self._opening -= 1
            raise
        self._opening -= 1
        self.problem = None
        lifetime = self._limits.lifetime * random.uniform(0.9, 1.0)  # noqa: S311 - so that not all end at once
        held = Held(connection, monotonic() + lifetime if lifetime else inf)
        if self._closing:
            self._drop(held)
        else:
            self._offer(held)

    def _failed(self, problem: Exception) -> None:
        """Tell those that wait, unless a connection that is in use may still come to them."""
        reason = f"no answer within {self._limits.connect:g} s" if isinstance(problem, TimeoutError) else str(problem)
        error = problem if isinstance(problem, DatabaseError) else DatabaseUnreachable(f"{self.label}: {reason}")
        self.problem = error
        if not self.size:
            while self._waiting:
                self._refuse(self._waiting.popleft().place, error)

    def _give_up(self, waiter: _InLine) -> None:
        text = f"{self.label}: no connection was free within {waiter.seconds:.3g} s: {len(self._used)} are in use"
        if self._opening:
            text = f"{text}, {self._opening} are being made"
        hint = self.problem or "inside of a transaction use model.within(transaction)"
        self._refuse(waiter.place, PoolTimeout(f"{text}; {hint}"))

    @staticmethod
    def _refuse(place: "asyncio.Future[Held]", problem: DatabaseError) -> None:
        if not place.done():
            place.set_exception(type(problem)(str(problem), problem.code))

    async def _ping(self, held: Held) -> None:
        self.limit(held, monotonic() + self._limits.connect)
        try:
            await held.connection.ping()
        except DatabaseError:
            held.end()
        finally:
            self.give(held)

    async def _shut(self, connection: DatabaseConnection) -> None:
        try:
            async with asyncio.timeout(self._limits.connect):
                await connection.close()
        except (DatabaseError, TimeoutError, OSError) as problem:
            _LOG.debug("%s: a connection did not close: %s", self.label, problem)
