"""Edits of a text, and the way back from the places of the edited text to those of the first."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import NamedTuple

from msgspec.structs import replace

from mallgen.diagnostics import Diagnostic
from mallgen.text.span import Span
from mallgen.text.splice import spliced


class DialectEdit(NamedTuple):
    """`text` for what stands from `start` to `end`; `message` says the modern spelling, `code` the kind."""

    start: int
    end: int
    text: str
    code: str
    message: str


def applied(text: str, edits: Iterable[DialectEdit]) -> str:
    """Return `text` with the edits, which do not overlap."""
    return spliced(text, ((edit.start, edit.end, edit.text) for edit in edits))


class Offsets:
    """Offsets of a text as lines and columns, and back."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def span(self, start: int, end: int) -> Span:
        """The Span from one offset to another."""
        return Span(self._file, *self._place(start), *self._place(end))

    def offset(self, line: int, col: int) -> int:
        """The offset of a place."""
        return self._starts[min(line, len(self._starts)) - 1] + col - 1

    def _place(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


class Back:
    """From places of the rewritten text to those of the text before."""

    def __init__(self, edits: tuple[DialectEdit, ...], before: Offsets, after: Offsets) -> None:
        self._edits = edits
        self._before = before
        self._after = after
        grown = (len(edit.text) - (edit.end - edit.start) for edit in edits)
        self._shifts = [0, *accumulate(grown)]  # by how much a place behind so many edits has moved
        self._starts = [edit.start + shift for edit, shift in zip(edits, self._shifts, strict=False)]

    def diagnostic(self, found: Diagnostic) -> Diagnostic:
        """The same, pointing into the text before."""
        notes = tuple(replace(note, span=self.span(note.span)) for note in found.notes)
        return replace(found, span=found.span and self.span(found.span), notes=notes)

    def span(self, span: Span) -> Span:
        """The same for one place."""
        start = self._offset(self._after.offset(span.line, span.col))
        end = self._offset(self._after.offset(span.end_line, span.end_col))
        return self._before.span(start, max(start, end))

    def _offset(self, offset: int) -> int:
        count = bisect_left(self._starts, offset)
        if count and self._starts[count - 1] + len(self._edits[count - 1].text) > offset:
            return self._edits[count - 1].start
        return offset - self._shifts[count]
