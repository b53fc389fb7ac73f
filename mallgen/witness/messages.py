"""Values of messages in proto's JSON form, which may show how a field has changed. Pure."""

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mallgen.breaking.proto_tree import FieldNode, MessageNode, ProtoTree
from mallgen.witness.values import Json

_DEEPEST = 4
_TEXTS: tuple[Json, ...] = ("a", "", "1", "/w==")
_FLOATS: tuple[Json, ...] = (1, 1.5, 1e300, -1, 0)


class MessageWitness(NamedTuple):
    """A message that shows a change: its line and its size; `data` is in a `form`, binary or json.

    `reader` is the full name of the message that reads it, of the old version if `by_old`.
    """

    line: str
    size: int
    data: str = ""
    form: str = ""
    reader: str = ""
    by_old: bool = False


class MessageSamples:
    """Makes values of the messages of one version."""

    def __init__(self, tree: ProtoTree) -> None:
        self._tree = tree

    def smallest(self, full: str) -> dict[str, Json]:
        """Return the value of a message with nothing but what it must have."""
        return self._fields(full, False, 0)

    def fullest(self, full: str) -> dict[str, Json]:
        """Return the value of a message with all its fields, one of each oneof."""
        return self._fields(full, True, 0)

    def whole(self, full: str) -> list[Json]:
        """Return the fullest and the smallest value of a message, also of one that comes with protobuf."""
        return [self._message(full, everything, -1) for everything in (True, False)]

    def having(self, full: str, field: FieldNode, value: Json) -> dict[str, Json]:
        """Return the smallest value of a message in which a field, its list or its map has a value."""
        if field.entry is not None:
            value = {_key(field.entry[0]): value}
        return {**self.smallest(full), field.name: [value] if field.presence == "repeated" else value}

    def borders(self, full: str, name: str) -> Iterator[dict[str, Json]]:
        """Yield values of a message in which a field has what may show its change, alone and beside all others."""
        message = self._tree.messages[full]
        field = next(one for one in self._tree.fields(message) if one.name == name)
        values = list({json.dumps(value): value for value in self._values(field)}.values())
        for base in (self.smallest(full), self._beside(message, field)):
            yield {key: value for key, value in base.items() if key != name}
            yield from ({**base, name: value} for value in values)

    def _beside(self, message: MessageNode, field: FieldNode) -> dict[str, Json]:
        """Return all fields of a message that can be set together with one."""
        others = {one.name for one in self._tree.fields(message) if one.oneof and one.oneof == field.oneof}
        return {name: value for name, value in self.fullest(message.full).items() if name not in others}

    def _fields(self, full: str, all_fields: bool, depth: int) -> dict[str, Json]:
        message = self._tree.messages.get(full)
        found: dict[str, Json] = {}
        oneofs: set[str] = set()
        for field in self._tree.fields(message) if message is not None else ():
            if field.presence == "required" or (all_fields and depth < _DEEPEST and field.oneof not in oneofs):
                oneofs |= {field.oneof} - {""}
                found[field.name] = self._wrapped(field, self._one(field, all_fields, depth))
        return found

    def _wrapped(self, field: FieldNode, value: Json) -> Json:
        if field.entry is not None:
            return {_key(field.entry[0]): self._one(field.entry[1], True, _DEEPEST)}
        return [value] if field.presence == "repeated" else value

    def _one(self, field: FieldNode, all_fields: bool, depth: int) -> Json:
        if field.kind in ("message", "group"):
            return self._message(field.type_name, all_fields, depth)
        return next(iter(self._scalars(field)))

    def _message(self, full: str, all_fields: bool, depth: int) -> Json:
        """Return the value of a message; those that come with protobuf have a JSON form of their own."""
        known: dict[str, Json] = {
            "google.protobuf.Timestamp": "2027-01-31T00:00:00Z",
            "google.protobuf.Duration": "1s",
            "google.protobuf.FieldMask": "a",
            "google.protobuf.StringValue": "a",
            "google.protobuf.BoolValue": True,
            "google.protobuf.BytesValue": "YQ==",
            "google.protobuf.ListValue": [1],
        }
        if full.startswith("google.protobuf."):
            return known.get(full, 1 if full.endswith(("Value", "Int32Value")) else {})
        return self._fields(full, all_fields, depth + 1)

    def _values(self, field: FieldNode) -> Iterator[Json]:
        if field.entry is not None:
            yield from ({_key(field.entry[0]): value} for value in self._values(field.entry[1]))
            return
        scalars = self._scalars(field)
        if field.kind in ("message", "group"):
            scalars = [self._message(field.type_name, full, 0) for full in (True, False)]
        if field.presence == "repeated":
            yield from ([value] for value in scalars)
            yield [*scalars[:2]]
        else:
            yield from scalars

    def _scalars(self, field: FieldNode) -> list[Json]:
        kind = field.kind
        if kind == "enum":
            enum = self._tree.enums.get(field.type_name)
            numbers = [value.number for value in enum.values] if enum is not None else [0]
            return [*sorted(numbers, key=lambda number: number == 0)]
        if kind == "bool":
            return [True, False]
        if kind in ("string", "bytes"):
            return [*(_TEXTS if kind == "string" else ("YQ==", "/w==", "", "MQ=="))]
        if kind in ("float", "double"):
            return [value for value in _FLOATS if kind == "double" or value != 1e300]
        bits = 32 if kind.endswith("32") else 64
        low, high = (0, 2**bits - 1) if kind.startswith(("u", "fixed")) else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return [
            1,
            *([2**32, -1] if bits == 64 and low else [2**32] if bits == 64 else [-1] if low else []),
            high,
            low,
            0,
        ]


def _key(field: FieldNode) -> str:
    return {"string": "a", "bool": "true"}.get(field.kind, "1")


def distinct(values: Iterable[Json]) -> list[Json]:
    """Return values without repetitions."""
    return list({json.dumps(value): value for value in values}.values())
