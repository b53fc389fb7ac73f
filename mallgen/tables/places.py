"""Offsets of a file as spans."""

from bisect import bisect_right

from mallgen.text.span import Span


class Places:
    """The text of a file, and its lines' beginnings."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.starts = [0]
        at = text.find("\n")
        while at >= 0:
            self.starts.append(at + 1)
            at = text.find("\n", at + 1)

    def line(self, offset: int) -> int:
        """Return the number of the line, from 1."""
        return bisect_right(self.starts, offset)

    def span(self, start: int, end: int) -> Span:
        """Return the span between two offsets."""
        line = bisect_right(self.starts, start)
        last = line if end <= start else bisect_right(self.starts, end - 1)
        return Span(self.file, line, start - self.starts[line - 1] + 1, last, end - self.starts[last - 1] + 1)
