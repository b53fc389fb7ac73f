"""Properties of any text: positions convert back, the memory equals a fresh reading, and no request fails."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types as lsp

from mallgen.contract.base_types import BASE_TYPES
from mallgen.contract.resolve import METHODS, SETTINGS
from mallgen.contract.tags import OPTIONS, SOURCES
from mallgen.editor import navigation, words
from mallgen.editor.actions import quick_fixes, safe_edits
from mallgen.editor.completion import complete
from mallgen.editor.hover import hover
from mallgen.editor.layout import DoesNotParse, changes, laid_out
from mallgen.editor.memory import Memory
from mallgen.editor.places import EditorText, Position, Range
from mallgen.editor.project import SeenFile, understand
from mallgen.editor.renaming import rename
from mallgen.lint import rules
from mallgen.loading.sources import Sources
from mallgen.syntax.format import format_text
from mallgen.syntax.parse import parse
from mallgen.syntax.scan import HEADS, scan
from mallgen.text.limits import DEFAULT
from tests.conftest import CONTRACTS, ROOT
from tests.editor.client import applied

FILE = "x.api"
SHOP = (ROOT / "examples" / "mall.api").read_text(encoding="utf-8")
WIDE = (CONTRACTS / "wide.api").read_text(encoding="utf-8")
PIECES = ["\n", "\r\n", "\r", "\t", "a", "中", "😀", "\u2028", "\f", '"', "`", "{", "}", "(", ")", "type ", "@handler "]
LINES = ["", "}", "{", "type X {", "\tA int64", "// c", "/* c", "*/", ")", "\t@handler H", "\tget /x", "`", '"']


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_a_place_leads_back(raw: str) -> None:
    text = EditorText(raw)
    for offset in range(len(text.text) + 1):
        assert text.at(text.position(offset)) == offset
        assert text.offset(*text.line_col(offset)) == offset


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.integers(0, 5), st.integers(0, 20))
def test_every_position_is_a_place(raw: str, line: int, character: int) -> None:
    text = EditorText(raw)
    assert 0 <= text.at(Position(line, character)) <= len(text.text)


@given(st.integers(0, 1 << 32))
@settings(max_examples=25, deadline=None)
def test_what_is_remembered_is_what_would_be_read(seed: int) -> None:
    """After each random change of lines, the memory has the nodes and mistakes that a fresh reading finds."""
    chance = random.Random(seed)
    memory = Memory()
    lines = chance.choice((SHOP, WIDE)).split("\n")
    for _ in range(6):
        at = chance.randrange(len(lines))
        if chance.random() < 0.5:
            lines.insert(at, chance.choice((chance.choice(LINES), chance.choice(lines))))
        else:
            del lines[at]
        text = "\n".join(lines)
        read = memory.read(memory.scanned(text, FILE, DEFAULT))
        anew = parse(scan(text, FILE))
        assert read.parsed == anew
        assert {repr(node) for node in anew.nodes} <= {repr(node) for node in read.nodes}


@given(st.integers(0, 1 << 32))
@settings(max_examples=40, deadline=None)
def test_no_question_fails(seed: int) -> None:
    """In a text that is cut, doubled or mixed at random, every request is answered, wherever the cursor is."""
    chance = random.Random(seed)
    memory = Memory()
    text = chance.choice((SHOP, WIDE))
    for _ in range(chance.randrange(1, 4)):
        at, size = chance.randrange(len(text)), chance.randrange(60)
        text = text[:at] + chance.choice((*PIECES, *LINES, text[at : at + size])) + text[at + size :]
    text = text[: chance.randrange(len(text))] if chance.random() < 0.3 else text
    own = EditorText(text)
    sources = Sources((memory.scanned(own.text, FILE, DEFAULT),), {FILE: own.text}, (), DEFAULT)
    project = understand(FILE, sources, memory, tuple(rules().values()))
    navigation.outline(project.files[FILE])
    for offset in {len(own.text), *(chance.randrange(len(own.text) + 1) for _ in range(12))}:
        line, col = own.line_col(offset)
        here = own.position(offset)
        hover(project, FILE, line, col)
        found = complete(project, FILE, offset, ["a.api"])
        assert found.start <= offset
        navigation.definition(project, FILE, line, col)
        navigation.references([SeenFile(project, FILE)], line, col, declared=True)
        rename([SeenFile(project, FILE)], line, col, "Other")
        list(quick_fixes(list(project.problems), FILE, {FILE: own}, Range(here, here)))
    own.edited(safe_edits(list(project.problems), FILE, own))


@given(
    st.lists(st.sampled_from(LINES), max_size=9),
    st.lists(st.sampled_from(LINES), max_size=9),
    st.sampled_from(["\n", "\r\n"]),
)
def test_edits_make_the_other_text(before: list[str], after: list[str], end: str) -> None:
    old, new = end.join(before), end.join(after)
    text = EditorText(old)
    edits = tuple(changes(text, new))
    assert text.edited(edits) == new
    sent = [lsp.TextEdit(lsp.Range(lsp.Position(*e.range.start), lsp.Position(*e.range.end)), e.text) for e in edits]
    assert applied(old, sent) == new


def test_a_text_in_its_layout_needs_no_edit() -> None:
    formatted = format_text(SHOP, FILE).text
    assert formatted is not None
    assert laid_out(EditorText(formatted), FILE) == ()
    assert laid_out(EditorText(formatted.replace("\n", "\r\n")), FILE) == ()


def test_what_does_not_parse_has_no_layout() -> None:
    try:
        laid_out(EditorText("type X {"), FILE)
    except DoesNotParse as problem:
        assert problem.diagnostics[0].code == "unclosed"
    else:
        raise AssertionError("it has none")


def test_every_word_has_its_meaning() -> None:
    """Every keyword, setting, source, option, base type and method of the language has its explanation."""
    assert {*HEADS, "@server"} == set(words.STATEMENTS)
    assert set(words.SETTINGS) == SETTINGS
    assert set(words.SOURCES) == set(SOURCES)
    assert set(words.OPTIONS) == set(OPTIONS)
    assert set(words.BASE) == set(BASE_TYPES)
    assert set(words.METHOD) == set(METHODS)
