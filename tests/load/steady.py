"""A service under half the load it can carry, for long: its memory stays flat, and every request is answered."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.load.driver import at_rate, in_turn
from tests.load.running import LoadedService

ROOM = 5.0  # MiB
PATH, CONNECTIONS = "/quick", 64
SETTINGS = "Middlewares:\n  Shedding: false\n"  # on a machine that is busy with other things, half may be too much
MOST = 600.0  # requests a second: the driver keeps up with so many beside the service


class Steady(NamedTuple):
    """The seconds and the rate of a run, the requests that failed, and the memory in MiB: early and late medians."""

    seconds: float
    rate: float
    asked: int
    failed: list[int]
    early: float
    late: float

    @property
    def is_flat(self) -> bool:
        """Return whether the memory has not grown."""
        return self.late <= self.early + ROOM

    def __str__(self) -> str:
        failed = f"{len(self.failed)} failed, with {sorted(set(self.failed))}" if self.failed else "0 failed"
        memory = f"{self.early:.1f} MiB in its second tenth, {self.late:.1f} MiB in its last"
        return f"{self.seconds:.0f} s at {self.rate:.0f}/s: {self.asked} requests, {failed}, {memory}"


async def _watched(service: LoadedService, rate: float, seconds: float) -> Steady:
    sizes: list[float] = []
    failed: list[int] = []
    asked = 0
    until = time.monotonic() + seconds

    async def look() -> None:
        while True:
            sizes.append(service.rss)
            await asyncio.sleep(seconds / 100)

    looking = asyncio.create_task(look())
    while time.monotonic() < until:
        part = await at_rate(service.port, PATH, rate, min(10.0, max(until - time.monotonic(), 0.1)), CONNECTIONS)
        asked += len(part.requests)
        failed += [sent.status for sent in part.requests if sent.status != 200]
    looking.cancel()
    tenth = max(len(sizes) // 10, 1)
    early, late = sorted(sizes[tenth : 2 * tenth]), sorted(sizes[-tenth:])
    return Steady(seconds, rate, asked, failed, early[len(early) // 2], late[len(late) // 2])


def steady(folder: Path, seconds: float) -> Steady:
    """Measure what the service can carry, then keep it at half of that."""
    with LoadedService(folder, SETTINGS) as service:
        best = asyncio.run(in_turn(service.port, PATH, 16, 3.0)).goodput
        return asyncio.run(_watched(service, min(best / 2, MOST), seconds))


def main(seconds: float = 600.0) -> Steady:
    """Print the figures."""
    with tempfile.TemporaryDirectory(prefix="mallgen-load-") as folder:
        found = steady(Path(folder), seconds)
    print(found, flush=True)
    return found


if __name__ == "__main__":
    found = main()
    sys.exit(not found.is_flat or bool(found.failed))
