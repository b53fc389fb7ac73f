"""Scalar values of a YAML settings file with their spans, by dotted key; block style only. Pure.

Values in another style are left out: only the service's own YAML reader can tell what they are.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from mallgen.text.span import Span

_KEY = re.compile(r"(?P<indent> *)[\"']?(?P<key>[A-Za-z_][\w.-]*)[\"']? *:(?=[ \t]|$)[ \t]*")
_COMMENT = re.compile(r"(?:^|[ \t])#")


class Scalar(NamedTuple):
    """A value without its quotation marks, and its span; empty where the value is a block below its key."""

    value: str
    span: Span


def scalars(text: str, file: str) -> dict[str, Scalar]:
    """Return the values by key (`name`, `etcd.key`); keys are as the runtime compares them, see `plain`."""
    return dict(_scalars(text, file))


def _scalars(text: str, file: str) -> Iterator[tuple[str, Scalar]]:
    above: list[tuple[int, str]] = []
    for row, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        match = _KEY.match(line)
        if match is None:
            continue
        indent, key = len(match["indent"]), plain(match["key"])
        while above and above[-1][0] >= indent:
            above.pop()
        value = _value(line[match.end() :])
        if not value:
            above.append((indent, key))
        names = [name for _, name in above] + ([key] if value else [])
        start = match.end() + 1
        place = Span(file, row, start, row, start + max(len(value), 1))
        yield ".".join(names), Scalar(value.strip("\"'"), place)


def plain(key: str) -> str:
    """Return a key as the runtime compares it: in lower case, without underscores."""
    return key.replace("_", "").lower()


def _value(rest: str) -> str:
    quote = rest[:1]
    if quote in ('"', "'") and rest:
        end = rest.find(quote, 1)
        return rest[: end + 1] if end > 0 else ""
    comment = _COMMENT.search(rest)
    return (rest[: comment.start()] if comment is not None else rest).strip()
