"""The time of a migration beside the rollout of the services that have its tables, in words."""

from collections.abc import Sequence
from typing import NamedTuple

ROLLOUT = "rollout"
AFTER_ALL, BEFORE_ALL, RELEASES = "run the migration after", "run the migration before", "needs"
_NUMBERS = {2: "two", 3: "three"}


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
            return ((ROLLOUT, f"{AFTER_ALL} {who} {are} rolled out everywhere"),)
        if self.when == BEFORE_ALL:
            return ((ROLLOUT, f"{BEFORE_ALL} {who} {are} rolled out"),)
        steps = ((f"release {number}", step) for number, step in enumerate(self.steps, 1))
        return ((ROLLOUT, f"{RELEASES} {_NUMBERS[len(self.steps)]} releases of {who}"), *steps)


AFTER, BEFORE, ANY_TIME = Phase(AFTER_ALL), Phase(BEFORE_ALL), Phase("")


def releases(*steps: str) -> Phase:
    """Return the phase of a change that one release cannot make."""
    return Phase(RELEASES, steps)


def phase_of(facts: Sequence[tuple[str, str]]) -> Phase | None:
    """Return the phase that the lines of a finding say, None where they say none."""
    said = dict(facts).get(ROLLOUT, "")
    when = next((one for one in (AFTER_ALL, BEFORE_ALL, RELEASES) if said.startswith(f"{one} ")), "")
    steps = tuple(text for name, text in facts if name.startswith("release "))
    return Phase(when, steps) if when else None
