"""Comments `-- mallgen:…` of a file, each of which belongs to the statement below it."""

import re
from bisect import bisect_left
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.tables.places import Places
from mallgen.tables.scan import Comment
from mallgen.text.span import Span

_LINE = re.compile(r"^[ \t*#-]*+(?:/\*++[ \t]*+)?+(mallgen:[^\n]*+)", re.M)
_WORD = re.compile(r"`[^`]*`|\"[^\"]*\"|[^\s,]+|,")
_ELSEWHERE = frozenset(("dialect", "ignore"))  # read by others


class Word(NamedTuple):
    """A word of an annotation without quotes, with its place in the file."""

    text: str
    span: Span


class Annotation(NamedTuple):
    """An annotation: its verb and the words behind it, commas among them; `start` is its offset in the file."""

    verb: str
    words: tuple[Word, ...]
    span: Span
    start: int


class Annotations:
    """The annotations of one file, each of which belongs to the statement below it."""

    def __init__(self, places: Places, comments: tuple[Comment, ...]) -> None:
        self._found = [one for comment in comments for one in _annotations(places, comment)]
        self._starts = [one.start for one in self._found]
        self._taken: set[int] = set()
        self._window = (0, 0)

    def stand_between(self, start: int, end: int) -> None:
        """Say between which offsets the annotations of the statement that is read next stand."""
        self._window = (start, end)

    def take(self) -> list[Annotation]:
        """Take the annotations of the statement that is read."""
        first, last = (bisect_left(self._starts, offset) for offset in self._window)
        self._taken.update(range(first, last))
        return self._found[first:last]

    def left(self) -> list[Diagnostic]:
        """Return a finding for each annotation that stands above no table."""
        message = "this annotation stands above no table"
        hint = "put it directly above CREATE TABLE"
        rest = [one for at, one in enumerate(self._found) if at not in self._taken]
        return [Diagnostic("ddl-bad-annotation", message, one.span, hint) for one in rest]


def _annotations(places: Places, comment: Comment) -> list[Annotation]:
    found: list[Annotation] = []
    if "mallgen:" not in comment.text:
        return found
    for line in _LINE.finditer(places.text[comment.start : comment.end]):
        start, said = comment.start + line.start(1), line[1].rstrip().removesuffix("*/").rstrip()
        span = places.span(start, start + len(said))
        words = []
        for one in _WORD.finditer(said, len("mallgen:")):
            text = one[0][1:-1] if one[0][0] in '`"' and len(one[0]) > 1 else one[0]
            words.append(Word(text, places.span(start + one.start(), start + one.end())))
        verb = words[0].text if words and said[8:9].strip() else ""
        if verb not in _ELSEWHERE:
            found.append(Annotation(verb, tuple(words[1:] if verb else words), span, start))
    return found
