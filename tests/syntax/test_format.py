"""The layout of contracts: goctl's bytes on public files, every comment kept, the same meaning."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from mallgen.loading.load import load_text
from mallgen.syntax.comments import with_comments
from mallgen.syntax.format import format_text
from mallgen.syntax.parse import parse
from mallgen.syntax.scan import scan
from mallgen.text.span import Span
from tests.conftest import CONTRACTS, ROOT

LISTED = ROOT / "tests" / "conformance" / "format_divergences.jsonl"
DIVERGENCES = [json.loads(line) for line in LISTED.read_text(encoding="utf-8").splitlines()]
SAMPLE = (CONTRACTS / "wide.api").read_text(encoding="utf-8") + (CONTRACTS / "wide_types.api").read_text(
    encoding="utf-8"
)
GAPS = ["", " ", "\n", "\n\n", "\t", " /* c */ ", " // c\n", "\n// c\n", "\n/* c\n   d */\n", "\n/* c */ "]


def formatted(text: str) -> str:
    """Return a readable text in mallgen's layout."""
    result = format_text(text, "x.api")
    assert result.text is not None, result.diagnostics
    return result.text


def comments(text: str) -> Counter[str]:
    """Return the comments of a text and how often each occurs."""
    tokens = [token for statement in scan(text, "x.api").statements for token in statement.tokens]
    found, rest = with_comments(text, tokens)
    return Counter([*rest, *(comment for word in found for comment in word.comments)])


def written(text: str) -> list[str]:
    """Return the values of a text's tokens."""
    return [token.value for statement in scan(text, "x.api").statements for token in statement.tokens]


def meaning(value: Any, without: frozenset[str] = frozenset()) -> Any:
    """Return a contract or a tree as plain values without spans."""
    if isinstance(value, Span):
        return None
    if isinstance(value, Struct):
        fields = [name for name in value.__struct_fields__ if name not in without]
        return (type(value).__name__, *(meaning(getattr(value, name), without) for name in fields))
    if isinstance(value, tuple):
        return tuple(meaning(item, without) for item in value)
    return value


def sources(corpus: Path) -> list[Path]:
    """Return every file of the corpus that goctl has formatted."""
    root = corpus / "golden_format"
    return [path.relative_to(root) for path in sorted(root.rglob("*.api"))]


def test_the_layout_is_goctls(corpus: Path, record_property: Callable[[str, object], None]) -> None:
    names = sources(corpus)
    golden = {name: (corpus / "golden_format" / name).read_bytes() for name in names}
    ours = {name: formatted((corpus / name).read_text(encoding="utf-8")).encode() for name in names}
    differing = [str(name) for name in names if golden[name] != ours[name]]
    equal = len(names) - len(differing)
    record_property("figure", f"formats equal: {equal} of {len(names)}, divergences listed: {len(DIVERGENCES)}")
    assert len(names) == 157
    assert not differing


def test_the_corpus_keeps_its_comments_and_its_meaning(corpus: Path) -> None:
    for name in sources(corpus):
        before = (corpus / name).read_text(encoding="utf-8")
        after = formatted(before)
        assert formatted(after) == after, name
        assert comments(after) == comments(before), name
        first, second = (load_text(text, str(corpus / name)) for text in (before, after))
        assert meaning(first.contract) == meaning(second.contract), name


@pytest.mark.parametrize("case", DIVERGENCES, ids=lambda case: case["name"])
def test_each_divergence_is_one_for_its_reason(case: dict[str, str]) -> None:
    source, theirs, again = case["source"], case["goctl"], case["goctl_again"]
    ours = formatted(source)
    assert ours != theirs, "goctl makes the same of it: take it off the list"
    assert formatted(ours) == ours
    assert comments(ours) == comments(source)
    held = {
        "loses": lambda: comments(theirs) != comments(source),
        "unstable": lambda: theirs != again,
        "breaks": lambda: format_text(theirs, "x.api").text is None,
        "meaning": lambda: written(theirs) != written(source) == written(ours),
        "one layout": lambda: written(theirs) == written(ours),
    }
    assert held[case["reason"]]()


@st.composite
def disordered(draw: st.DrawFn) -> str:
    """Draw a contract with other gaps between some of its tokens: white space, comments, nothing."""
    statements = scan(SAMPLE, "x.api").statements
    begin = draw(st.integers(0, len(statements) - 1))
    tokens = [t for s in statements[begin : begin + draw(st.integers(1, 3))] for t in s.tokens]
    chosen = draw(st.dictionaries(st.integers(0, len(tokens)), st.sampled_from(GAPS), max_size=12))
    text, position = "", tokens[0].start_pos
    for number, token in enumerate(tokens):
        text += chosen.get(number, SAMPLE[position : token.start_pos]) + token.value
        position = token.end_pos
    return text + chosen.get(len(tokens), "\n")


@settings(max_examples=150)
@given(disordered())
def test_whatever_the_gaps_nothing_is_lost(text: str) -> None:
    result = format_text(text, "x.api").text
    assume(result is not None)
    assert result is not None
    assert formatted(result) == result
    assert comments(result) == comments(text)
    plain = frozenset({"docs", "comment"})
    first, second = (parse(scan(source, "x.api")).nodes for source in (text, result))
    assert meaning(first, plain) == meaning(second, plain)


@settings(max_examples=60)
@given(st.text(max_size=80))
def test_random_text_is_formatted_or_refused(text: str) -> None:
    result = format_text(text, "x.api")
    assert (result.text is None) == bool(result.diagnostics)
