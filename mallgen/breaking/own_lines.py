"""Lines of the workspace's own code that a finding breaks, known by the names that both of them have. Pure."""

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import NamedTuple

from msgspec.structs import replace

from mallgen.breaking import INFO
from mallgen.breaking.demands import callers, demanded
from mallgen.breaking.policy import Judgement
from mallgen.diagnostics import Diagnostic
from mallgen.drift.own_uses import OwnUses
from mallgen.python.names import snake
from mallgen.text.span import Span

_QUOTED = re.compile(r"`([^`]+)`")
_WORD = re.compile(r"[^\W\d]\w*")
_SUFFIX = re.compile(r"_(?:client|row|model|values)$")
_MOST = 5
_LAST = frozenset({"fingerprint"})


class OwnLine(NamedTuple):
    """A line of own code that does not fit the new contract, with the sentence that says why."""

    span: Span
    text: str


class OwnCode(NamedTuple):
    """The code of one service: lines that do not fit the new contracts, and what it uses of generated code."""

    service: str
    lines: tuple[OwnLine, ...]
    uses: OwnUses


def with_own_lines(
    shown: Sequence[Diagnostic], judged: Sequence[Judgement], code: Sequence[OwnCode]
) -> list[Diagnostic]:
    """Add to errors and warnings the lines that use what goes, and those that must set what is required now.

    `judged` are the judgements of the first of `shown`, in this order. At most five lines are named, by their place.
    """
    known = [(line, names) for own in code for line in own.lines if (names := _named(line.text))]
    uses = [own.uses for own in code]
    found = []
    for one, judgement in zip_longest(shown, judged):
        if one.severity != INFO:
            one = _with(one, "breaks", [*_broken(one, known), *(callers(judgement, uses) if judgement else ())])
            one = _with(one, "must set", demanded(judgement, uses) if judgement else ())
        found.append(one)
    return found


def _broken(found: Diagnostic, known: Sequence[tuple[OwnLine, tuple[str, ...]]]) -> list[Span]:
    words = {*_words(found.message)}
    return [line.span for line, names in known if words.issuperset(names)]


def _with(found: Diagnostic, name: str, spans: Iterable[Span]) -> Diagnostic:
    """Return a finding with a fact that names lines, if there are some, before its fingerprint."""
    places = list(dict.fromkeys(f"{span.file}:{span.line}" for span in spans))
    if not places:
        return found
    more = f" and {len(places) - _MOST} more" if len(places) > _MOST else ""
    first = [fact for fact in found.facts if fact[0] not in _LAST]
    fact = name, f"{', '.join(places[:_MOST])}{more}"
    return replace(found, facts=(*first, fact, *found.facts[len(first) :]))


def _named(text: str) -> tuple[str, ...]:
    """Return what a line uses: a class and its member, or a class that is gone."""
    quoted = _QUOTED.findall(text)
    if text.startswith("there is no"):
        return tuple(_words(f"`{quoted[0].rpartition('.')[2]}`")) if quoted else ()
    return tuple(word for part in quoted[:2] for word in _words(f"`{part}`"))[:2]


def _words(text: str) -> list[str]:
    """Return the names in quotation marks as Python spells them, without what generated classes add."""
    return [_SUFFIX.sub("", snake(word)) for part in _QUOTED.findall(text) for word in _WORD.findall(part)]
