"""The pairs of declarations that two versions of protos consist of; None for a side that has none."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from mallgen.breaking.proto_tree import EnumNode, FieldNode, MessageNode, ProtoServiceNode, ProtoTree, RpcNode
from mallgen.text.span import Span

if TYPE_CHECKING:
    from mallgen.proto.model import ProtoFile


class ProtoFilePair(NamedTuple):
    """A file in both versions."""

    old: "ProtoFile | None"
    new: "ProtoFile | None"


class ProtoServicePair(NamedTuple):
    """A service in both versions."""

    old: ProtoServiceNode | None
    new: ProtoServiceNode | None


class RpcPair(NamedTuple):
    """An RPC in both versions."""

    service: ProtoServicePair
    old: RpcNode | None
    new: RpcNode | None


class EnumPair(NamedTuple):
    """An enum in both versions."""

    old: EnumNode
    new: EnumNode


class ProtoFieldPair(NamedTuple):
    """A field or an extension in both versions.

    `owner` is the message's name, `around` the new place of what the field belongs to; `types` are the full names of
    its message in both versions. `is_reused`: the new field has only the number of the old one.
    """

    owner: str
    around: Span
    types: tuple[str, str]
    old: FieldNode | None
    new: FieldNode | None
    is_reused: bool = False

    @property
    def is_same(self) -> bool:
        """Return whether the field is what it was."""
        return self.old is not None and self.new is not None and self.old.is_same(self.new)

    @property
    def has_options(self) -> bool:
        """Return whether one of the two has options."""
        return any(side.proto.HasField("options") for side in (self.old, self.new) if side is not None)

    @property
    def title(self) -> str:
        """Return the field as an author speaks of it, by its new name where it has two: `User.email = 2`."""
        field = self.new or self.old
        assert field is not None
        return f"{self.owner}.{field.name} = {field.number}"

    @property
    def place(self) -> Span:
        """Return the field's place, that of its message where it is gone."""
        return self.around if self.new is None else self.new.span


class RetypedField(NamedTuple):
    """A field with another type or cardinality: what each breaks, as `WireTypes.difference` says it, "" for nothing."""

    pair: ProtoFieldPair
    type: str
    cardinality: str


class MessagePair:
    """A message in both versions. `types` has the new full names of all messages and enums by their old ones."""

    def __init__(
        self, trees: tuple[ProtoTree, ProtoTree], types: Mapping[str, str], old: MessageNode, new: MessageNode
    ) -> None:
        self.old, self.new = old, new
        self._trees = trees
        self._types = types

    @property
    def is_same(self) -> bool:
        """Return whether the message is what it was, apart from the types that it refers to."""
        return self.old.proto == self.new.proto and self.old.features == self.new.features

    @cached_property
    def fields(self) -> tuple[ProtoFieldPair, ...]:
        """Return all fields: paired by name, then by number."""
        return tuple(self._pair(*sides) for sides in self.matched())

    @property
    def owner(self) -> str:
        """Return the message's new name, with those of the messages around it."""
        return self.new.name

    @cached_property
    def numbers(self) -> dict[int, FieldNode]:
        """Return the new fields by number."""
        return {pair.new.number: pair.new for pair in self.fields if pair.new is not None}

    @cached_property
    def renamed_oneofs(self) -> dict[str, str]:
        """Return the new names of oneofs that have another one: most of their fields are in it, and it is new."""
        old, new = self.old.oneofs, self.new.oneofs
        pairs = [(one.old.oneof, one.new.oneof) for one in self.fields if one.old is not None and one.new is not None]
        moved = Counter(pair for pair in pairs if pair[0] and pair[0] not in new and pair[1] and pair[1] not in old)
        found: dict[str, str] = {}
        for (name, other), _ in moved.most_common():
            if name not in found and other not in found.values():
                found[name] = other
        return found

    def matched(self) -> Iterator[tuple[FieldNode | None, FieldNode | None]]:
        """Yield the fields of both sides by name, then by number, in the order of the old version; then new ones."""
        old, new = self._trees[0].fields(self.old), self._trees[1].fields(self.new)
        by_name = {field.name: field for field in new}
        found = {field.name: by_name[field.name] for field in old if field.name in by_name}
        by_number = {field.number: field for field in new if field.name not in found}
        for field in old:
            if field.name not in found and field.number in by_number:
                found[field.name] = by_number.pop(field.number)
        taken = {field.name for field in found.values()}
        yield from ((field, found.get(field.name)) for field in old)
        yield from ((None, field) for field in new if field.name not in taken)

    def _pair(self, old: FieldNode | None, new: FieldNode | None) -> ProtoFieldPair:
        is_reused = old is not None and new is not None and self._is_other(old, new)
        types = self.old.full, self.new.full
        return ProtoFieldPair(self.new.name, self.new.span, types, old, new, is_reused)

    def _is_other(self, old: FieldNode, new: FieldNode) -> bool:
        """Return whether a number has passed to an unrelated field: of another type, or the old name is reserved."""
        if old.name == new.name:
            return False
        return old.title_in(self._types) != new.title or old.name in self.new.proto.reserved_name
