"""The span of a text in a file, and the text that replaces one."""

from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of a source file; lines and columns count from 1, columns in characters, end exclusive."""

    file: str
    line: int
    col: int
    end_line: int
    end_col: int


class SpanEdit(NamedTuple):
    """A text that replaces a span of a file; a span without characters is the place of an insertion."""

    span: Span
    text: str
