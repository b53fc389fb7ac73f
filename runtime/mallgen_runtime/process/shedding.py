"""Sheds load before it makes every answer late: go-zero's adaptive shedder, for one event loop.

Two queues can stand: that of the loop, seen by the time between a request's arrival and its turn, and that in front of
what a route waits for (a pool, another service), seen by its requests in flight and the rate at which they end. Either
is shed only while it lasts, so that a burst is served.
"""

import time
from collections.abc import Callable
from itertools import pairwise

TARGET = 0.025  # seconds that a request may wait for the loop while its queue stands
SUSTAINED, CALM = 0.15, 0.2
PATIENCE = 5  # times the least latency of a route
BUCKETS, PER_SECOND = 50, 10  # go-zero's window: five seconds
BURST, LEAST_FLIGHT = 10, 3
ROOM, EMPTIED = 0.05, 0.1  # seconds more that a burst may wait, and for which a queue is one after it was short
_EVIDENCE = ((3, 1.6), (10, 1.15), (50, 1.05))  # buckets, and how many times more must have come than was answered
_SIGMAS = 2.0
_CALM_GROWTH, _CALMING = 1.02, 10
_RATED, _RATED_OVER = 2, 20  # buckets
_GRACE, _KNOWN, _GRACE_WAIT, _GRACE_FLIGHT = 0.05, 1.0, 0.3, 200
_LATE, _SUSPECTS = 2.0, 8
_TRIES, _TRY_EVERY = 5, 3.0
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

    One more request would wait for as long as those in flight take at the rate at which they end (Little's law). The
    route is full from when that is too long and more comes than is answered, until as much is answered as comes. Then
    a request is let in while it would wait no longer than a standing queue may, or a burst in front of a short one.

    Where requests take much longer than that, either the route has become slower, or it has no queue at all: for a
    moment only a few are let in, which tell how long the route takes by itself.
    """

    __slots__ = (
        "_asked",
        "_ended",
        "_full",
        "_known",
        "_late",
        "_late_since",
        "_now",
        "_short_at",
        "_slot",
        "_spent",
        "_tried",
        "_tried_at",
        "_tries",
        "flight",
        "least",
        "rate",
    )

    def __init__(self) -> None:
        self.flight = 0
        self.least = 0.0
        self.rate = 0.0  # a second, the best of late
        self._slot = 0
        self._now = self._short_at = 0.0
        self._full = self._tries = False
        self._late_since = self._known = self._tried_at = float("-inf")
        self._tried: list[float] = []
        self._late = [0.0, 0.0, 0.0]  # requests, their seconds, the seconds that were expected
        self._asked, self._ended, self._spent = [0] * BUCKETS, [0] * BUCKETS, [0.0] * BUCKETS

    @property
    def patience(self) -> float:
        """The seconds that a request may wait, by how long the route takes at its best."""
        return max(TARGET, PATIENCE * self.least)

    def asked(self, now: float) -> None:
        """Count a request, before it is known whether it is taken."""
        self._turn(now)
        self._now = now
        self._asked[self._slot % BUCKETS] += 1

    def begun(self) -> float:
        """Count a request that was let in; return the seconds that it should take, 0: not known, -1: it is a try."""
        self.flight += 1
        if not self._full or not self.rate:
            return 0.0
        return -1.0 if self._tries else max(self.flight / self.rate, self.least)

    def ended(self, now: float, seconds: float, expected: float = 0.0) -> None:
        """Count a request that was answered in time; `expected` is the word of `begun`."""
        self._turn(now)
        at = self._slot % BUCKETS
        self._ended[at] += 1
        self._spent[at] += seconds
        if self._full and expected:
            self._learn(now, seconds, expected)

    def _learn(self, now: float, seconds: float, expected: float) -> None:
        """Take the latency of tries as that of the route itself; try when requests take much longer than expected."""
        if expected < 0:
            self._tried.append(seconds)
            if len(self._tried) >= _TRIES:
                self.least = sum(self._tried) / len(self._tried)
                self._tried.clear()
                self._tries = False
        elif not self._tries:
            late = self._late
            late[0], late[1], late[2] = late[0] + 1, late[1] + seconds, late[2] + expected
            if late[0] >= _SUSPECTS:
                if late[1] > _LATE * late[2] and now - self._tried_at > _TRY_EVERY:
                    self._tries, self._tried_at = True, now
                    self._tried.clear()
                self._late = [0.0, 0.0, 0.0]

    def is_full(self) -> bool:
        """Return whether one more request would only wait."""
        most = self._most()
        if not self._full:
            if self.flight < max(most, BURST + 1) or not self.least or not self.rate:
                self._late_since = float("-inf")
                return False
            if self._is_burst() or not self._grows():
                return False
            self._full, self._tries, self._late = True, False, [0.0, 0.0, 0.0]
        self._known = self._now
        return self.flight >= (LEAST_FLIGHT if self._tries else most)

    def _most(self) -> float:
        """Return how many may be in flight: as many as end in the time that one may wait."""
        if self.flight <= 0.5 * self.patience * self.rate:
            self._short_at = self._now
        room = ROOM if self._now - self._short_at < EMPTIED else 0.0
        return max(LEAST_FLIGHT, (self.patience + room) * self.rate)

    def _is_burst(self) -> bool:
        """Return whether it is too early to call it a load: it has just begun, and the route was not full lately."""
        if self._late_since < 0:
            self._late_since = self._now
        grace = max(_GRACE, self.least)  # before that none of them could have ended
        is_young = self._now - self._known > _KNOWN and self._now - self._late_since < grace
        return is_young and self.flight < max(_GRACE_FLIGHT, _GRACE_WAIT * self.rate)

    def _grows(self) -> bool:
        """Return whether clearly more has come than was answered: lately by far, or for long by a little."""
        counted = ((self._counts(buckets), times) for buckets, times in _EVIDENCE)
        return any(asked > times * ended + _SIGMAS * ended**0.5 for (asked, ended), times in counted)

    def _counts(self, buckets: int) -> tuple[int, int]:
        """Return how many requests have come, and how many were answered, in the last buckets."""
        slots = [(self._slot - back) % BUCKETS for back in range(buckets)]
        return sum(self._asked[slot] for slot in slots), sum(self._ended[slot] for slot in slots)

    def _turn(self, now: float) -> None:
        slot = int(now * PER_SECOND)
        if slot == self._slot:
            return
        for passed in range(max(self._slot + 1, slot - BUCKETS + 1), slot + 1):
            at = passed % BUCKETS
            self._asked[at] = self._ended[at] = 0
            self._spent[at] = 0.0
        self._slot = slot
        counts = [self._ended[(slot - back) % BUCKETS] for back in range(_RATED_OVER, 0, -1)]
        self.rate = max(map(sum, pairwise(counts))) * PER_SECOND / _RATED
        if self._full:
            asked, ended = self._counts(_CALMING)
            if asked <= _CALM_GROWTH * ended:
                self._full = self._tries = False
        else:
            self._settle()

    def _settle(self) -> None:
        """Note how long the route takes; it is believed slowly to have become slower: a queue may grow as slowly."""
        means = sorted(spent / ended for spent, ended in zip(self._spent, self._ended, strict=True) if ended)
        if means:
            best = means[len(means) // 4]
            self.least = min(best, self.least * 1.01) if self.least else best


class Overload:
    """The shedder of all routes or methods of a service; `threshold` is that of CpuGate, None: it does not matter."""

    __slots__ = ("_gate", "_queue")

    def __init__(self, threshold: int | None) -> None:
        self._queue = LoopQueue()
        self._gate = CpuGate(threshold) if threshold else None

    def refuses(self, load: RouteLoad, arrived: float) -> bool:
        """Count a request; return whether it should not be begun. `arrived` is a monotonic time, 0: not known."""
        now = time.monotonic()
        load.asked(now)
        waited = now - arrived if arrived else 0.0
        queued = self._queue.stands(waited, now) and waited > load.patience
        return (queued or load.is_full()) and (self._gate is None or self._gate.opens(now))


def overload_of(sheds: bool, threshold: int | None, mode: str) -> Overload | None:
    """Return the shedder that settings ask for: in mode `pro` alone, as go-zero's."""
    return Overload(threshold) if sheds and threshold != 0 and mode == "pro" else None
