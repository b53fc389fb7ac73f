"""Lines of the workspace's own code that a finding breaks, known by the names that both of them have. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from mallgen.breaking import INFO
from mallgen.diagnostics import Diagnostic
from mallgen.python.names import snake
from mallgen.text.span import Span

_QUOTED = re.compile(r"`([^`]+)`")
_WORD = re.compile(r"[^\W\d]\w*")
_SUFFIX = re.compile(r"_(?:client|row|model|values)$")
_MOST = 5


class OwnLine(NamedTuple):
    """A line of own code that does not fit the new contract, with the sentence that says why."""

    span: Span
    text: str


def with_own_lines(found: Iterable[Diagnostic], lines: Sequence[OwnLine]) -> list[Diagnostic]:
    """Add to each error and warning the lines that use what it is about, at most five by their place."""
    known = [(line, names) for line in lines if (names := _named(line.text))]
    return [one if one.severity == INFO else _with(one, known) for one in found]


def _with(found: Diagnostic, known: Sequence[tuple[OwnLine, tuple[str, ...]]]) -> Diagnostic:
    words = {*_words(found.message)}
    places = [f"{line.span.file}:{line.span.line}" for line, names in known if words.issuperset(names)]
    if not places:
        return found
    shown = ", ".join(dict.fromkeys(places[:_MOST]))
    more = f" and {len(places) - _MOST} more" if len(places) > _MOST else ""
    first = [fact for fact in found.facts if fact[0] != "fingerprint"]
    return replace(found, facts=(*first, ("breaks", f"{shown}{more}"), *found.facts[len(first) :]))


def _named(text: str) -> tuple[str, ...]:
    """Return what a line uses: a class and its member, or a class that is gone."""
    quoted = _QUOTED.findall(text)
    if text.startswith("there is no"):
        return tuple(_words(f"`{quoted[0].rpartition('.')[2]}`")) if quoted else ()
    return tuple(word for part in quoted[:2] for word in _words(f"`{part}`"))[:2]


def _words(text: str) -> list[str]:
    """Return the names in quotation marks as Python spells them, without what generated classes add."""
    return [_SUFFIX.sub("", snake(word)) for part in _QUOTED.findall(text) for word in _WORD.findall(part)]
