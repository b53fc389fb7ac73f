"""One process per trial, forked from one that has everything imported; struck at a file-system event."""

import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from mallgen.cli.fast import main
from tests.conftest import working_in
from tests.crash.events import Events
from tests.crash.scenarios import GENERATE, PRUNE, SCENARIOS, SYNC, Scenario, copy

Tree = dict[str, bytes]
FAST = Path("/dev/shm")


class Lost(AssertionError):
    """A promise that did not hold: which, in which scenario, at which event."""


class Prepared(NamedTuple):
    """A scenario with its folder before, and what is in it before and after an undisturbed run."""

    scenario: Scenario
    folder: Path
    old: Tree
    new: Tree
    events: int


def tree(here: Path) -> Tree:
    """Every file but mallgen's own house, links as their targets, and empty folders in the output with a `/`."""
    found = {}
    for folder, names, files in os.walk(here):
        if ".mallgen" in names:
            names.remove(".mallgen")
        elif not names and not files and Path(folder) not in (here, here / "out"):
            found[f"{Path(folder).relative_to(here).as_posix()}/"] = b""
        for name in files:
            path = Path(folder) / name
            found[path.relative_to(here).as_posix()] = path.read_bytes()
    return found


def kept(here: Path) -> list[bytes]:
    """What is in the backups and in the trash."""
    places = ("backup", "trash")
    return sorted(
        path.read_bytes() for name in places for path in here.glob(f"out/.mallgen/{name}/**/*") if path.is_file()
    )


class Harness:
    """Trials in a scratch folder. `strike` of a trial: SIGKILL itself, another signal, or a kill from outside."""

    def __init__(self, work: Path) -> None:
        self.here = work / "here"
        self._work = work
        self._events = Events()

    def prepared(self) -> Iterator[Prepared]:
        """All scenarios."""
        self._warm_up()
        for number, scenario in enumerate(SCENARIOS):
            folder, scratch = self._work / f"before{number}", self._work / f"after{number}"
            folder.mkdir()
            scenario.prepare(folder, self.run)
            copy(folder, scratch)
            events = self._count(scratch, scenario.run)
            yield Prepared(scenario, folder, tree(folder), tree(scratch), events)

    def _warm_up(self) -> None:
        """Import what the runs need, so that a trial is a fork and no more."""
        folder = self._work / "warm"
        folder.mkdir()
        SCENARIOS[0].prepare(folder, self.run)
        with working_in(folder):
            assert main(GENERATE) == 0
            for words in (SYNC, PRUNE, GENERATE):
                assert main(words) == 0

    def run(self, here: Path, *words: str) -> int:
        """A command, undisturbed; its exit code."""
        return self._wait(self._fork(here, words, 0, lambda: None))

    def killed(self, here: Path, words: tuple[str, ...], number: int) -> bool:
        """A command that kills itself at event `number`; whether it came that far."""
        return self._wait(self._fork(here, words, number, lambda: os.kill(os.getpid(), signal.SIGKILL))) == -9

    def signalled(self, here: Path, words: tuple[str, ...], number: int, signum: int) -> int:
        """A command that gets a signal at event `number`; its exit code."""
        return self._wait(self._fork(here, words, number, lambda: os.kill(os.getpid(), signum)))

    def killed_after(self, here: Path, words: tuple[str, ...], number: int, seconds: float) -> bool:
        """A command that is killed from outside, some time after it has reached event `number`."""
        reader, writer = os.pipe()
        child = self._fork(here, words, number, lambda: os.close(writer))
        os.close(writer)
        select.select([reader], [], [], 10)
        os.close(reader)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        return self._wait(child) == -9

    def _count(self, here: Path, words: tuple[str, ...]) -> int:
        reader, writer = os.pipe()
        child = self._fork(here, words, 0, lambda: None, writer)
        os.close(writer)
        with os.fdopen(reader, "rb") as said:
            count = int(said.read())
        assert self._wait(child) == 0
        return count

    def _fork(self, here: Path, words: tuple[str, ...], number: int, strike: Callable[[], None], said: int = -1) -> int:
        child = os.fork()
        if child:
            return child
        code = 99
        try:
            os.chdir(here)
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            self._events.start(number, strike)
            code = main(words)
            self._events.active = False
            if said >= 0:
                os.write(said, str(self._events.count).encode())
        finally:
            os._exit(code)

    @staticmethod
    def _wait(child: int) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
