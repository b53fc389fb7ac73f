"""Sheds load before it makes every answer late: go-zero's adaptive shedder, for one event loop.

Two queues can stand: that of the loop, seen by the time between a request's arrival and its turn, and that in front of
what a route waits for (a pool, another service), seen by its requests in flight times their latency. Either is shed
only while it lasts, so that a burst is served.
"""

import time
from collections.abc import Callable

TARGET = 0.025  # seconds that a request may wait for the loop while its queue stands
SUSTAINED, CALM = 0.15, 0.2
PATIENCE = 5  # times the least latency of a route
BUCKETS, PER_SECOND = 50, 10  # go-zero's window: five seconds
BURST, LEAST_FLIGHT, HEADROOM = 10, 3, 2.0
_GROWTH, _GROWING = 1.6, 3  # buckets
_RATED = 5
_CALM_GROWTH, _CALMING = 1.2, 10
_PROBE_EVERY, _PROBE, _ENOUGH = 30, (7, 8, 9), 2  # buckets; requests
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
    Then twice as many are in flight as the route can answer at its best: peak rate times least latency. Now and then
    only one is let in at a time, which tells how long the route takes without a queue, as BBR does for a path.
    """

    __slots__ = ("_asked", "_average", "_ended", "_full", "_probed", "_slot", "_spent", "flight", "least", "peak")

    def __init__(self) -> None:
        self.flight = 0
        self.least = 0.0
        self.peak = 0.0
        self._average = 0.0
        self._slot = 0
        self._full = 0  # the slot since which it is
        self._probed: list[float] = []
        self._asked, self._ended, self._spent = [0] * BUCKETS, [0] * BUCKETS, [0.0] * BUCKETS

    @property
    def patience(self) -> float:
        """The seconds that a request may wait, by how long the route takes at its best."""
        return max(TARGET, PATIENCE * self.least)

    def asked(self, now: float) -> None:
        """Count a request, before it is known whether it is taken."""
        self._turn(now)
        self._asked[self._slot % BUCKETS] += 1

    def begun(self) -> bool:
        """Count a request that was let in; return whether it is alone to tell how long the route takes."""
        self.flight += 1
        return self._probes and self.flight == 1

    def ended(self, now: float, seconds: float, alone: bool = False) -> None:
        """Count a request that was answered in time; `alone` is the word of `begun`."""
        self._turn(now)
        at = self._slot % BUCKETS
        self._ended[at] += 1
        self._spent[at] += seconds
        self._average = self._average * _SMOOTH + seconds * (1 - _SMOOTH)
        if alone and self._full:
            self._probed.append(seconds)
            if len(self._probed) >= _ENOUGH:
                self.least = min(self._probed)
                self._probed.clear()

    def is_full(self) -> bool:
        """Return whether one more request would only wait."""
        if self._full:
            if self._growth(_CALMING) <= _CALM_GROWTH:
                self._full = 0
        elif self.flight > BURST and self._average > self.patience and self.least:
            self._full = self._slot if self._growth(_GROWING) > _GROWTH else 0
        if not self._full:
            return False
        most = 1 if self._probes else max(LEAST_FLIGHT, HEADROOM * self.peak * self.least)
        return self.flight >= most

    @property
    def _probes(self) -> bool:
        return self._full > 0 and (self._slot - self._full) % _PROBE_EVERY in _PROBE

    def _growth(self, buckets: int) -> float:
        """Return how many times more has come than was answered lately."""
        slots = [(self._slot - back) % BUCKETS for back in range(buckets)]
        return sum(self._asked[slot] for slot in slots) / (sum(self._ended[slot] for slot in slots) or 1)

    def _turn(self, now: float) -> None:
        slot = int(now * PER_SECOND)
        if slot == self._slot:
            return
        for passed in range(max(self._slot + 1, slot - BUCKETS + 1), slot + 1):
            at = passed % BUCKETS
            self._asked[at] = self._ended[at] = 0
            self._spent[at] = 0.0
        self._slot = slot
        order = [(slot + passed) % BUCKETS for passed in range(1, BUCKETS)]  # the oldest first, without the present one
        counts = [self._ended[at] for at in order]
        self.peak = max(sum(counts[at : at + _RATED]) for at in range(BUCKETS - _RATED)) * PER_SECOND / _RATED
        if not self._full:  # a standing queue is no measure of the route at its best
            self.least = min((self._spent[at] / self._ended[at] for at in order if self._ended[at]), default=0.0)


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
