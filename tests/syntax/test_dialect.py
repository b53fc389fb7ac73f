"""The older dialect: fixing it gives today's language and changes nothing else of a file."""

import csv
import difflib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mallgen.loading.load import load_text
from mallgen.syntax.dialect import Older, older
from mallgen.syntax.edits import applied
from mallgen.syntax.format import format_text
from tests.conftest import mallgen

MODERN = """syntax = "v1"

info (
	title: "the shop, all of it" // its title
	desc:  "http://example.org/a"
	date:  "2020-01-04"
)

type Item {
	Id   int64 `json:"id"` // a struct { of no meaning
	Shelf {
		Name string `json:"name"`
	} `json:"shelf"`
}

type (
	Query {
		Id int64 `path:"id"`
	}
)

@server (
	prefix: "/api/v1-2"
	group:  "a-b/c"
)
service the_shop-api {
	// one
	@doc "one"
	@handler one
	get /items/:id (Query) returns (Item)

	@doc (
		summary: "two of them"
	)
	@handler two // two
	post /items (Item)
}
"""
AGED = [
    (r"(Item|Query) \{", r"\1 struct {"),
    (r"Shelf \{", "Shelf struct {"),
    (r'desc:  "(.*?)"', r"desc:  \1"),
    (r'date:  "(.*?)"', r"date:  \1"),
    (r'summary: "(.*?)"', r"summary: \1"),
    (r'prefix: "(.*?)"', r"prefix: \1"),
    (r'group:  "(.*?)"', r"group:  \1"),
    (r'@doc "one"', '@doc("one")'),
    (r"@handler one\n", "@server(\n\t\thandler: one\n\t)\n"),
    ("the_shop-api", "the-shop-api"),
]


def modernize(text: str) -> Older:
    """Rewrite a text that is in the older dialect, and return the result with its problems."""
    result = older(text, "x.api")
    assert result is not None
    return result


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
@settings(max_examples=60)
@given(chosen=st.sets(st.integers(0, len(AGED) - 1), min_size=1))
def test_what_was_aged_is_found_again(chosen: set[int], end: str) -> None:
    aged = MODERN
    for number in sorted(chosen):
        aged = re.sub(*AGED[number], aged)
    mended = modernize(aged.replace("\n", end))
    assert mended.is_whole, mended.problems
    assert mended.text == MODERN.replace("\n", end)


def rejected(corpus: Path) -> list[Path]:
    """Return the files of the corpus that goctl does not parse."""
    with (corpus / "VERDICTS.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [Path(f"{row['repo'].replace('/', '+')}/{row['path']}") for row in rows if row["syntax_ok"] == "0"]


def test_what_goctl_does_not_parse_is_the_older_dialect(
    corpus: Path, record_property: Callable[[str, object], None]
) -> None:
    names = rejected(corpus)
    places = 0
    for name in names:
        before = (corpus / name).read_text(encoding="utf-8")
        mended = modernize(before)
        assert mended.is_whole, (name, mended.problems)
        assert format_text(mended.text, str(name)).text is not None
        assert applied(before, mended.edits) == mended.text
        codes = {d.code for d in load_text(before, str(corpus / name)).diagnostics}
        assert all(code.startswith("older-dialect-") for code in codes), codes
        places += len(mended.changes)
    record_property("figure", f"older dialect: {len(names)} corpus files mended in {places} places")
    assert len(names) == 6


def test_only_the_places_change(corpus: Path) -> None:
    for name in rejected(corpus):
        before = (corpus / name).read_text(encoding="utf-8")
        edits = modernize(before).edits
        touched = {n for e in edits for n in range(before.count("\n", 0, e.start), before.count("\n", 0, e.end) + 1)}
        kept = [line for n, line in enumerate(before.split("\n")) if n not in touched]
        after = modernize(before).text.split("\n")
        matcher = difflib.SequenceMatcher(None, kept, after, autojunk=False)
        assert sum(block.size for block in matcher.get_matching_blocks()) == len(kept)


@settings(max_examples=150)
@given(
    st.lists(
        st.sampled_from(
            'type X struct { } ( ) info : a b "c" " ` // /* */ @doc @server service a-b , \n handler'.split(" ")
        )
    )
)
def test_no_text_ends_in_an_exception(words: list[str]) -> None:
    text = " ".join(words)
    result = older(text, "x.api")
    if result is not None:
        assert result.text == applied(text, result.edits)
        result.diagnostics(text, "x.api")


def test_a_file_that_is_not_whole_is_not_written(here: Path) -> None:
    source = "type T struct {}\ninfo (\n\tdesc: two words // three\n)\n"
    (here / "a.api").write_text(source)
    ran = mallgen("api", "fix", "-api", "a.api", "--write")
    assert ran.code == 1
    assert "error[older-dialect-unsafe]" in ran.err
    assert (here / "a.api").read_text() == source
