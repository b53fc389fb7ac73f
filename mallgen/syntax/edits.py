"""Edits of a text, and the mapping of spans in the edited text back to the original."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

from msgspec.structs import replace

from mallgen.diagnostics import Diagnostic
from mallgen.text.span import Span, SpanEdit
from mallgen.text.splice import spliced


class DialectEdit(NamedTuple):
    """The text that replaces `start` to `end` (offsets); `message` names the modern spelling, `code` the kind."""

    start: int
    end: int
    text: str
    code: str
    message: str


def applied(text: str, edits: Iterable[DialectEdit]) -> str:
    """Return `text` with the edits, which do not overlap."""
    return spliced(text, ((edit.start, edit.end, edit.text) for edit in edits))


class Offsets:
    """Conversion between the offsets of a text and its lines and columns, which count from 1."""

    def __init__(self, text: str, file: str) -> None:
        self._file = file
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def span(self, start: int, end: int) -> Span:
        """Return the Span from one offset to another."""
        return Span(self._file, *self._line_col(start), *self._line_col(end))

    def offset(self, line: int, col: int) -> int:
        """Return the offset of a line and column."""
        return self._starts[min(line, len(self._starts)) - 1] + col - 1

    def _line_col(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


class SpanMap:
    """A mapping of spans in the edited text (`after`) back to the original (`before`)."""

    def __init__(self, edits: tuple[DialectEdit, ...], before: Offsets, after: Offsets) -> None:
        self._edits = edits
        self._before = before
        self._after = after
        grown = (len(edit.text) - (edit.end - edit.start) for edit in edits)
        self._shifts = [0, *accumulate(grown)]  # by how much the first 0, 1, 2 … edits move the text behind them
        self._starts = [edit.start + shift for edit, shift in zip(edits, self._shifts, strict=False)]

    def diagnostic(self, problem: Diagnostic) -> Diagnostic:
        """Return a diagnostic of the edited text, its spans mapped to the original."""
        notes = tuple(replace(note, span=self.span(note.span)) for note in problem.notes)
        return replace(problem, span=problem.span and self.span(problem.span), notes=notes)

    def span(self, span: Span) -> Span:
        """Return a span of the edited text mapped to the original; text that an edit made maps to the edit's start."""
        start = self._offset(self._after.offset(span.line, span.col))
        end = self._offset(self._after.offset(span.end_line, span.end_col))
        return self._before.span(start, max(start, end))

    def _offset(self, offset: int) -> int:
        count = bisect_left(self._starts, offset)
        if count and self._starts[count - 1] + len(self._edits[count - 1].text) > offset:
            return self._edits[count - 1].start
        return offset - self._shifts[count]


def edited(text: str, edits: Sequence[SpanEdit]) -> tuple[str, int]:
    """Apply the edits of one file, of overlapping ones the last; return the text and the number of edits applied."""
    places = Offsets(text, "")
    made: list[tuple[int, int, str]] = []
    before = len(text)
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        start, end = (
            places.offset(*at) for at in ((edit.span.line, edit.span.col), (edit.span.end_line, edit.span.end_col))
        )
        if edit.span.line == edit.span.end_line and end <= before:
            made.append((start, end, edit.text))
            before = start
    return spliced(text, made), len(made)
