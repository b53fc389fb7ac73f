"""The state of each route, RPC and table, for the commands that list it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mallgen.drift.findings import InspectedFolder, gone
from mallgen.drift.verdict import State, Verdict
from mallgen.output.plan import StepKind
from mallgen.text.visible import counted

IMPLEMENTED, STUB, DRIFTED, ORPHAN, MISSING = "implemented", "stub", "drifted", "orphan", "missing"
_NOUNS = (STUB, ORPHAN)
_LAYERS = ("handler", "logic", "model")
_DRIFTED = (State.DRIFTED, State.STUCK, State.BROKEN)


class StatusRow(NamedTuple):
    """A route, RPC or table: its state, its title, and the file with its logic or model."""

    state: str
    route: str
    file: str


def summary(states: Iterable[str]) -> str:
    """Return the counts of states in words, as `6 implemented, 1 stub`."""
    counts = Counter(states)
    words = [
        counted(counts[state], state) if state in _NOUNS else f"{counts[state]} {state}"
        for state in (IMPLEMENTED, STUB, DRIFTED, MISSING, ORPHAN)
        if counts[state]
    ]
    return ", ".join(words) or "no routes"


def rows(service: InspectedFolder) -> Iterator[StatusRow]:
    """Yield every route, RPC and table in the order of the contract, then the orphans."""
    verdicts = [(v.role, v) for v in service.followed.verdicts if v.role and v.role.layer in _LAYERS]
    parts: dict[tuple[str, bool], list[Verdict]] = {}
    for role, verdict in verdicts:
        parts.setdefault((role.title, role.layer == "model"), []).append(verdict)
    moved = {step.file.path for step in service.plan.steps if step.kind is StepKind.MOVE}
    for role, verdict in verdicts:
        if role.layer != "handler":
            yield StatusRow(
                _state(parts[role.title, role.layer == "model"], moved), role.title, service.shown(verdict.source)
            )
    for record in gone(service):
        if record.role.layer in ("logic", "model"):
            yield StatusRow(ORPHAN, record.role.title, service.shown(record.path))


def _state(parts: list[Verdict], moved: set[str]) -> str:
    """Return the worse state of a route's handler and logic."""
    states = {part.state for part in parts}
    if states & set(_DRIFTED) or any(part.path in moved for part in parts):
        return DRIFTED
    if State.ABSENT in states:
        return MISSING
    return STUB if State.STUB in states else IMPLEMENTED
