"""Two versions of a service's protos, paired: by full name and number, then renamed ones by what proves them the same.

A message or file that has moved is the same one; so is a message with another name that has the same fields and, if
several have, is used in the same place. Similar is not enough: a guess would hide a removal.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from mallgen.breaking.proto_match import TypeMatch, file_pairs, rpc_pairs
from mallgen.breaking.proto_pairs import (
    EnumPair,
    MessagePair,
    ProtoFieldPair,
    ProtoFilePair,
    ProtoServicePair,
    RpcPair,
)
from mallgen.breaking.proto_tree import PACKAGE, EnumNode, MessageNode, ProtoTree
from mallgen.diagnostics import Note
from mallgen.rules import Finding
from mallgen.text.span import Span

if TYPE_CHECKING:
    from mallgen.proto.model import ProtoContract, ProtoFile


class ProtoChange:
    """The subject of the rules: two versions of one service's protos. `label` names the old one in messages."""

    def __init__(self, old: "ProtoContract", new: "ProtoContract", label: str) -> None:
        self.old, self.new, self.label = ProtoTree(old), ProtoTree(new), label
        self.files: tuple[ProtoFilePair, ...] = file_pairs(self.old, self.new)
        self._match = TypeMatch(self.old, self.new, self.files)

    def was(self, span: Span) -> Note:
        """Return the note that shows the old place."""
        return Note(span, f"was, at {self.label}")

    @property
    def types(self) -> Mapping[str, str]:
        """Return the new full names of messages and enums by their old ones."""
        return self._match.types

    @property
    def services(self) -> Sequence[ProtoServicePair]:
        """Return all services, without those of a package that has a new major version."""
        return self._match.services

    @cached_property
    def rpcs(self) -> tuple[RpcPair, ...]:
        """Return the RPCs of all services, without those of services that are gone."""
        return tuple(pair for service in self.services for pair in rpc_pairs(self._match, service))

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
        """Return the fields of all messages that differ."""
        return tuple(field for pair in self.changed for field in pair.fields)

    def kept(self) -> Iterator[ProtoFieldPair]:
        """Yield the fields and extensions that both versions have."""
        yield from (
            pair for pair in self.fields if pair.old is not None and pair.new is not None and not pair.is_reused
        )

    def affected(self, types: tuple[str, str], directions: Sequence[str] = ("request", "response")) -> list[str]:
        """Return the RPCs that carry a message or enum, by its old and new full name, in one of the directions."""
        for tree, name in zip((self.old, self.new), types, strict=True):
            found = [rpc for direction in directions for rpc in tree.carriers(direction).get(name, ())]
            if found:
                return list(dict.fromkeys(found))
        return []

    def place(self, message: "MessageNode | EnumNode | None", old: "ProtoFile") -> Span:
        """Return the new place of what was around a declaration: a message, else the file's package."""
        if message is not None:
            return message.span
        new = next((pair.new for pair in self.files if pair.old is old), None)
        comments = (new or old).comments
        return comments.at((PACKAGE,)) if (PACKAGE,) in comments.spans else comments.at(())

    def finding(
        self,
        message: str,
        place: Span,
        hint: str,
        was: Span | None = None,
        affects: Sequence[str] = (),
        severity: str = "",
        level: str = "",
    ) -> Finding:
        """Return a finding with the old place, unless that is not known, and the RPCs that it affects."""
        notes = (self.was(was),) if was is not None and was != place else ()
        facts = (("affects", ", ".join(affects)),) if affects else ()
        return Finding(message, place, hint, notes, facts=facts, severity=severity, level=level, key=(place, message))

    def about(self, pair: ProtoFieldPair, message: str, hint: str, severity: str = "", level: str = "") -> Finding:
        """Return a finding about a field."""
        was = pair.old.span if pair.old is not None else None
        return self.finding(message, pair.place, hint, was, self.affected(pair.types), severity, level)
