"""Counts attempts in memory, for as many keys as are bounded."""

import time
from collections import OrderedDict
from collections.abc import Callable

_MOST = 10_000  # keys; the oldest is forgotten


class Attempts:
    """At most `limit` attempts of a key within `per` seconds, in this process."""

    def __init__(self, limit: int, per: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._per = per
        self._clock = clock
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def begin(self, key: str) -> int:
        """Count an attempt; return 0, or the seconds until another one may be made."""
        now = self._clock()
        since, count = self._counts.get(key, (now, 0))
        if now - since >= self._per:
            since, count = now, 0
        if count >= self._limit:
            return max(1, round(since + self._per - now + 0.5))
        self._counts[key] = (since, count + 1)
        self._counts.move_to_end(key)
        if len(self._counts) > _MOST:
            self._counts.popitem(last=False)
        return 0

    def take_back(self, key: str) -> None:
        """Forget one attempt that was right."""
        since, count = self._counts.get(key, (0.0, 0))
        if count:
            self._counts[key] = (since, count - 1)
