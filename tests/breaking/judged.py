"""Two texts of a contract, judged."""

from typing import NamedTuple

from mallgen.breaking import RULES, ServiceChange
from mallgen.breaking.api import ApiChange
from mallgen.breaking.policy import Judgement, with_cause
from mallgen.diagnostics import Diagnostic
from mallgen.loading.load import load_text
from mallgen.model import Contract


class Line(NamedTuple):
    """A finding without its places."""

    severity: str
    code: str
    message: str


def contract(text: str) -> Contract:
    """Return the contract of a text, whose first line may be missing."""
    head = "" if text.lstrip().startswith("syntax") else 'syntax = "v1"\n'
    loaded = load_text(head + text, "x.api")
    assert loaded.contract is not None, [problem.message for problem in loaded.diagnostics]
    return loaded.contract


def change(old: str, new: str) -> ApiChange:
    """Return the change from one text to the other."""
    return ApiChange(contract(old), contract(new), "main")


def diagnostics(subject: ApiChange) -> list[Diagnostic]:
    """Return what all rules that are on by default say."""
    service = ServiceChange(subject)
    found = [Judgement(one, "", change=service) for one in RULES.run(service, RULES.chosen((), ()))]
    return [one.found.diagnostic for one in with_cause(found)]


def judged(old: str, new: str) -> list[Line]:
    """Return the findings as lines, in the order of their places."""
    found = diagnostics(change(old, new))
    return [Line(one.severity or "error", one.code, one.message) for one in found]


def codes(old: str, new: str) -> list[str]:
    """Return the severities and codes of the findings: `error request-field-removed`; not those about types' names."""
    return [f"{one.severity} {one.code}" for one in judged(old, new) if not one.code.startswith("type-")]
