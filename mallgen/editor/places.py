"""Positions as editors count them, and as the parser does.

The Language Server Protocol (3.17, "Text Documents") counts lines and characters from 0, characters as UTF-16 code
units, and ends a line at LF, CRLF and a lone CR. The parser counts both from 1, characters as code points, and has
lines that end in LF: CRLF is one, a lone CR is white space.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from mallgen.text.span import Span
from mallgen.text.splice import spliced

_LINE_END = re.compile(r"\r\n|\n|\r")


class Position(NamedTuple):
    """A position between two characters, as the protocol counts."""

    line: int
    character: int


class Range(NamedTuple):
    """The text from one position to another, the second one excluded."""

    start: Position
    end: Position


class RangeEdit(NamedTuple):
    """The text that replaces a range."""

    range: Range
    text: str


class EditorText:
    """A document: `raw` as the editor has it, `text` as the parser reads it."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.text = raw.replace("\r\n", "\n")
        self._plain = raw.isascii()
        self._starts = [0, *(match.end() for match in _LINE_END.finditer(raw))]
        self._crs = [match.start() for match in re.finditer("\r\n", raw)]
        self._dropped = [position - index for index, position in enumerate(self._crs)]
        self._lines = [0, *(match.end() for match in re.finditer("\n", self.text))]

    def offset(self, line: int, col: int) -> int:
        """Return the offset in `text` of a line and column as the parser counts them."""
        start = self._lines[min(max(line, 1), len(self._lines)) - 1]
        return min(start + max(col, 1) - 1, len(self.text))

    def line_col(self, offset: int) -> tuple[int, int]:
        """Return the line and the column, as the parser counts them, of an offset in `text`."""
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def range(self, span: Span) -> Range:
        """Return a Span as a range."""
        start = self.offset(span.line, span.col)
        end = self.offset(span.end_line, span.end_col)
        return self.between(start, max(start, end))

    def between(self, start: int, end: int) -> Range:
        """Return the range between two offsets in `text`."""
        return Range(self.position(start), self.position(end))

    def raw_between(self, start: int, end: int) -> Range:
        """Return the range between two offsets in `raw`."""
        return Range(self._raw_position(start), self._raw_position(end))

    def position(self, offset: int) -> Position:
        """Return the position of an offset in `text`."""
        return self._raw_position(offset + bisect_left(self._dropped, offset))

    def _raw_position(self, raw: int) -> Position:
        line = bisect_right(self._starts, raw) - 1
        return Position(line, self._utf16_units(self._starts[line], raw))

    def _utf16_units(self, start: int, end: int) -> int:
        if self._plain:
            return end - start
        return end - start + sum(char > "\uffff" for char in self.raw[start:end])

    def at(self, position: Position) -> int:
        """Return the offset in `text` of a position; one beyond the end of its line counts as that end."""
        raw = self._raw_offset(position)
        return raw - bisect_left(self._crs, raw)

    def edited(self, edits: Iterable[RangeEdit]) -> str:
        """Return the raw text with the edits, which must not overlap, applied as an editor does it."""
        offsets = ((self._raw_offset(edit.range.start), self._raw_offset(edit.range.end), edit.text) for edit in edits)
        return spliced(self.raw, offsets)

    def _raw_offset(self, position: Position) -> int:
        if position.line >= len(self._starts):
            return len(self.raw)
        start = self._starts[position.line]
        end = self._line_end(position.line)
        raw = start
        if self._plain:
            raw = min(start + position.character, end)
        else:
            left = position.character
            while raw < end and left >= (width := 1 + (self.raw[raw] > "\uffff")):
                left -= width
                raw += 1
        return raw

    def _line_end(self, line: int) -> int:
        """Return the offset in `raw` where a line ends, in front of its line end."""
        if line + 1 >= len(self._starts):
            return len(self.raw)
        end = self._starts[line + 1]
        return end - 2 if self.raw[end - 2 : end] == "\r\n" else end - 1


def contains(span: Span, line: int, col: int) -> bool:
    """Return whether a line and column is in a Span, or right behind it, where a cursor still touches the word."""
    return (span.line, span.col) <= (line, col) <= (span.end_line, span.end_col)
