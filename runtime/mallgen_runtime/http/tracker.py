"""State that the connections of a server share: one timer for their deadlines, one budget for the memory they hold."""

import asyncio
import logging
import time
from email.utils import formatdate
from typing import Protocol

from mallgen_runtime.process.memory import give_back

_LOG = logging.getLogger("mallgen.service")
TICK = 0.25
PROCESS_BYTES = 128 << 20
_WORTH_TRIMMING = 32 << 20


class Watched(Protocol):
    """A connection as the timer and the budget see it."""

    deadline: float

    def shutdown(self) -> None:
        """Close soon: the server listens no more."""

    def cancel(self) -> None:
        """Cancel its request: the service cannot wait any longer."""

    def expired(self, now: float) -> None:
        """End what it is at: its deadline has passed."""

    def give_up(self) -> None:
        """Abort it: others need the memory of the answer that its client does not take."""


class ConnectionTracker:
    """All connections of a server. One timer checks all deadlines, so that a request sets none of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.now = loop.time()
        self.connections: set[Watched] = set()
        self.kept = 0
        self._untaken: dict[Watched, int] = {}
        self._peak = 0
        self._timer: asyncio.TimerHandle | None = None
        self._date = (0, b"")

    def add(self, connection: Watched) -> None:
        """Track a new connection."""
        self.connections.add(connection)
        if self._timer is None:
            self.now = self.loop.time()
            self._timer = self.loop.call_later(TICK, self._tick)

    async def empty(self) -> None:
        """Wait until the last connection has closed."""
        while self.connections:
            await asyncio.sleep(0.02)

    def _tick(self) -> None:
        self._timer = self.loop.call_later(TICK, self._tick) if self.connections else None
        self.now = now = self.loop.time()
        for connection in [found for found in self.connections if found.deadline <= now]:
            try:
                connection.expired(now)
            except Exception:
                _LOG.exception("a connection could not be ended at its deadline")
                connection.give_up()
        self._trim()

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

    def _trim(self) -> None:
        """Return memory to the system after a flood."""
        if self._peak - self.kept > _WORTH_TRIMMING:
            self._peak = self.kept
            give_back()
