"""The inside of a tag: the source, wire name or option at a cursor."""

import re
from typing import NamedTuple

_SOURCE = re.compile(r'([A-Za-z_][A-Za-z0-9_.-]*):"((?:[^"\\]|\\.)*)("?)')
_WORD = re.compile(r"[A-Za-z_]+")


class TagWord(NamedTuple):
    """A source, or the name of an option, at its offset in the tag."""

    text: str
    start: int
    is_source: bool


class TagPosition(NamedTuple):
    """The position of a cursor in a tag: in the value of `source`, or outside of all values when that is empty.

    `in_key`: it is still in the wire name; `options` are those before it; `used` are the sources of the tag.
    """

    source: str
    in_key: bool
    options: tuple[str, ...]
    used: tuple[str, ...]


def word_at(tag: str, offset: int) -> TagWord | None:
    """Return the source or option at an offset of a tag; None for wire names and the values of options."""
    for match in _SOURCE.finditer(tag):
        if match.start(1) <= offset <= match.end(1):
            return TagWord(match[1], match.start(1), is_source=True)
        at = match.start(2)
        for index, option in enumerate(_split(match[2])):
            word = _WORD.match(option)
            if index and word is not None and at <= offset <= at + word.end():
                return TagWord(word[0], at, is_source=False)
            at += len(option) + 1
    return None


def tag_position(before: str) -> TagPosition:
    """Return the position of a cursor behind `before`, which is a tag from its back-quote on."""
    sources = list(_SOURCE.finditer(before))
    used = tuple(match[1] for match in sources)
    if sources and not sources[-1][3] and sources[-1].end() == len(before):
        _, *options = _split(sources[-1][2])
        written = tuple(option.partition("=")[0] for option in options[:-1])
        return TagPosition(sources[-1][1], not options, written, used)
    return TagPosition("", False, (), used)


def _split(value: str) -> list[str]:
    """Split a value at its commas outside of brackets; the parts keep all characters, so that offsets stay right."""
    parts, depth = [""], 0
    for char in value:
        if char == "," and depth == 0:
            parts.append("")
            continue
        depth = max(0, depth + (char in "[(") - (char in "])"))
        parts[-1] += char
    return parts
