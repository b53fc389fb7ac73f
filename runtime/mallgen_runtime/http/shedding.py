"""Sheds load before it makes every answer late: go-zero's adaptive shedder, for one event loop.

Two queues can stand: that of the loop, seen by the time between a request's arrival and its turn, and that in front of
what a route waits for (a pool, another service), seen by its requests in flight times their latency. Either is shed
only while it lasts, so that a burst is served.
"""

import time
from collections.abc import Callable

TARGET = 0.04  # seconds that a request may wait for the loop while its queue stands
SUSTAINED, CALM = 0.15, 0.2
PATIENCE = 5  # times the least latency of a route
BUCKETS, PER_SECOND = 50, 10  # go-zero's window: five seconds
BURST, LEAST_FLIGHT = 10, 2
_GROWTH, _GROWING = 1.6, 3  # buckets
_CALM_GROWTH, _CALMING = 1.2, 10
_TRIALS, _MOSTLY = 10, 8
_SMOOTH = 0.9  # go-zero's
_CPU_EVERY = 0.25


class LoopQueue:
    """The queue of the event loop: `stands` while requests have waited too long without a pause."""

    __slots__ = ("_last", "_since")

    def __init__(self) -> None:
        self._last = self._since = -1.0

    def stands(self, waited: float, now: float) -> bool:
        """Take the seconds that a request has waited for its turn; return whether requests have for some time."""
        if waited <= TARGET:
            return False
        if now - self._last > CALM:
            self._since = now
        self._last = now
        return now - self._since >= SUSTAINED


class CpuGate:
    """Lets shedding begin while the process uses at least `threshold` thousandths of one core: go-zero's option."""

    __slots__ = ("_at", "_clock", "_threshold", "_used", "_used_at")

    def __init__(self, threshold: int, clock: Callable[[], float] = time.process_time) -> None:
        self._threshold = threshold / 1000
        self._clock = clock
        self._at = self._used = 0.0
        self._used_at = clock()

    def opens(self, now: float) -> bool:
        """Return whether the processor is busy enough; it is looked at four times a second."""
        taken = now - self._at
        if taken >= _CPU_EVERY:
            used = self._clock()
            self._used = (used - self._used_at) / taken
            self._at, self._used_at = now, used
        return self._used >= self._threshold


class RouteLoad:
    """The requests of a route over five seconds: how many are in flight, how many ended, how long they took.

    It is full from when clearly more has come than was answered, and what is answered is late, until that has ended.
    Then as many are in flight as the route can answer at its best: peak rate times least latency.
    """

    __slots__ = (
        "_asked",
        "_average",
        "_ended",
        "_full",
        "_late",
        "_slot",
        "_spent",
        "_tried",
        "flight",
        "least",
        "peak",
    )

    def __init__(self) -> None:
        self.flight = 0
        self._slot = 0
        self._full = False
        self._tried = self._late = 0
        self._average = self.least = self.peak = 0.0
        self._asked, self._ended, self._spent = [0] * BUCKETS, [0] * BUCKETS, [0.0] * BUCKETS

    @property
    def patience(self) -> float:
        """The seconds that a request may wait, by how long the route takes at its best."""
        return max(TARGET, PATIENCE * self.least)

    @property
    def most(self) -> float:
        """The requests in flight with which the route still answers as many in as little time."""
        return max(LEAST_FLIGHT, self.peak * self.least)

    def asked(self, now: float) -> None:
        """Count a request, before it is known whether it is taken."""
        self._turn(now)
        self._asked[self._slot % BUCKETS] += 1

    def ended(self, now: float, seconds: float, tried: bool = False) -> None:
        """Count a request that was answered in time; `tried` is what `begun` said of it."""
        self._turn(now)
        at = self._slot % BUCKETS
        self._ended[at] += 1
        self._spent[at] += seconds
        self._average = self._average * _SMOOTH + seconds * (1 - _SMOOTH)
        if tried and self._full:
            self._try(seconds)

    def _try(self, seconds: float) -> None:
        """Judge by requests let in since it is full: when most are late with few others, it is not the load."""
        self._tried += 1
        self._late += seconds > self.patience
        if self._tried == _TRIALS:
            if self._late > _MOSTLY:
                self._forget()
            self._tried = self._late = 0

    def begun(self) -> bool:
        """Count a request that was let in; return whether it was while the route was full."""
        self.flight += 1
        return self._full

    def is_full(self) -> bool:
        """Return whether one more request would only wait."""
        if self._full:
            self._full = self._growth(_CALMING) > _CALM_GROWTH
        elif self.flight > BURST and self._average > self.patience and self.least:
            self._full = self._growth(_GROWING) > _GROWTH
            self._tried = self._late = 0
        return self._full and self.flight >= self.most

    def _growth(self, buckets: int) -> float:
        """Return how many times more has come than was answered lately."""
        slots = [(self._slot - back) % BUCKETS for back in range(buckets)]
        return sum(self._asked[slot] for slot in slots) / (sum(self._ended[slot] for slot in slots) or 1)

    def _forget(self) -> None:
        self._asked, self._ended, self._spent = [0] * BUCKETS, [0] * BUCKETS, [0.0] * BUCKETS
        self._average = self.least = self.peak = 0.0
        self._full = False
        self._tried = self._late = 0

    def _turn(self, now: float) -> None:
        slot = int(now * PER_SECOND)
        if slot == self._slot:
            return
        for passed in range(max(self._slot + 1, slot - BUCKETS + 1), slot + 1):
            at = passed % BUCKETS
            self._asked[at] = self._ended[at] = 0
            self._spent[at] = 0.0
        self._slot = slot
        pairs = [(ended, spent) for ended, spent in zip(self._ended, self._spent, strict=True) if ended]
        self.peak = max((ended for ended, _ in pairs), default=0) * float(PER_SECOND)
        self.least = min((spent / ended for ended, spent in pairs), default=0.0)
