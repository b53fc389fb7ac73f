"""A service that is started and stopped again and again under load: an accepted request that is lost is an error."""

import asyncio
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple

from tests.load.running import LoadedService
from tests.run.load import Tally, load

CLIENTS, BEFORE_STOP = 32, 0.3
SETTINGS = "Log:\n  Access: false\nMiddlewares:\n  Shedding: false\nShutdown:\n  WrapUpTime: 300ms\n"


class Restarts(NamedTuple):
    """The number of restarts, of answered requests, and the lost ones as text."""

    restarts: int
    answered: int
    lost: list[str]

    def __str__(self) -> str:
        return f"restarts under load: {self.restarts}, {self.answered} requests answered, {len(self.lost)} lost"


def once(folder: Path, settings: str = SETTINGS) -> Tally:
    """Start the service, stop it under load, and return the counts of requests; its exit code must be 0."""
    with LoadedService(folder, settings) as service:
        stopper = threading.Timer(BEFORE_STOP, service.process.send_signal, [signal.SIGTERM])
        stopper.start()
        tally = asyncio.run(load(service.port, "/quick", CLIENTS))
        code = service.process.wait(timeout=20)
        assert code == 0, (code, service.lines()[-2000:])
        return tally


def restarted(folder: Path, count: int, least: int = 0, settings: str = SETTINGS) -> Restarts:
    """Restart `count` times, and on until `least` requests have been answered."""
    done = answered = 0
    lost: list[str] = []
    while done < count or answered < least:
        tally = once(folder, settings)
        done, answered, lost = done + 1, answered + tally.answered, lost + tally.lost
        if done % 20 == 0:
            print(f"{done} restarts, {answered} requests, {len(lost)} lost", file=sys.stderr, flush=True)
    return Restarts(done, answered, lost)


def main(count: int = 200, least: int = 100_000) -> Restarts:
    """Print the figures and the lost requests."""
    with tempfile.TemporaryDirectory(prefix="mallgen-load-") as folder:
        found = restarted(Path(folder), count, least)
    print(found, *(f"  lost: {text}" for text in found.lost[:20]), sep="\n", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(bool(main().lost))
