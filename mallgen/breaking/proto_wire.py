"""The least that breaks when a field's type or cardinality becomes another: the wire, its JSON form, or only source.

https://protobuf.dev/programming-guides/proto3/#updating and https://protobuf.dev/programming-guides/json/
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from mallgen.breaking import JSON, SOURCE, WIRE
from mallgen.breaking.proto_tree import EnumNode, FieldNode, MessageNode, ProtoTree

NARROWED, SIGNEDNESS = "narrowed", "signedness"
_ORDER = ("", SOURCE, SIGNEDNESS, JSON, NARROWED, WIRE)  # the worst last
# kinds of one encoding, each with its bits
_ENCODINGS = (
    {"bool": 1, "int32": 32, "uint32": 32, "enum": 32, "int64": 64, "uint64": 64},
    {"sint32": 32, "sint64": 64},
    {"fixed32": 32, "sfixed32": 32},
    {"fixed64": 64, "sfixed64": 64},
)
_JSON_NUMBERS = frozenset(("int32", "uint32", "sint32", "fixed32", "sfixed32"))
_JSON_TEXTS = frozenset(("int64", "uint64", "sint64", "fixed64", "sfixed64"))


class WireTypes(NamedTuple):
    """The types of two versions; `same` has the new full names of messages and enums by their old ones."""

    old: ProtoTree
    new: ProtoTree
    same: Mapping[str, str]

    def difference(self, old: FieldNode, new: FieldNode) -> str:
        """Return what breaks when a field's type, apart from its cardinality, becomes another; "" for nothing.

        That is NARROWED, SIGNEDNESS, or a level.
        """
        waiting: list[tuple[str, str]] = []
        found = self._own(old, new, waiting)
        return worst((found, *(self.messages(*names) for names in waiting)))

    def messages(self, old: str, new: str) -> str:
        """Return what breaks when one message is sent in place of another, by their full names; "" for nothing."""
        waiting = [(old, new)]
        seen = {*waiting}
        found = [""]
        while waiting:
            names = waiting.pop()
            if self._are_same(*names):
                continue
            left, right = self.old.message(names[0]), self.new.message(names[1])
            inner: list[tuple[str, str]] = []
            found += [SOURCE, *self._fields_of(left, right, inner)] if left and right else [WIRE]
            waiting += [one for one in inner if one not in seen]
            seen.update(inner)
        return worst(found)

    def _are_same(self, old: str, new: str) -> bool:
        """Return whether two messages or enums match, or are the same one of protobuf or Google."""
        ours = old in self.old.messages or old in self.old.enums
        return self.same.get(old) == new or (old == new and not ours)

    def _own(self, old: FieldNode, new: FieldNode, inner: list[tuple[str, str]]) -> str:
        """Return what breaks between two types, and add the messages in them that have to be compared to `inner`."""
        if old.entry is not None and new.entry is not None:
            return worst([self._own(*sides, inner) for sides in zip(old.entry, new.entry, strict=True)])
        left, right = (field.kind.replace("map", "message") for field in (old, new))
        if left != right:
            return _kinds(left, right)
        if left in ("message", "group"):
            inner.append((old.type_name, new.type_name))
            return ""
        return self._enums(old.type_name, new.type_name) if left == "enum" else ""

    def _fields_of(self, old: MessageNode, new: MessageNode, inner: list[tuple[str, str]]) -> Iterator[str]:
        fields = {field.number: field for field in self.new.fields(new)}
        for left in self.old.fields(old):
            right = fields.pop(left.number, None)
            if right is None:
                yield WIRE
                continue
            yield self._own(left, right, inner)
            yield cardinality(left, right)
            if left.proto.json_name != right.proto.json_name:
                yield JSON
        yield from (WIRE for field in fields.values() if field.presence == "required")

    def _enums(self, old: str, new: str) -> str:
        if self._are_same(old, new):
            return ""
        left, right = self.old.enums.get(old), self.new.enums.get(new)
        if left is None or right is None or not _numbers(left) <= _numbers(right):
            return WIRE
        names = {(value.number, value.name) for value in right.values}
        return SOURCE if all((value.number, value.name) in names for value in left.values) else JSON


def worst(found: Sequence[str]) -> str:
    """Return the worst of some differences."""
    return max(found, key=_ORDER.index, default="")


def cardinality(old: FieldNode, new: FieldNode) -> str:
    """Return what breaks when one of two fields has another cardinality: WIRE, JSON, or "" for nothing."""
    if old.entry is None and new.entry is None and old.proto.label == new.proto.label:
        return ""
    sides = {field.presence if field.presence in ("map", "repeated") else "singular" for field in (old, new)}
    if len(sides) == 1:
        return ""
    return WIRE if "singular" in sides else JSON


def _kinds(old: str, new: str) -> str:
    """Return what breaks when one kind becomes another one."""
    if (old, new) == ("string", "bytes"):
        return JSON  # any text is bytes, but bytes are Base64 in JSON; not all bytes are a text
    bits = next((group for group in _ENCODINGS if old in group and new in group), None)
    if bits is None:
        return WIRE
    if bits[new] < bits[old]:
        return NARROWED
    is_same_json = any({old, new} <= group for group in (_JSON_NUMBERS, _JSON_TEXTS))
    return SIGNEDNESS if is_same_json else JSON


def _numbers(enum: EnumNode) -> set[int]:
    return {value.number for value in enum.values}
