"""State that the connections of a server share: one timer for their deadlines, one budget for the memory they hold."""

import asyncio
import logging
import time
from email.utils import formatdate
from typing import Protocol

from mallgen_runtime.process.files import limit
from mallgen_runtime.process.memory import give_back

_LOG = logging.getLogger("mallgen.service")
TICK = 0.25
LATE = TICK + 0.05  # seconds between two ticks after which the loop has stood still
PROCESS_BYTES = 128 << 20
RESERVE = 256  # files for other things, and for connections that are being opened and closed
_WORTH_TRIMMING = 32 << 20


class Watched(Protocol):
    """A connection as the timer and the budget see it."""

    deadline: float

    @property
    def is_idle(self) -> bool:
        """Return whether it has no request."""

    def shutdown(self, hurried: bool = False) -> None:
        """Close soon: the server listens no more. `hurried`: nobody balances load to it."""

    def cancel(self) -> None:
        """Cancel its request: the service cannot wait any longer."""

    def expired(self, now: float) -> None:
        """End what it is at: its deadline has passed."""

    def give_up(self) -> None:
        """Abort it: others need its place, or the memory of the answer that its client does not take."""


class ConnectionTracker:
    """All connections of a server. One timer checks all deadlines, so that a request sets none of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.now = loop.time()
        self.connections: dict[Watched, None] = {}  # in the order of their coming
        self.kept = 0
        self.most = max(limit() - RESERVE, limit() // 2)
        self._untaken: dict[Watched, int] = {}
        self._peak = 0
        self._waits = False
        self._timer: asyncio.TimerHandle | None = None
        self._date = (0, b"")

    def add(self, connection: Watched) -> None:
        """Track a new connection."""
        self.connections[connection] = None
        if len(self.connections) > self.most:
            self._make_room(connection)
        if self._timer is None:
            self.now = self.loop.time()
            self._timer = self.loop.call_later(TICK, self._tick)

    async def empty(self) -> None:
        """Wait until the last connection has closed."""
        while self.connections:
            await asyncio.sleep(0.02)

    def _tick(self) -> None:
        """Look at the deadlines. A loop that stood still reads first what has come: its timers come before that."""
        self._timer = self.loop.call_later(TICK, self._tick) if self.connections else None
        before, self.now = self.now, self.loop.time()
        self._waits = not self._waits and self.now - before > LATE  # twice in a row would let the silent stay for ever
        if not self._waits:
            self._expire(self.now)
        self._trim()

    def _expire(self, now: float) -> None:
        """End those whose deadline has passed."""
        for connection in [found for found in self.connections if found.deadline <= now]:
            try:
                connection.expired(now)
            except Exception:
                _LOG.exception("a connection could not be ended at its deadline")
                connection.give_up()

    def keep(self, size: int) -> bool:
        """Count bytes held for a client, a negative size for released ones; return False beyond the budget."""
        self.kept += size
        self._peak = max(self._peak, self.kept)
        return self.kept <= PROCESS_BYTES

    def untaken(self, connection: Watched, size: int) -> None:
        """Count an answer that waits for its client; beyond the budget those that wait longest are aborted."""
        self.taken(connection)
        self._untaken[connection] = size
        self.keep(size)
        while self.kept > PROCESS_BYTES and self._untaken:
            first = next(iter(self._untaken))
            self.taken(first)
            first.give_up()

    def taken(self, connection: Watched) -> None:
        """Count an answer no longer: it is sent, or never will be."""
        self.keep(-self._untaken.pop(connection, 0))

    def date(self) -> bytes:
        """Return the header line `date`."""
        second = int(time.time())
        if self._date[0] != second:
            self._date = (second, f"date: {formatdate(second, usegmt=True)}\r\n".encode())
        return self._date[1]

    def _make_room(self, new: Watched) -> None:
        """Abort those that wait longest for a request, a twentieth at once; none is idle: the new one."""
        idle = sorted((found for found in self.connections if found.is_idle), key=lambda found: found.deadline)
        for connection in idle[: self.most // 20 + 1] or [new]:
            self.connections.pop(connection)
            connection.give_up()

    def _trim(self) -> None:
        """Return memory to the system after a flood."""
        if self._peak - self.kept > _WORTH_TRIMMING:
            self._peak = self.kept
            give_back()
