"""Three times the load that a route of 5 ms can carry: how much is answered in time."""

import asyncio
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.load.driver import Measured, at_rate, in_turn
from tests.load.running import LoadedService

TIMES = 3
CLIENTS = {"/block": 2, "/pool": 4}


class Figures(NamedTuple):
    """The requests a second that a route can carry, and its answers under more."""

    path: str
    best: float
    under: Measured

    @property
    def share(self) -> float:
        """The part of the best that is still answered."""
        return self.under.goodput / self.best

    def __str__(self) -> str:
        refused = self.under.count(503) / len(self.under.requests)
        others = len(self.under.requests) - self.under.count(200) - self.under.count(503)
        return (
            f"overload of {self.path}: best {self.best:.0f}/s, at {TIMES} times {self.under.goodput:.0f}/s "
            f"({self.share:.0%}), p99 {self.under.p99:.0f} ms, {refused:.0%} refused, {others} others"
        )


def overloaded(folder: Path, path: str, seconds: float, settings: str = "") -> Figures:
    """Measure what a route can carry, then send three times as much for `seconds`."""
    with LoadedService(folder, settings) as service:
        best = asyncio.run(in_turn(service.port, path, CLIENTS[path], min(3.0, seconds))).goodput
        return Figures(path, best, asyncio.run(at_rate(service.port, path, TIMES * best, seconds)))


def main(seconds: float = 20.0) -> list[Figures]:
    """Print the figures of both routes."""
    with tempfile.TemporaryDirectory(prefix="mallgen-load-") as folder:
        found = [overloaded(Path(folder), path, seconds) for path in CLIENTS]
    for figures in found:
        print(figures, flush=True)
    return found


if __name__ == "__main__":
    main()
