"""The witnesses of findings: each error about the wire gets one, or is a warning that says why it has none."""

from collections.abc import Sequence
from contextlib import ExitStack
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from mallgen.breaking import ERROR, JSON, WARNING, WIRE, ServiceChange
from mallgen.breaking.policy import Judgement
from mallgen.witness.child import Child, NotExecuted, interpreter
from mallgen.witness.http import HttpWitnesses, Witness
from mallgen.witness.messages import MessageWitness

if TYPE_CHECKING:
    from mallgen.witness.rpc import RpcWitnesses

FACT = "witness"
_SECONDS = 10.0  # after which no other search begins
_NONE_FOUND = "none found: no old request is refused, and each new answer can be read"
_OF_PROTOS = ("proto-", "topic-", "queue-")
_UNMADE = {
    "sse-changed": "none made: a stream has no single answer to compare",
    "success-status-changed": "none made: the bodies of both answers are the same",
    "proto-field-behavior-changed": "none made: generated services do not check it",
    "proto-field-validation-tightened": "none made: generated services do not check it",
    "proto-reserved-removed": "none made: it breaks what another field with the number or name will be",
    "proto-rpc-http-binding-changed": "none made: generated services have no gateway",
}


AnyWitness = Witness | MessageWitness


class Proven(NamedTuple):
    """A finding with the line about its witness among its facts, and the witness itself."""

    judged: Judgement
    witness: AnyWitness | None = None


def proven(judged: Sequence[Judgement], folder: str) -> list[Proven]:
    """Return all findings, those that need a witness with one; `folder` is that of the workspace."""
    with ExitStack() as stack:
        runs = _Runs(folder, stack)
        return [_proof(one, runs) if needs_witness(one) else Proven(one) for one in judged]


def needs_witness(one: Judgement) -> bool:
    """Return whether a finding is an error about the wire or its JSON form."""
    found = one.found
    is_wire = found.level in (WIRE, JSON) and found.diagnostic.severity == ERROR
    return is_wire and found.about is not None


class _Runs:
    """The two children, started when the first finding needs them, and the search in each service."""

    def __init__(self, folder: str, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._children: tuple[Child, Child] | None = None
        self._searches: dict[tuple[int, str], HttpWitnesses | RpcWitnesses | str] = {}
        self._end = monotonic() + _SECONDS

    def find(self, one: Judgement) -> AnyWitness | None:
        """Return the smallest witness of a finding. Raises NotExecuted."""
        if monotonic() > self._end:
            raise NotExecuted(f"the search for others took its {_SECONDS:.0f} s")
        found = one.found
        kind = "calls" if found.diagnostic.code.startswith(_OF_PROTOS) else "routes"
        key = id(one.change), kind
        if key not in self._searches:
            self._searches[key] = self._search(one.change, kind)
        search = self._searches[key]
        if isinstance(search, str):
            raise NotExecuted(search)
        if isinstance(search, HttpWitnesses):
            return search.find(found.about, found.diagnostic.code)
        return search.find(found.about, found.level)

    def _search(self, change: ServiceChange, kind: str) -> "HttpWitnesses | RpcWitnesses | str":
        """Return the search in a service, or why there is none."""
        try:
            if self._children is None:
                python = interpreter(self._folder)
                self._children = self._stack.enter_context(Child(python)), self._stack.enter_context(Child(python))
            name = str(len(self._searches))
            if kind == "routes" and change.api is not None:
                return HttpWitnesses(change.api, *self._children, name)
            if kind == "calls" and change.proto is not None:
                from mallgen.witness.rpc import RpcWitnesses

                return RpcWitnesses(change.proto, *self._children, name)
        except NotExecuted as problem:
            return str(problem)
        return "one version has no such contract"


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
