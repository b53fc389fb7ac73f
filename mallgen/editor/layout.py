"""The layout of a document, as edits that leave unchanged lines alone."""

from collections.abc import Iterator
from difflib import SequenceMatcher

from mallgen.diagnostics import Diagnostic
from mallgen.editor.places import EditorText, RangeEdit
from mallgen.syntax.format import format_text


class DoesNotParse(Exception):
    """Raised for a document that has no layout; `diagnostics` say why."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("the file does not parse")
        self.diagnostics = diagnostics


def laid_out(text: EditorText, file: str) -> tuple[RangeEdit, ...]:
    """Return the edits that bring a document into goctl's layout, each for a run of lines. Raises DoesNotParse.

    All lines get the end that most of them have, as with `mallgen api format`.
    """
    formatted = format_text(text.text, file)
    if formatted.text is None:
        raise DoesNotParse(formatted.diagnostics)
    windows = text.raw.count("\r\n")
    ends_crlf = windows > text.raw.count("\n") - windows
    return tuple(changes(text, formatted.text.replace("\n", "\r\n") if ends_crlf else formatted.text))


def changes(before: EditorText, after: str) -> Iterator[RangeEdit]:
    """Yield the edits that turn a document into `after`, by lines: marks and cursors elsewhere stay where they are."""
    old, new = _lines(before.raw), _lines(after)
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    starts = _starts(old)
    middle = old[head : len(old) - tail], new[head : len(new) - tail]
    for kind, a, b, c, d in SequenceMatcher(None, *middle).get_opcodes():
        if kind != "equal":
            yield RangeEdit(before.raw_between(starts[head + a], starts[head + b]), "".join(middle[1][c:d]))


def _lines(text: str) -> list[str]:
    """Split a text into lines with their ends; only LF ends one, since no editor can cut between CR and LF."""
    *whole, rest = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([rest] if rest else [])]


def _starts(lines: list[str]) -> list[int]:
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    return starts
