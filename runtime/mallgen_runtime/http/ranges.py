"""Conditions and ranges of requests (RFC 9110 sections 13 and 14)."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_TAG = re.compile(r'\s*((?:W/)?"[!#-~\x80-\xff]*")\s*(?:,|$)')
_SPEC = re.compile(r"[ \t]*(\d{0,18})-(\d{0,18})[ \t]*")
_MOST_RANGES = 16
_FULL, _NOT_MODIFIED, _FAILED = 200, 304, 412
Sent = Mapping[str, list[str]]


def outcome(sent: Sent, tag: str, modified: int, *, reads: bool) -> int:
    """Return 200, 304 or 412 for a request's conditions; `reads` is for GET and HEAD, `modified` in whole seconds."""
    if "if-match" in sent:
        if not _matches(sent["if-match"], tag, weak=False):
            return _FAILED
    elif (limit := _seconds(sent, "if-unmodified-since")) is not None and modified > limit:
        return _FAILED
    if "if-none-match" in sent:
        if _matches(sent["if-none-match"], tag, weak=True):
            return _NOT_MODIFIED if reads else _FAILED
        return _FULL
    since = _seconds(sent, "if-modified-since")
    return _NOT_MODIFIED if reads and since is not None and modified <= since else _FULL


def ranges_of(sent: Sent, tag: str, modified: int, size: int) -> Sequence[tuple[int, int]] | None:
    """Return the ranges to send as first and last byte, merged, none when no byte is there; None: send everything.

    Everything is also the answer to ranges that cannot be read, that are more than 16 or no less than everything.
    """
    given = sent.get("range", [])
    if len(given) != 1 or not _is_current(sent, tag, modified):
        return None
    unit, _, rest = given[0].partition("=")
    specs = [_SPEC.fullmatch(part) for part in rest.split(",") if part.strip(" \t")]
    if unit.strip().lower() != "bytes" or not specs or len(specs) > _MOST_RANGES:
        return None
    found = []
    for spec in specs:
        if spec is None or not (spec[1] or spec[2]) or (spec[1] and spec[2] and int(spec[1]) > int(spec[2])):
            return None
        first = int(spec[1]) if spec[1] else max(size - int(spec[2]), 0)
        last = min(int(spec[2]), size - 1) if spec[1] and spec[2] else size - 1
        if first <= last and (spec[1] or int(spec[2])):
            found.append((first, last))
    merged = _merged(found)
    return None if len(merged) > 1 and sum(last - first + 1 for first, last in merged) >= size else merged


def _merged(found: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """Return ranges in their order, or in that of the file where some overlap or touch."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(found):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return found if len(merged) == len(found) else merged


def _is_current(sent: Sent, tag: str, modified: int) -> bool:
    """Return whether If-Range allows ranges: without it, or when it names the file as it is."""
    given = sent.get("if-range")
    if given is None:
        return True
    if '"' in given[0]:
        return given[0].strip() == tag and not tag.startswith("W/")
    return _seconds(sent, "if-range") == modified


def _matches(values: list[str], tag: str, *, weak: bool) -> bool:
    text = ",".join(values)
    if text.strip() == "*":
        return True
    tags = _TAG.findall(text)
    if weak:
        return tag.removeprefix("W/") in [one.removeprefix("W/") for one in tags]
    return tag in tags and not tag.startswith("W/")


def _seconds(sent: Sent, name: str) -> int | None:
    """Return the time of a header, None without one that can be read."""
    try:
        found = parsedate_to_datetime(sent[name][0])
    except (KeyError, ValueError, IndexError, OverflowError):
        return None
    aware: datetime = found if found.tzinfo else found.replace(tzinfo=UTC)
    return int(aware.timestamp())
