"""Rules about contracts that work, and could be better. A rule is one decorated function; its docstring is its page."""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic, Note
from mallgen.diagnostics.pages import page
from mallgen.lint.scope import Scope
from mallgen.model import Span

_MODULES = ("fields", "routes", "types")


class Edit(NamedTuple):
    """Text that takes the place of a stretch of a file."""

    span: Span
    text: str


class Finding(NamedTuple):
    """What a rule has found; `edits` mend it. They are for who asks for them when they also change something else.

    `changes` says what, such as the place where clients send a field.
    """

    message: str
    span: Span
    hint: str = ""
    notes: tuple[Note, ...] = ()
    edits: tuple[Edit, ...] = ()
    changes: str = ""


Check = Callable[[Scope], Iterator[Finding]]


class Rule(NamedTuple):
    """A rule: its code, how much it matters (`error` or `warning`), and whether it is on when nobody asks."""

    code: str
    severity: str
    default: bool
    check: Check


class Found(NamedTuple):
    """A finding as a diagnostic, with the edits that mend it, and what else these change."""

    diagnostic: Diagnostic
    edits: tuple[Edit, ...]
    changes: str = ""


_rules: dict[str, Rule] = {}


def rule(code: str, *, severity: str = "warning", default: bool = True) -> Callable[[Check], Check]:
    """Register a function as the rule `code`. `default=False`: it fires too often to be on for everybody."""

    def register(check: Check) -> Check:
        page(code)(check)
        _rules[code] = Rule(code, severity, default, check)
        return check

    return register


def rules() -> dict[str, Rule]:
    """Every rule by its code, in alphabetical order."""
    for module in _MODULES:
        import_module(f"mallgen.lint.{module}")
    return dict(sorted(_rules.items()))


def lint(scope: Scope, chosen: tuple[Rule, ...]) -> list[Found]:
    """What the chosen rules find, each place once: a field that is embedded five times has one line."""
    found: dict[tuple[str, Span], Found] = {}
    for one in chosen:
        for finding in one.check(scope):
            if (one.code, finding.span) in found:
                continue
            diagnostic = Diagnostic(
                one.code, finding.message, finding.span, finding.hint, finding.notes, severity=one.severity
            )
            edits = finding.edits if all(edit.span.line == edit.span.end_line for edit in finding.edits) else ()
            found[one.code, finding.span] = Found(diagnostic, edits, finding.changes)
    return sorted(found.values(), key=lambda item: (item.diagnostic.span or (), item.diagnostic.code))
