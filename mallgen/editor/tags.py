"""The inside of a tag, as a cursor meets it: which source, which part of its value."""

import re
from typing import NamedTuple

_SOURCE = re.compile(r'([A-Za-z_][A-Za-z0-9_.-]*):"((?:[^"\\]|\\.)*)("?)')
_WORD = re.compile(r"[A-Za-z_]+")


class TagWord(NamedTuple):
    """A source, or the name of an option, at its offset in the tag."""

    text: str
    start: int
    is_source: bool


class Part(NamedTuple):
    """Where in a tag a cursor stands: in the value of `source`, or outside of all when that is empty.

    `options` are those written before it; `in_key` is whether it is still the name on the wire; `used` are the sources.
    """

    source: str
    in_key: bool
    options: tuple[str, ...]
    used: tuple[str, ...]


def word_at(tag: str, offset: int) -> TagWord | None:
    """The source or option at an offset of a tag; names on the wire and values of options are none."""
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


def part(before: str) -> Part:
    """Where a cursor stands behind `before`, which is a tag from its back-quote on."""
    found = list(_SOURCE.finditer(before))
    used = tuple(match[1] for match in found)
    if found and not found[-1][3] and found[-1].end() == len(before):
        _, *options = _split(found[-1][2])
        written = tuple(option.partition("=")[0] for option in options[:-1])
        return Part(found[-1][1], not options, written, used)
    return Part("", False, (), used)


def _split(value: str) -> list[str]:
    """The parts of a value with all of their characters, so that offsets stay: commas in brackets split nothing."""
    parts, depth = [""], 0
    for char in value:
        if char == "," and depth == 0:
            parts.append("")
            continue
        depth = max(0, depth + (char in "[(") - (char in "])"))
        parts[-1] += char
    return parts
