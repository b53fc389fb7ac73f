"""The witnesses of findings: each error about the wire gets one, or is a warning that says why it has none."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import NamedTuple

from msgspec.structs import replace

from mallgen.breaking import ERROR, JSON, WARNING, WIRE, ServiceChange
from mallgen.breaking.policy import Judgement
from mallgen.witness.child import Child, NotExecuted, interpreter
from mallgen.witness.http import HttpWitnesses, Witness

FACT = "witness"
_NONE_FOUND = "none found: no old request is refused, and each new answer can be read"
_UNMADE = {
    "signature-added": "none made: generated services check no signatures",
    "sse-changed": "none made: generated services send no streams",
}


class Proven(NamedTuple):
    """A finding with the line about its witness among its facts, and the witness itself."""

    judged: Judgement
    witness: Witness | None = None


def proven(judged: Sequence[Judgement], folder: str) -> list[Proven]:
    """Return all findings, those that need a witness with one; `folder` is that of the workspace."""
    with ExitStack() as stack:
        runs = _Runs(folder, stack)
        return [_proof(one, runs) if needs_witness(one) else Proven(one) for one in judged]


def needs_witness(one: Judgement) -> bool:
    """Return whether a finding is an error about the wire or its JSON form."""
    found = one.found
    is_wire = found.level in (WIRE, JSON) and found.diagnostic.severity == ERROR
    return is_wire and found.about is not None and one.change.api is not None


class _Runs:
    """The two children, started when the first finding needs them, and the search in each service."""

    def __init__(self, folder: str, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._children: tuple[Child, Child] | None = None
        self._searches: dict[int, HttpWitnesses | str] = {}

    def find(self, one: Judgement) -> Witness | None:
        """Return the smallest witness of a finding. Raises NotExecuted."""
        change = one.change
        if id(change) not in self._searches:
            self._searches[id(change)] = self._search(change)
        search = self._searches[id(change)]
        if isinstance(search, str):
            raise NotExecuted(search)
        return search.find(one.found.about, one.found.diagnostic.code)

    def _search(self, change: ServiceChange) -> HttpWitnesses | str:
        """Return the search in a service, or why there is none."""
        assert change.api is not None
        try:
            if self._children is None:
                python = interpreter(self._folder)
                self._children = self._stack.enter_context(Child(python)), self._stack.enter_context(Child(python))
            return HttpWitnesses(change.api, *self._children, str(len(self._searches)))
        except NotExecuted as problem:
            return str(problem)


def _proof(one: Judgement, runs: _Runs) -> Proven:
    try:
        witness = runs.find(one)
    except NotExecuted as problem:
        return Proven(_saying(one, f"not executed: {problem}", ERROR))
    if witness is None:
        return Proven(_saying(one, _UNMADE.get(one.found.diagnostic.code, _NONE_FOUND), WARNING))
    return Proven(_saying(one, witness.line, ERROR), witness)


def _saying(one: Judgement, line: str, severity: str) -> Judgement:
    diagnostic = one.found.diagnostic
    changed = replace(diagnostic, facts=(*diagnostic.facts, (FACT, line)), severity=severity)
    return one._replace(found=one.found._replace(diagnostic=changed))
