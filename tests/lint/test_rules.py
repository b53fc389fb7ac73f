"""The registry of rules, as a command other than `api lint` would use it for rules of its own."""

from collections.abc import Iterator

import pytest

from mallgen.rules import Finding, Registry
from mallgen.rules.suppress import RuleCodes, apply, suppressions
from mallgen.text.span import Span, SpanEdit

TEXT = "good\nbad\nworse // mallgen:ignore worse we know\n"


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry[str]:
    """Return a registry with two rules about the lines of a text; their pages are forgotten after the test."""
    monkeypatch.setattr("mallgen.diagnostics.pages._docstrings", {})
    registry: Registry[str] = Registry()

    @registry.rule("worse", severity="error")
    def worse(text: str) -> Iterator[Finding]:
        """A line is worse."""
        yield from _lines(text, "worse")

    @registry.rule("bad", default=False)
    def bad(text: str) -> Iterator[Finding]:
        """A line is bad."""
        for _ in range(2):
            yield from _lines(text, "bad")

    return registry


def _lines(text: str, word: str) -> Iterator[Finding]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(word):
            span = Span("a.txt", number, 1, number, len(word) + 1)
            yield Finding(f"`{word}`", span, edits=(SpanEdit(span, "good"),))


@pytest.mark.parametrize(
    ("select", "ignore", "codes"),
    [
        ([], [], ["worse"]),
        (["bad"], [], ["bad", "worse"]),
        (["all"], ["worse"], ["bad"]),
    ],
)
def test_rules_are_chosen_by_code(
    registry: Registry[str], select: list[str], ignore: list[str], codes: list[str]
) -> None:
    assert list(registry.rules()) == ["bad", "worse"]
    assert [rule.code for rule in registry.chosen(select, ignore)] == codes


def test_each_place_is_found_once_in_the_order_of_places(registry: Registry[str]) -> None:
    found = [item.diagnostic for item in registry.run(TEXT, registry.chosen(["all"], []))]
    assert [(one.code, one.severity, one.span.line if one.span else 0) for one in found] == [
        ("bad", "warning", 2),
        ("worse", "error", 3),
    ]


def test_a_comment_switches_a_rule_off(registry: Registry[str]) -> None:
    chosen = registry.chosen(["all"], [])
    judged = RuleCodes(list(registry.rules()), [rule.code for rule in chosen], "mallgen read --rules")
    left = apply(registry.run(TEXT, chosen), suppressions({"a.txt": TEXT}), judged)
    assert [item.diagnostic.code for item in left] == ["bad"]


def test_a_comment_that_names_no_rule_says_where_they_are_listed() -> None:
    comments = suppressions({"a.txt": "x // mallgen:ignore quaint why not\n"})
    (wrong,) = apply([], comments, RuleCodes(["worse"], ["worse"], "mallgen read --rules"))
    assert wrong.diagnostic.hint == "mallgen read --rules lists them"
