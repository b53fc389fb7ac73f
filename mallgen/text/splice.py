"""The one way to apply edits to a text."""

from collections.abc import Iterable
from typing import AnyStr


class Overlapping(Exception):
    """Raised when two edits change the same stretch."""


def spliced(text: AnyStr, edits: Iterable[tuple[int, int, AnyStr]]) -> AnyStr:
    """Return `text` with each stretch from start to end replaced; insertions at one offset keep their order.

    Raises Overlapping.
    """
    pieces: list[AnyStr] = []
    at = 0
    for start, end, new in sorted(edits, key=lambda edit: edit[:2]):
        if start < at:
            raise Overlapping
        pieces.append(text[at:start])
        pieces.append(new)
        at = end
    pieces.append(text[at:])
    return text[:0].join(pieces)
