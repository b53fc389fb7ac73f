"""The pace of new attempts, and of the log lines about failed ones."""

import asyncio
import logging
import random
import time

_LOG = logging.getLogger("mallgen.service")


class Backoff:
    """Waits longer after each failure in a row: 0.1 s, doubled up to 2 s, each time between half of that and all.

    The limit is low because one attempt costs a refused connection, and a registry that is back should be noticed.
    After 10 s without a failure it begins anew. A subclass has other seconds.
    """

    FIRST, LIMIT, CALM = 0.1, 2.0, 10.0

    def __init__(self) -> None:
        self._next = self.FIRST
        self._last = float("-inf")

    @property
    def long(self) -> bool:
        """Return whether it has failed five times in a row."""
        return self._next >= self.LIMIT

    async def wait(self, least: float = 0.0) -> None:
        """Wait until the next attempt, for `least` seconds or more."""
        now = time.monotonic()
        if now - self._last > self.CALM:
            self._next = self.FIRST
        self._last = now
        seconds = self._next * random.uniform(0.5, 1)  # noqa: S311
        self._next = min(self.LIMIT, self._next * 2)
        await asyncio.sleep(max(seconds, least))


class Trouble:
    """Logs a problem in one line, at most every 30 s, and its end if its beginning was logged."""

    EVERY = 30.0

    def __init__(self) -> None:
        self._last = float("-inf")
        self._told = False

    def say(self, text: str) -> None:
        """Note a problem."""
        now = time.monotonic()
        if now - self._last >= self.EVERY:
            self._last = now
            self._told = True
            _LOG.warning("%s", text)

    def over(self, text: str) -> None:
        """Note that the problem is over."""
        if self._told:
            self._told = False
            _LOG.info("%s", text)
