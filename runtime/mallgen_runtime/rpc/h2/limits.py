"""What a peer may ask of us, and how it is counted."""

import time
from collections.abc import Callable
from typing import NamedTuple

_KEPT, _MOST_MESSAGE = 64 << 20, 1 << 30


class Limits(NamedTuple):
    """The bounds of one connection, times in seconds.

    `resets` and `controls` are per second: streams that end before their answer, whichever side ends them, and frames
    that carry no call. `kept` bytes of requests that are not complete, and as many of replies that the peer does not
    take, are held per process, `connections` likewise.
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
    """Counts what happens per second; True from `count` when it is too much."""

    __slots__ = ("_clock", "_count", "_most", "_since")

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._count = 0
        self._since = 0.0

    def count(self) -> bool:
        """One more; whether there were too many in this second."""
        self._count += 1
        if self._count <= self._most:
            return False
        now = self._clock()
        if now - self._since > 1.0:
            self._since = now
            self._count = 1
            return False
        return True

    def earned(self, number: int) -> None:
        """As many are forgiven: honest work brings its own frames."""
        self._count = max(0, self._count - number)


class Budget:
    """Bytes that a process holds for its peers."""

    __slots__ = ("held", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0
