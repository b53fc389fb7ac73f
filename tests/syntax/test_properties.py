"""Random contracts survive the round trip; random text never ends in an exception."""

import ast
from typing import Any, NamedTuple

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mallgen.cli.commands.api_inspect import document
from mallgen.emit.http.files import HttpOptions, emit
from mallgen.loading.load import load_text
from mallgen.python.layout import docstring
from mallgen.syntax.parse import parse
from mallgen.syntax.scan import GO_KEYWORDS, scan

WORD = st.from_regex(r"[A-Z][a-z]{1,6}", fullmatch=True).filter(lambda w: w.lower() not in GO_KEYWORDS)
PRIMITIVES = st.sampled_from(["bool", "int", "int64", "uint8", "float64", "string"])
COMMENT = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), max_size=20)


class Sketch(NamedTuple):
    """The types and routes of a contract, before they are written as text."""

    types: dict[str, list[tuple[str, str, str]]]
    routes: list[tuple[str, str, str, str, str]]

    def text(self) -> str:
        """Return the contract as source."""
        lines = ['syntax = "v1"', ""]
        for name, fields in self.types.items():
            lines += [
                f"type {name} {{",
                *(f'\t{f} {kind} `json:"{f.lower()}"` // {note}' for f, kind, note in fields),
                "}",
            ]
        lines += ["service made-api {"]
        for number, (method, path, request, response, doc) in enumerate(self.routes):
            lines += [f'\t@doc "{doc}"', f"\t@handler H{number}"]
            lines += [f"\t{method} /{path.lower()}/{number} ({request}) returns ({response})"]
        return "\n".join([*lines, "}", ""])


@st.composite
def sketches(draw: st.DrawFn) -> Sketch:
    names = draw(st.lists(WORD, min_size=1, max_size=5, unique_by=str.lower))
    leaf = st.one_of(PRIMITIVES, st.sampled_from(names).map(lambda name: f"*{name}"))
    kinds = st.recursive(
        leaf,
        lambda inner: st.one_of(inner.map(lambda t: f"[]{t}"), inner.map(lambda t: f"map[string]{t}")),
        max_leaves=3,
    )
    fields = st.lists(st.tuples(WORD, kinds, COMMENT), max_size=4, unique_by=lambda field: field[0].lower())
    types = {name: draw(fields) for name in names}
    method = st.sampled_from(["get", "post", "put", "delete", "patch"])
    doc = st.text(st.characters(whitelist_categories=("L", "N", "Zs")), max_size=10)
    route = st.tuples(method, WORD, st.sampled_from(names), st.sampled_from(names), doc)
    return Sketch(types, draw(st.lists(route, min_size=1, max_size=4)))


@settings(max_examples=60)
@given(sketches())
def test_what_is_written_is_what_is_read(sketch: Sketch) -> None:
    loaded = load_text(sketch.text(), "made.api")
    assert loaded.contract is not None, loaded.diagnostics
    found: Any = document(loaded.contract)
    types = {t["name"]: [(m["name"], m["type"]) for m in t["members"]] for t in found["types"]}
    assert types == {name: [(f, kind) for f, kind, _ in fields] for name, fields in sketch.types.items()}
    assert sum(len(group["routes"]) for group in found["groups"]) == len(sketch.routes)


@settings(max_examples=40)
@given(sketches())
def test_what_is_read_can_be_generated_twice_alike(sketch: Sketch) -> None:
    contract = load_text(sketch.text(), "made.api").contract
    assert contract is not None
    first, second = emit(contract, HttpOptions()), emit(contract, HttpOptions())
    assert first.files == second.files
    assert all(file.text.endswith("\n") for file in first.files if file.text)


WORDS = """type service { } ( ) @handler @doc @server A map [ ] * / : "x" `json:"a"` get returns syntax = "v1" import
info , - 3s 12 ... //x /*"""
PIECES = st.sampled_from([*WORDS.split(), "\n"])


@settings(max_examples=150)
@given(st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=40).map(" ".join)))
@example("service f { @handler }")
@example("type (")
@example("@server")
@example("")
def test_no_text_ends_in_an_exception(text: str) -> None:
    scanned = scan(text, "x.api")
    parse(scanned)
    load_text(text, "x.api")


@given(st.text(alphabet='a\\" ', min_size=1, max_size=40))
@example('a\\"')
@example('a\\"""')
@example('"""')
def test_a_docstring_says_what_it_was_given(text: str) -> None:
    made = ast.literal_eval(docstring([text], 0))
    assert made.split() == text.split() or not text.strip()
