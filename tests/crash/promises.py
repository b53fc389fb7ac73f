"""The promises after a kill: the tree is old or, after the next command, new, and no work of the user's is lost."""

from collections import Counter
from pathlib import Path

from tests.crash.harness import Harness, Prepared, kept, tree
from tests.crash.scenarios import EDITED, MARK, copy


class Lost(AssertionError):
    """A promise that did not hold, with the scenario and the event."""


class Promises:
    """Trials of one prepared scenario and the checks after each; `figures` counts the outcomes."""

    def __init__(self, harness: Harness, prepared: Prepared, figures: Counter[str]) -> None:
        self._harness = harness
        self._prepared = prepared
        self._figures = figures
        self._here = harness.here
        self.begun = 0
        old, new = prepared.old, prepared.new
        self._mine = {name: old[name] for name in prepared.scenario.mine}
        sources = {source for source, _ in prepared.scenario.moved}
        self._aside = {name: content for name, content in old.items() if EDITED.get(name) == content}
        self._aside |= {n: c for n, c in old.items() if MARK in c and n not in new and n not in sources}

    def kill(self, number: int) -> bool:
        """Send SIGKILL at event `number`; return False when the run has fewer events."""
        self._fresh()
        if not self._harness.killed(self._here, self._prepared.scenario.run, number):
            return False
        self.begun += self._judge(f"killed at event {number}") == "mixed"
        return True

    def kill_nested(self, number: int) -> None:
        """Send SIGKILL at event `number`, then at every event of the recovery, then once more in the next recovery."""
        for inner in range(1, 1000):
            self._fresh()
            if not self._harness.killed(self._here, self._prepared.scenario.run, number):
                return
            if not self._harness.killed(self._here, self._prepared.scenario.run, inner):
                return
            self._harness.killed(self._here, self._prepared.scenario.run, 1 + inner // 2)
            self._figures["kills during recovery"] += 1
            self._judge(f"killed at event {number}, its recovery at {inner} and {1 + inner // 2}")
        raise AssertionError("recovery does not end")

    def kill_after(self, number: int, seconds: float) -> None:
        """Send SIGKILL from outside, `seconds` after event `number`."""
        self._fresh()
        struck = self._harness.killed_after(self._here, self._prepared.scenario.run, number, seconds)
        self._figures["ended before the kill"] += not struck
        self._judge(f"killed {seconds * 1000:.3f} ms after event {number}")

    def signal(self, number: int, signum: int) -> None:
        """Send another signal at event `number`; the exit code must name it, whoever ends the process."""
        self._fresh()
        code = self._harness.signalled(self._here, self._prepared.scenario.run, number, signum)
        if code not in (128 + signum, -signum):
            raise Lost(f"{self._prepared.scenario.name}: signal {signum} at event {number} gave exit code {code}")
        self._judge(f"signal {signum} at event {number}")

    def _fresh(self) -> None:
        copy(self._prepared.folder, self._here)

    def _judge(self, how: str) -> str:
        """Check every promise after a kill and return the state that it left: old, new or mixed."""
        self._figures["trials"] += 1
        before = tree(self._here)
        state = self._state(before)
        self._figures[f"left {state}"] += 1
        self._check_mine(how, before)
        begun = (self._here / "out" / ".mallgen" / "journal").exists()
        if (self._here / "out").is_dir() and (self._harness.run(self._here / "out") != 0) is not begun:
            self._lost(
                how, "the next command, which only reads, failed" if not begun else "it did not tell of the journal"
            )
        if tree(self._here) != before:
            self._lost(how, f"a command that only reads changed something: {self._odd()}")
        if state == "mixed" and not begun:
            self._lost(how, f"left mixed, without a journal: {self._odd()}")
        code = self._harness.run(self._here, *self._prepared.scenario.run)
        after = tree(self._here)
        if code != 0 or self._state(after) != "new":
            self._lost(how, f"the same command again does not lead to the new tree: {self._odd()}")
        self._check_mine(how, after)
        if (self._here / "out" / ".mallgen" / "stage").exists() or kept(self._here) != sorted(self._aside.values()):
            self._lost(how, f"something is left in .mallgen, aside: {kept(self._here)}")
        return state

    def _state(self, found: dict[str, bytes]) -> str:
        return "old" if found == self._prepared.old else "new" if found == self._prepared.new else "mixed"

    def _odd(self) -> list[str]:
        found, new = tree(self._here), self._prepared.new
        return sorted(name for name in found.keys() | new.keys() if found.get(name) != new.get(name))[:10]

    def _check_mine(self, how: str, here: dict[str, bytes]) -> None:
        """Fail when work of the user's is lost, or when a file is neither as before nor as after an undisturbed run."""
        old, new = self._prepared.old, self._prepared.new
        for name, content in self._mine.items():
            if here.get(name) != content:
                self._lost(how, f"the user's {name} is not what it was")
        aside = kept(self._here)
        for name, content in self._aside.items():
            if content not in aside and here.get(name) != content:
                self._lost(how, f"the edited {name} is neither in its place nor put aside")
        for source, target in self._prepared.scenario.moved:
            if here.get(source) != old[source] and here.get(target) != new[target]:
                self._lost(how, f"{source} is neither in its place nor {target}")
        for name, content in here.items():
            if not name.endswith("/") and content not in (old.get(name), new.get(name)):
                self._lost(how, f"{name} is neither old nor new")

    def _lost(self, how: str, what: str) -> None:
        raise Lost(f"{self._prepared.scenario.name}, {how}: {what}")


def scratch() -> Path | None:
    """Return a folder in memory where the system has one, because there are many trials."""
    fast = Path("/dev/shm")
    return fast if fast.is_dir() else None
