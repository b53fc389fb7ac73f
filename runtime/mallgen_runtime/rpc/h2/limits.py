"""The limits for a peer, and the counters that hold it to them."""

import time
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import NamedTuple

_KEPT, _MOST_MESSAGE = 64 << 20, 1 << 30


class Limits(NamedTuple):
    """The bounds of one connection, times in seconds.

    `resets` and `controls` are per second: streams that end before their answer, whichever side ends them, and frames
    that carry no call or next to nothing of one. Held per process are `kept` bytes of requests that are not complete,
    their heads included, as many of what is not read yet, as many of replies that the peer does not take, and four
    times as many of requests that are being answered; `connections` likewise.
    """

    streams: int = 1000
    head_bytes: int = 16_384
    head_fields: int = 256
    block_bytes: int = 32_768
    continuations: int = 16
    message: int = 4 << 20
    resets: int = 1000
    controls: int = 2000
    kept: int = _KEPT
    connections: int = 10_000
    greeting: float = 10.0
    request: float = 30.0
    stalled: float = 60.0


def limits_for(message: int) -> Limits:
    """The limits for messages of so many bytes, below 0: of any size, as gRPC has it (a gibibyte here)."""
    most = min(message, _MOST_MESSAGE) if message >= 0 else _MOST_MESSAGE
    return Limits(message=most, kept=max(_KEPT, most + (1 << 20)))


class Rate:
    """Counts events per second; `count` returns True when they are too many."""

    __slots__ = ("_clock", "_count", "_most", "_since")

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._count = 0
        self._since = 0.0

    def count(self, weight: int = 1) -> bool:
        """Count one event, or one that weighs several; return whether this second has too many."""
        self._count += weight
        if self._count <= self._most:
            return False
        now = self._clock()
        if now - self._since > 1.0:
            self._since = now
            self._count = weight
            return False
        return True

    def earned(self, number: int) -> None:
        """Take back `number` events: finished calls bring frames of their own."""
        self._count = max(0, self._count - number)


class Budget:
    """Bytes that a process holds for its peers, each of which has a share."""

    __slots__ = ("held", "most", "shares")

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0
        self.shares: set[Share] = set()

    def shed(self) -> None:
        """Release bytes until below the limit, largest shares first, and some more, so that it is not repeated soon."""
        goal = self.most - (self.most >> 6)
        greedy = [(-share.held, number, share) for number, share in enumerate(self.shares) if share.held]
        heapify(greedy)
        while self.held > goal and greedy:
            held, number, share = heappop(greedy)
            second = -greedy[0][0] if greedy else 0
            share.drop(max(second - (second >> 3), -held - (self.held - goal)))
            if 0 < share.held < -held:
                heappush(greedy, (-share.held, number, share))


class Share:
    """Bytes held for one peer; `drop` releases them until at most the given number is left."""

    __slots__ = ("_budget", "drop", "held")

    def __init__(self, budget: Budget, drop: Callable[[int], None]) -> None:
        self._budget = budget
        self.drop = drop
        self.held = 0
        budget.shares.add(self)

    def add(self, size: int) -> None:
        """Count more bytes held, or fewer."""
        self.held += size
        self._budget.held += size

    def greedy(self, size: int) -> bool:
        """Return whether `size` more bytes exceed the budget while this peer holds more than an even part."""
        budget = self._budget
        return budget.held + size > budget.most and (self.held + size) * len(budget.shares) >= budget.most

    def check(self) -> None:
        """Release bytes when the budget is exceeded."""
        if self._budget.held > self._budget.most:
            self._budget.shed()

    def leave(self) -> None:
        """Remove the share of a peer that is gone."""
        self.add(-self.held)
        self._budget.shares.discard(self)


def most_connections(wanted: int) -> int:
    """Return how many connections leave the process room for its own files."""
    try:
        import resource
    except ImportError:  # no such limit on Windows
        return wanted
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return wanted if files == resource.RLIM_INFINITY else min(wanted, files * 3 // 4)
