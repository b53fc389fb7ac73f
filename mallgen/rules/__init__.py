"""Registries of rules: a rule is a decorated function that yields findings, and its docstring is its page.

Each command has a `Registry` of its own, for the subject of its rules: a contract, or two versions of one.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from importlib import import_module
from typing import Generic, NamedTuple, TypeVar

from mallgen.diagnostics import Diagnostic, Note
from mallgen.diagnostics.pages import page
from mallgen.text.span import Span, SpanEdit

Subject = TypeVar("Subject")


class Finding(NamedTuple):
    """A problem that a rule reports, with the edits that correct it.

    `facts` are more lines about it, each with its name: `affects`, `witness`. `severity` and `level` replace those of
    the rule, and `key` what two findings of one rule must differ in to be two: their span. `about` is the pair of
    declarations that was judged, for those who look further.
    `changes` names what else the edits change, such as the source in which clients send a field; "" for nothing.
    Edits with such a side effect are only for a caller that asks for them.
    """

    message: str
    span: Span
    hint: str = ""
    notes: tuple[Note, ...] = ()
    edits: tuple[SpanEdit, ...] = ()
    changes: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    severity: str = ""
    key: object = None
    level: str = ""
    about: object = None


class Found(NamedTuple):
    """A finding as a diagnostic, with the edits that correct it, what else these change, and what breaks: its level.

    `about` is the pair of declarations that it is about.
    """

    diagnostic: Diagnostic
    edits: tuple[SpanEdit, ...]
    changes: str = ""
    level: str = ""
    about: object = None


class Rule(NamedTuple, Generic[Subject]):
    """A rule: its code, its severity (`error`, `warning` or `info`), and whether it is on by default.

    `level` says what a change of two versions breaks: the wire, its JSON form, source or behaviour; "" for other rules.
    """

    code: str
    severity: str
    default: bool
    check: Callable[[Subject], Iterator[Finding]]
    level: str = ""


class Registry(Generic[Subject]):
    """The rules of one command, registered by importing the `modules` that contain them."""

    def __init__(self, *modules: str) -> None:
        self._modules = modules
        self._rules: dict[str, Rule[Subject]] = {}

    def rule(
        self, code: str, *, severity: str = "warning", default: bool = True, level: str = ""
    ) -> Callable[[Callable[[Subject], Iterator[Finding]]], Callable[[Subject], Iterator[Finding]]]:
        """Register a function as the rule `code`; `default=False`: it reports too often to be on by default."""

        def register(check: Callable[[Subject], Iterator[Finding]]) -> Callable[[Subject], Iterator[Finding]]:
            page(code)(check)
            self._rules[code] = Rule(code, severity, default, check, level)
            return check

        return register

    def rules(self) -> dict[str, Rule[Subject]]:
        """Return every rule by its code, in alphabetical order."""
        for module in self._modules:
            import_module(module)
        return dict(sorted(self._rules.items()))

    def chosen(self, select: Collection[str], ignore: Collection[str]) -> tuple[Rule[Subject], ...]:
        """Return the rules on by default and those in `select`, which may have `all`, without those in `ignore`."""
        return tuple(
            rule
            for code, rule in self.rules().items()
            if (rule.default or code in select or "all" in select) and code not in ignore
        )

    def run(self, subject: Subject, chosen: Sequence[Rule[Subject]]) -> list[Found]:
        """Return the findings of the chosen rules, each span once: a field that is embedded five times has one line."""
        found: dict[tuple[str, object], Found] = {}
        for one in chosen:
            for finding in one.check(subject):
                key = one.code, finding.key or finding.span
                if key not in found:
                    found[key] = _found(one.code, finding.severity or one.severity, finding, finding.level or one.level)
        return sorted(found.values(), key=lambda item: (item.diagnostic.span or (), item.diagnostic.code))


def _found(code: str, severity: str, finding: Finding, level: str) -> Found:
    place, notes = finding.span, finding.notes
    diagnostic = Diagnostic(code, finding.message, place, finding.hint, notes, severity, facts=finding.facts)
    edits = finding.edits if all(edit.span.line == edit.span.end_line for edit in finding.edits) else ()
    return Found(diagnostic, edits, finding.changes, level, finding.about)
