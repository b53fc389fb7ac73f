"""Every code that mallgen can print has a page for `mallgen explain`."""

import ast
import re
from collections.abc import Iterator

import pytest

from mallgen.breaking import RULES as BREAKING
from mallgen.diagnostics.pages import THEMES, pages, parse, unique
from mallgen.lint import rules
from mallgen.rules.chain_codes import CHAIN_CODES
from mallgen.tablerules import rules as table_rules
from tests.conftest import ROOT, mallgen

CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
CALLS = {"Diagnostic", "Unreadable", "_report", "_unfit", "report"}
COMPOSED = {
    "duplicate-syntax",
    "duplicate-info",
    "bad-jwt",
    "bad-jwttransition",
    "bad-cors",
}  # from f-strings in resolve.py


def used() -> set[str]:
    """Return the codes in the sources: arguments of calls that make diagnostics, and triples of code, message, hint."""
    found = set(COMPOSED)
    for path in (ROOT / "mallgen").rglob("*.py"):
        if not {"_built", "pages"} & set(path.parts):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                found |= set(_codes(node))
    return found


def _codes(node: ast.AST) -> Iterator[str]:
    first: list[ast.expr] = []
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[:1] if name in CALLS else []
    elif isinstance(node, ast.Tuple) and len(node.elts) == 3 and all(map(_is_text, node.elts)):
        first = node.elts[:1]
    for value in first:
        text = value.value if isinstance(value, ast.Constant) else None
        if isinstance(text, str) and CODE.match(text) and ("-" in text or isinstance(node, ast.Call)):
            yield text


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert len(used()) > 70
    assert used() - pages().keys() == set()
    unused = pages().keys() - used()
    sources = "".join(p.read_text("utf-8") for p in (ROOT / "mallgen").rglob("*.py") if "pages" not in p.parts)
    assert {code for code in unused if f'"{code}"' not in sources} == set()


def test_every_file_of_pages_is_read() -> None:
    folder = ROOT / "mallgen" / "diagnostics" / "pages"
    assert sorted(path.name for path in folder.iterdir() if path.suffix != ".py" and path.is_file()) == sorted(
        f"{theme}.md" for theme in THEMES
    )
    headings = [
        line.removeprefix("## ")
        for theme in THEMES
        for line in (folder / f"{theme}.md").read_text("utf-8").splitlines()
        if line.startswith("#") and not line.startswith("# ")
    ]
    assert len(headings) == len(set(headings))
    assert (
        set(headings) | rules().keys() | table_rules().keys() | BREAKING.rules().keys() | set(CHAIN_CODES)
        == pages().keys()
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a title"),
        ("## a-code\n\nText.\n", "a title"),
        ("# Title\n\nText without a code.\n\n## a-code\n\nText.\n", "a title"),
        ("# Title\n\n## a-code\n\n## b-code\n\nText.\n", "`a-code` is no code with a text"),
        ("# Title\n\n## A code\n\nText.\n", "`A code` is no code with a text"),
    ],
)
def test_what_is_no_page_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse("theme", text)


def test_a_code_has_one_page() -> None:
    assert unique([("a", "x"), ("b", "y")]) == {"a": "x", "b": "y"}
    with pytest.raises(ValueError, match="two pages explain `a`"):
        unique([("a", "x"), ("a", "x")])


@pytest.mark.parametrize("code", sorted(pages()))
def test_a_page_begins_with_one_sentence(code: str) -> None:
    first, *rest = pages()[code].splitlines()
    assert first.endswith(".") or not rest
    assert not rest or rest[0] == ""
    ran = mallgen("explain", code)
    assert (ran.code, ran.out) == (0, f"{code}\n\n{pages()[code]}\n")
