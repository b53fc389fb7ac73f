"""The time of a migration beside the rollout of the services that have its tables, in words."""

from collections.abc import Sequence
from typing import NamedTuple

ROLLOUT = "rollout"
AFTER_ALL, BEFORE_ALL, RELEASES = "after", "before", "releases"


class Phase(NamedTuple):
    """A time to run a migration: before or after a rollout, or in steps of several releases; "" where there is none."""

    when: str
    steps: tuple[str, ...] = ()

    def facts(self, services: Sequence[str]) -> tuple[tuple[str, str], ...]:
        """Return the lines of a finding that say it; `services` are those that are rolled out."""
        who = " and ".join(services) or "the new code"
        are = "are" if len(services) > 1 else "is"
        if not self.when:
            return ()
        if self.when == AFTER_ALL:
            return ((ROLLOUT, f"run the migration after {who} {are} rolled out everywhere"),)
        if self.when == BEFORE_ALL:
            return ((ROLLOUT, f"run the migration before {who} {are} rolled out"),)
        steps = ((f"release {number}", step) for number, step in enumerate(self.steps, 1))
        return ((ROLLOUT, f"needs {_NUMBERS[len(self.steps)]} releases of {who}"), *steps)


_NUMBERS = {2: "two", 3: "three"}
AFTER, BEFORE, ANY_TIME = Phase(AFTER_ALL), Phase(BEFORE_ALL), Phase("")


def releases(*steps: str) -> Phase:
    """Return the phase of a change that one release cannot make."""
    return Phase(RELEASES, steps)
