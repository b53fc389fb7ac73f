"""go-zero's breaker: Google's client-side throttling (https://sre.google/sre-book/handling-overload/, "client-side
throttling"), with the figures of go-zero 1.10's core/breaker: ten seconds in forty buckets, k from 1.5 down to 1.1."""

import random
import time
from collections.abc import Callable

from mallgen_runtime.process.errors import Code

BUCKETS, SECONDS = 40, 10.0
K, LEAST_K, FREE, FORCE_AFTER = 1.5, 1.1, 5, 1.0
_PER_SECOND = BUCKETS / SECONDS
FAILURES = frozenset(
    {
        Code.DEADLINE_EXCEEDED,
        Code.INTERNAL,
        Code.UNAVAILABLE,
        Code.DATA_LOSS,
        Code.UNIMPLEMENTED,
        Code.RESOURCE_EXHAUSTED,
    }
)


class Breaker:
    """Lets calls of one method or route through, or drops a share of them while most fail."""

    __slots__ = ("_buckets", "_chance", "_clock", "_failed", "_last_pass", "_slot", "_succeeded", "_total")

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, chance: Callable[[], float] = random.random
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._buckets = [
            [0, 0, 0] for _ in range(BUCKETS)
        ]  # calls, successes, failures; calls that were dropped count as calls
        self._slot = self._now()
        self._total = self._succeeded = self._failed = 0
        self._last_pass = 0.0

    def allows(self) -> bool:
        """Return whether the next call may go through, and count one that may not."""
        if self._total == self._succeeded:
            return True
        self._turn()
        if self._dropped():
            self._count(0, 0)
            return False
        return True

    def done(self, code: Code) -> None:
        """Count a call that was allowed."""
        self.ended(code in FAILURES)

    def ended(self, failed: bool) -> None:
        """Count a call or a request that was allowed."""
        self._turn()
        self._count(not failed, failed)

    def _dropped(self) -> bool:
        working, failing = self._runs()
        weight = max(K - (K - LEAST_K) * failing / BUCKETS, LEAST_K)
        ratio = (self._total - FREE - weight * self._succeeded) / (self._total + 1)
        if ratio <= 0:
            return False
        now = self._clock()
        if self._last_pass and now - self._last_pass > FORCE_AFTER:
            self._last_pass = now
            return False
        if self._chance() < ratio * (BUCKETS - working) / BUCKETS:
            return True
        self._last_pass = now
        return False

    def _runs(self) -> tuple[int, int]:
        """Return how many of the latest buckets had no failure, and how many no success."""
        working = failing = 0
        for step in range(1, BUCKETS + 1):
            _, good, bad = self._buckets[(self._slot + step) % BUCKETS]
            working = 0 if bad else working + 1 if good else working
            failing = 0 if good else failing + 1 if bad else failing
        return working, failing

    def _count(self, good: int, bad: int) -> None:
        bucket = self._buckets[self._slot % BUCKETS]
        bucket[0] += 1
        bucket[1] += good
        bucket[2] += bad
        self._total += 1
        self._succeeded += good
        self._failed += bad

    def _turn(self) -> None:
        """Empty the buckets whose time has passed."""
        now = self._now()
        if now == self._slot:
            return
        for slot in range(max(self._slot + 1, now - BUCKETS + 1), now + 1):
            bucket = self._buckets[slot % BUCKETS]
            if bucket[0]:
                self._total -= bucket[0]
                self._succeeded -= bucket[1]
                self._failed -= bucket[2]
                bucket[:] = (0, 0, 0)
        self._slot = now

    def _now(self) -> int:
        return int(self._clock() * _PER_SECOND)


class NoBreaker(Breaker):
    """Lets every call through: `Middlewares: {Breaker: false}`."""

    __slots__ = ()

    def allows(self) -> bool:
        """Return True."""
        return True

    def ended(self, failed: bool) -> None:
        """Count nothing."""
