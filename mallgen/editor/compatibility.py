"""Problems of an open contract for those who use the old one, with the compatible form where there is one. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from mallgen.breaking.judge import judge
from mallgen.breaking.mend import span_edits
from mallgen.breaking.mends import mends
from mallgen.breaking.policy import Judgement, Policy, settle
from mallgen.breaking.services import ServiceVersion
from mallgen.breaking.terms import Terms
from mallgen.editor.project import Problem, Project
from mallgen.model import Contract
from mallgen.text.span import SpanEdit

_CHANGES = "the contract: the old form stays beside the new one"


class BaseContract(NamedTuple):
    """A contract as it was: `texts` are those of its files by path, `label` names the version.

    `policy` has the settings of today's mallgen.toml, `service` the name there.
    """

    contract: Contract
    texts: dict[str, str]
    label: str
    policy: Policy
    service: str


def incompatible(project: Project, base: BaseContract, today: str) -> tuple[Problem, ...]:
    """Return what the open contract breaks for those who use the old one; nothing while it has errors."""
    contract = project.loaded.contract
    if contract is None:
        return ()
    old = ServiceVersion(base.service, project.root, api=base.contract)
    new = ServiceVersion(base.service, project.root, api=contract)
    chosen, terms = base.policy.chosen((), ()), Terms(today, auth_middlewares=base.policy.auth_middlewares)
    judged = judge([old], [new], base.label, chosen, terms)
    edits = _edits(judged, base.texts, {name: file.text for name, file in project.files.items()})
    found = []
    for diagnostic in settle(judged, base.policy, today).diagnostics:
        mark = dict(diagnostic.facts).get("fingerprint")
        if diagnostic.level == "info" or mark is None:  # a flaw of mallgen.toml is no flaw of the contract
            continue
        span = diagnostic.span
        file = span.file if span is not None and span.file in project.files else project.root
        shown = diagnostic if span is None or span.file == file else replace(diagnostic, span=None)
        found.append(Problem(file, diagnostic.level, shown, edits.get(mark, ()), _CHANGES))
    return tuple(found)


def _edits(
    judged: Sequence[Judgement], old: Mapping[str, str], new: Mapping[str, str]
) -> dict[str, tuple[SpanEdit, ...]]:
    """Return what writes the compatible form, by the fingerprints of the findings."""
    return {
        one.fingerprint: tuple(edit for edits in span_edits([mend], new).values() for edit in edits)
        for one, mend in mends(judged, old, new)
    }
