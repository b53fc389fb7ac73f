"""Trials, each in a process forked from one that has imported everything, and interrupted at a file-system event."""

import contextlib
import gc
import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from mallgen.cli.fast import main
from tests.crash.events import Events
from tests.crash.scenarios import GENERATE, PRUNE, SCENARIOS, SYNC, Scenario, copy

Tree = dict[str, bytes]
FAST = Path("/dev/shm")


class Lost(AssertionError):
    """A promise that did not hold, with the scenario and the event."""


class Prepared(NamedTuple):
    """A scenario with its folder, the files before and after an undisturbed run, and the number of its events."""

    scenario: Scenario
    folder: Path
    old: Tree
    new: Tree
    events: int


def tree(here: Path) -> Tree:
    """Return every file outside .mallgen by its path, and the empty folders of the output, which end with a `/`."""
    files_by_path = {}
    root = os.fspath(here)
    for folder, names, files in os.walk(root):
        place = folder[len(root) + 1 :]
        if ".mallgen" in names:
            names.remove(".mallgen")
        elif not names and not files and place not in ("", "out"):
            files_by_path[f"{place}/"] = b""
        for name in files:
            with open(f"{folder}/{name}", "rb", buffering=0) as file:
                files_by_path[f"{place}/{name}" if place else name] = file.read()
    return files_by_path


def kept(here: Path) -> list[bytes]:
    """Return the contents of the files in the backup and trash folders."""
    folders = ("backup", "trash")
    return sorted(
        path.read_bytes() for name in folders for path in here.glob(f"out/.mallgen/{name}/**/*") if path.is_file()
    )


class Harness:
    """Trials in a scratch folder, each a forked command that is undisturbed, killed or sent a signal."""

    def __init__(self, work: Path) -> None:
        self.here = work / "here"
        self._work = work
        self._events = Events()

    def prepared(self) -> Iterator[Prepared]:
        """Prepare every scenario and count its events."""
        self._warm_up()
        for number, scenario in enumerate(SCENARIOS):
            folder, scratch = self._work / f"before{number}", self._work / f"after{number}"
            folder.mkdir()
            scenario.prepare(folder, self.run)
            copy(folder, scratch)
            events = self._count(scratch, scenario.run)
            yield Prepared(scenario, folder, tree(folder), tree(scratch), events)

    def _warm_up(self) -> None:
        """Import what the runs need, so that a trial costs no more than a fork."""
        folder = self._work / "warm"
        folder.mkdir()
        SCENARIOS[0].prepare(folder, self.run)
        with contextlib.chdir(folder):
            assert main(GENERATE) == 0
            for words in (SYNC, PRUNE, GENERATE):
                assert main(words) == 0
        with contextlib.chdir(folder / "out"), open(os.devnull, "w") as nothing, contextlib.redirect_stdout(nothing):
            assert main(()) == 0
        gc.freeze()  # else each child copies the pages of all that it only looks through

    def run(self, here: Path, *words: str) -> int:
        """Run a command undisturbed and return its exit code."""
        return self._wait(self._fork(here, words, 0, lambda: None))

    def killed(self, here: Path, words: tuple[str, ...], number: int) -> bool:
        """Run a command that kills itself at event `number`; return whether it came that far."""
        return self._wait(self._fork(here, words, number, lambda: os.kill(os.getpid(), signal.SIGKILL))) == -9

    def signalled(self, here: Path, words: tuple[str, ...], number: int, signum: int) -> int:
        """Run a command that gets a signal at event `number`; return its exit code."""
        return self._wait(self._fork(here, words, number, lambda: os.kill(os.getpid(), signum)))

    def killed_after(self, here: Path, words: tuple[str, ...], number: int, seconds: float) -> bool:
        """Kill a command from outside, `seconds` after it reached event `number`; return whether it still ran then."""
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
