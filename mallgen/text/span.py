"""The span of a text in a file."""

from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of a source file; lines and columns count from 1, columns in characters, end exclusive."""

    file: str
    line: int
    col: int
    end_line: int
    end_col: int
