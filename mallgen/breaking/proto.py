"""Two versions of a service's protos, paired: by full name and number, then renamed ones by what proves them the same.

A message or file that has moved is the same one; so is a message with another name that has the same fields and, if
several have, is used in the same place. Similar is not enough: a guess would hide a removal.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from mallgen.breaking.proto_match import TypeMatch, extension_pairs, file_pairs, rpc_pairs
from mallgen.breaking.proto_pairs import (
    EnumPair,
    MessagePair,
    ProtoFieldPair,
    ProtoFilePair,
    ProtoServicePair,
    RetypedField,
    RpcPair,
)
from mallgen.breaking.proto_tree import PACKAGE, EnumNode, FieldNode, MessageNode, ProtoTree
from mallgen.breaking.proto_wire import WireTypes, cardinality
from mallgen.breaking.topic_pairs import TopicPair, topic_pairs
from mallgen.diagnostics import Note
from mallgen.rules import Finding
from mallgen.text.span import Span

if TYPE_CHECKING:
    from mallgen.proto.model import ProtoContract, ProtoFile


class ProtoChange:
    """The subject of the rules: two versions of one service's protos. `label` names the old one in messages.

    `served` are the full names of all that the new versions of all contracts serve: a service may have moved.
    `queues`: the old one and the new one are a queue service, whose RPCs are topics.
    """

    def __init__(
        self, old: "ProtoContract", new: "ProtoContract", label: str, queues: tuple[bool, bool] = (False, False)
    ) -> None:
        self.queues = queues
        self.old, self.new, self.label = ProtoTree(old), ProtoTree(new), label
        self.contracts = old, new
        self.files: tuple[ProtoFilePair, ...] = file_pairs(self.old, self.new)
        self.served = frozenset(self.new.services)
        self._match = TypeMatch(self.old, self.new, self.files)
        self._affected: dict[tuple[tuple[str, str], tuple[str, ...]], list[str]] = {}

    def was(self, span: Span) -> Note:
        """Return the note that shows the old place."""
        return Note(span, f"was, at {self.label}")

    @property
    def types(self) -> Mapping[str, str]:
        """Return the new full names of messages and enums by their old ones."""
        return self._match.types

    @cached_property
    def wire(self) -> WireTypes:
        """Return what breaks between types of the two versions."""
        return WireTypes(self.old, self.new, self.types)

    @property
    def services(self) -> Sequence[ProtoServicePair]:
        """Return all services that are called, without those of a package that has a new major version."""
        return () if any(self.queues) else self._match.services

    @cached_property
    def rpcs(self) -> tuple[RpcPair, ...]:
        """Return the RPCs of all services that are called, without those of services that are gone."""
        return tuple(pair for service in self.services for pair in rpc_pairs(self._match, service))

    @cached_property
    def topics(self) -> tuple[TopicPair, ...]:
        """Return the topics of a queue service: by name, then those whose RPC is the same one."""
        if not all(self.queues):
            return ()
        pairs = (pair for service in self._match.services for pair in rpc_pairs(self._match, service))
        return topic_pairs(self.contracts, pairs)

    @cached_property
    def messages(self) -> tuple[MessagePair, ...]:
        """Return the messages that both versions have."""
        trees = self.old, self.new
        return tuple(
            MessagePair(trees, self.types, message, self.new.messages[self.types[full]])
            for full, message in self.old.messages.items()
            if full in self.types
        )

    @cached_property
    def changed(self) -> tuple[MessagePair, ...]:
        """Return the messages that both versions have and that differ."""
        return tuple(pair for pair in self.messages if not pair.is_same)

    @cached_property
    def enums(self) -> tuple[EnumPair, ...]:
        """Return the enums that both versions have."""
        return tuple(
            EnumPair(enum, self.new.enums[self.types[full]])
            for full, enum in self.old.enums.items()
            if full in self.types
        )

    @cached_property
    def fields(self) -> tuple[ProtoFieldPair, ...]:
        """Return the fields that are not what they were."""
        return tuple(field for pair in self.changed for field in pair.fields if not field.is_same)

    @cached_property
    def extensions(self) -> "dict[str, tuple[FieldNode | None, FieldNode | None]]":
        """Return the extensions of both sides by their full name, the old one where they have two."""
        return dict(extension_pairs(self.old, self.new, self._match))

    @cached_property
    def kept(self) -> tuple[ProtoFieldPair, ...]:
        """Return the extensions that both versions have, and of such fields those that are not what they were."""
        found = [pair for pair in self.fields if pair.old is not None and pair.new is not None and not pair.is_reused]
        for old, new in self.extensions.values():
            if old is not None and new is not None:
                owner = new.proto.extendee[1:]
                found.append(ProtoFieldPair(owner, new.span, (old.proto.extendee[1:], owner), old, new))
        return tuple(found)

    @cached_property
    def retyped(self) -> tuple[RetypedField, ...]:
        """Return the fields that have another type or cardinality, with what that breaks."""
        both = ((pair, pair.old, pair.new) for pair in self.kept if pair.old is not None and pair.new is not None)
        found = (RetypedField(pair, self.wire.difference(*sides), cardinality(*sides)) for pair, *sides in both)
        return tuple(one for one in found if one.type or one.cardinality)

    def affected(self, types: tuple[str, str], directions: Sequence[str] = ("request", "response")) -> list[str]:
        """Return the RPCs that carry a message or enum, by its old and new full name, in one of the directions."""
        key = types, tuple(directions)
        if key not in self._affected:  # asked for each field of a message
            self._affected[key] = self._carriers(types, directions)
        return self._affected[key]

    def _carriers(self, types: tuple[str, str], directions: Sequence[str]) -> list[str]:
        for tree, name in zip((self.old, self.new), types, strict=True):
            found = [rpc for direction in directions for rpc in tree.carriers(direction).get(name, ())]
            if found:
                return list(dict.fromkeys(found))
        return []

    def is_sent(self, types: tuple[str, str]) -> bool:
        """Return whether clients send a message, by its old and new full name: or nothing known carries it."""
        requests, responses = (
            any(name in tree.carriers(side) for tree, name in zip((self.old, self.new), types, strict=True))
            for side in ("request", "response")
        )
        return requests or not responses

    def place(self, full: str, old: "ProtoFile") -> Span:
        """Return the new place of what was around a declaration of an old file: a message, else the file's package."""
        around = self.types.get(full.rpartition(".")[0], "")
        return self.new.messages[around].span if around in self.new.messages else self.top(old)

    def top(self, old: "ProtoFile") -> Span:
        """Return the new place of an old file, of the contract's where it is gone; its own where nothing is left."""
        found = next((pair.new for pair in self.files if pair.old is old and pair.new is not None), None)
        return self.start(found or next(iter(self.new.roots), old))

    def start(self, file: "ProtoFile") -> Span:
        """Return the place of a file's package, else of its first character."""
        return file.comments.at((PACKAGE,))

    def lost_rpcs(self, old: "ProtoFile") -> list[str]:
        """Return the RPCs of an old file whose services nothing serves any more."""
        services = [one for one in self.old.services.values() if one.file is old and one.full not in self.served]
        return [rpc.title for service in services for rpc in service.rpcs]

    def is_package_gone(self, old: "ProtoFile") -> bool:
        """Return whether nothing is left of an old file and of its package."""
        return old.name in self._gone_files

    def is_file_gone(self, old: "ProtoFile") -> bool:
        """Return whether nothing is left of an old file."""
        return any(pair.old is old and pair.new is None for pair in self.files)

    def expected(self, old: MessageNode | EnumNode) -> str:
        """Return the full name that a message or enum has now unless it is renamed: its file may have a new package."""
        return self._match.expected(old.full, old.file.name)

    def is_inside_renamed(self, old: str, new: str) -> bool:
        """Return whether the message around a declaration has another name, by the declaration's full names."""
        around, last = old.rpartition(".")[::2]
        return self.types.get(around, "") == new.rpartition(".")[0] and new.rpartition(".")[2] == last

    def is_in_requests_only(self, full: str) -> bool:
        """Return whether requests carry an old message or enum, and responses do not."""
        sides = [full in self.old.carriers(direction) for direction in ("request", "response")]
        return sides == [True, False]

    @cached_property
    def _gone_files(self) -> frozenset[str]:
        kept = {file.descriptor.package for file in self.new.files.values()}
        kept |= {pair.old.descriptor.package for pair in self.files if pair.old is not None and pair.new is not None}
        return frozenset(name for name, file in self.old.files.items() if file.descriptor.package not in kept)

    @cached_property
    def file_pairs(self) -> tuple[tuple["ProtoFile", "ProtoFile"], ...]:
        """Return the files that both versions have, without those of a package with a new major version."""
        return tuple(
            (pair.old, pair.new)
            for pair in self.files
            if pair.old is not None and pair.new is not None and not self._match.is_major(pair.old.name)
        )

    @cached_property
    def gone_types(self) -> "tuple[MessageNode | EnumNode, ...]":
        """Return the messages and enums that are gone, without those in a message that is gone."""
        found: list[MessageNode | EnumNode] = [*self.old.messages.values(), *self.old.enums.values()]
        gone = {node.full: node for node in found if node.full not in self.types}
        return tuple(
            node
            for full, node in gone.items()
            if full.rpartition(".")[0] not in gone and not self._match.is_major(node.file.name)
        )

    @cached_property
    def presence_changes(self) -> tuple[ProtoFieldPair, ...]:
        """Return the fields of which only one version knows an unset one from zero."""
        sides = {"explicit", "implicit"}
        return tuple(
            pair
            for pair in self.kept
            if pair.old is not None
            and pair.new is not None
            and pair.old.oneof == pair.new.oneof
            and {pair.old.presence, pair.new.presence} == sides
        )

    def finding(
        self,
        message: str,
        place: Span,
        hint: str,
        was: Span | None = None,
        affects: Sequence[str] = (),
        severity: str = "",
        level: str = "",
        pair: object = None,
    ) -> Finding:
        """Return a finding about a pair with the old place, unless that is not known, and the RPCs that it affects."""
        notes = (self.was(was),) if was is not None and was != place else ()
        facts = (("affects", ", ".join(affects)),) if affects else ()
        key = place, message
        return Finding(message, place, hint, notes, facts=facts, severity=severity, level=level, key=key, about=pair)

    def about(self, pair: ProtoFieldPair, message: str, hint: str, severity: str = "", level: str = "") -> Finding:
        """Return a finding about a field."""
        was = pair.old.span if pair.old is not None else None
        return self.finding(message, pair.place, hint, was, self.affected(pair.types), severity, level, pair)
