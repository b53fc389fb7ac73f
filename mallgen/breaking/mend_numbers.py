"""Mends of fields of protos with another name, number or type: the old ones as they were, the new ones beside. Pure."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from mallgen.breaking.mend import Insertion, Mend
from mallgen.breaking.mend_proto import ProtoMender, declared_end
from mallgen.breaking.proto_pairs import MessagePair, ProtoFieldPair
from mallgen.breaking.proto_tree import FieldNode
from mallgen.syntax.edits import Offsets
from mallgen.text.span import SpanEdit

_LAST = 536_870_911  # the highest number of a field
_PROTOBUFS_OWN = range(19_000, 20_000)
RENUMBERED = frozenset({"proto-field-renamed", "proto-field-number-changed", "proto-field-number-reused"})
RETYPED = frozenset(
    {
        "proto-field-type-changed",
        "proto-field-type-json-incompatible",
        "proto-field-type-narrowed",
        "proto-field-type-wire-incompatible",
        "proto-field-signedness-changed",
        "proto-field-cardinality-json-incompatible",
        "proto-field-cardinality-wire-incompatible",
    }
)


class _Renumbered(NamedTuple):
    """A new field with the name and number that it gets where the old ones stay as they were."""

    field: FieldNode
    name: str
    number: int


def numbers_mend(code: str, pair: object, mender: ProtoMender) -> Mend | None:
    """Return what mends a finding about the name, number or type of a field.

    Names and numbers are mended for a whole message: where fields have swapped their numbers, one alone cannot go back.
    """
    message = next((one for one in mender.change.changed if pair in one.fields), None)
    if not isinstance(pair, ProtoFieldPair) or message is None:
        return None
    if any(side.kind == "group" for side in (pair.old, pair.new) if side is not None):
        return None
    free = _free(message)
    moved = list(_moved(message, free))
    back = [one for one in message.fields if _is_back(one, message)]
    if code in RETYPED:
        split = _split(pair, message, mender, free)
        if split is None:
            return None
        moved, back = [split], [pair]
    insertions: list[Insertion] = []
    for one in back:
        put = mender.field(one)
        if put is None:
            return None
        insertions += put.insertions
    edits = [edit for one in moved for edit in _edits(one, mender)]
    return Mend(tuple(insertions), tuple(edits)) if edits else None


def _moved(message: MessagePair, free: Iterator[int]) -> Iterator[_Renumbered]:
    """Yield the new fields that need another number: what both versions have its old one, others one that is free."""
    taken = {one.old.number for one in message.fields if one.old is not None}
    for one in message.fields:
        if one.new is None:
            continue
        is_kept = one.old is not None and one.old.name == one.new.name
        if one.old is not None and is_kept and one.old.number != one.new.number:
            yield _Renumbered(one.new, one.new.name, one.old.number)
        elif not is_kept and one.new.number in taken:
            yield _Renumbered(one.new, one.new.name, next(free))


def _is_back(pair: ProtoFieldPair, message: MessagePair) -> bool:
    """Return whether an old field has to come back: under its number there is another one now."""
    if pair.old is None or (pair.new is not None and pair.new.name == pair.old.name):
        return False
    return pair.new is not None or pair.old.number in message.numbers


def _split(pair: ProtoFieldPair, message: MessagePair, mender: ProtoMender, free: Iterator[int]) -> _Renumbered | None:
    """Return the place of a field of another type beside the old one; None where it has another name or number too.

    `free` has the numbers that no other field gets.
    """
    if pair.old is None or pair.new is None or (pair.old.name, pair.old.number) != (pair.new.name, pair.new.number):
        return None
    retyped = [one.pair for one in mender.change.retyped if one.pair in message.fields]
    number = next((number for one, number in zip(retyped, free, strict=False) if one == pair), None)
    return _Renumbered(pair.new, f"{pair.new.name}_new", number) if number is not None else None


def _free(message: MessagePair) -> Iterator[int]:
    """Yield the numbers behind all that either version has, that are neither reserved nor for extensions."""
    ranges: list[range] = []
    for side in (message.old.proto, message.new.proto):
        ranges += [range(one.start, one.end) for one in side.reserved_range]
        ranges += [range(one.start, one.end) for one in side.extension_range]
    used = [side.number for one in message.fields for side in (one.old, one.new) if side is not None]
    for number in range(max(used, default=0) + 1, _LAST + 1):
        if not any(number in one for one in (*ranges, _PROTOBUFS_OWN)):
            yield number


def _edits(place: _Renumbered, mender: ProtoMender) -> Iterator[SpanEdit]:
    """Yield the edits of a field's name and number. Raises LookupError where its text has neither."""
    field = place.field
    span = field.file.comments.at(field.path)
    text = mender.new[span.file]
    places = Offsets(text, span.file)
    start = places.offset(span.line, span.col)
    number = r"0[xX][0-9a-fA-F]+|\d+"
    found = re.compile(rf"\b({re.escape(field.name)})\s*=\s*({number})").search(text, start, declared_end(text, start))
    if found is None:
        raise LookupError(span)
    for group, now, before in ((1, place.name, field.name), (2, str(place.number), str(field.number))):
        if now != before:
            yield SpanEdit(places.span(*found.span(group)), now)
