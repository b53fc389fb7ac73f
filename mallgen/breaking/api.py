"""Two versions of an `.api` contract, paired: their routes, the structs that these carry, the fields of the structs.

What is compared is the effective contract: prefixes joined, embedded structs flattened, values of @server per route.
A type's name and file do not matter here, only what is at its place.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Literal, NamedTuple

from mallgen.breaking.api_pairs import GroupPair, RoutePair, affected, operations, pair_groups, pair_routes
from mallgen.breaking.terms import NO_TERMS, Terms
from mallgen.contract.wire import WireField, WireValue, request, wire_field
from mallgen.diagnostics import Note
from mallgen.model import Array, Contract, Field, Inline, Map, Named, Pointer, Slice, TypeRef, peel
from mallgen.rules import Finding
from mallgen.text.span import Span

Direction = Literal["request", "response"]


class FieldPair(NamedTuple):
    """A field in both versions; None: it is not in that one. `struct` is the pair of structs that it belongs to.

    The two have the same key in one of their sources, or else the same name in the contract.
    """

    struct: "StructPair"
    old: WireField | None
    new: WireField | None

    @property
    def values(self) -> Iterator[tuple[WireValue | None, WireValue | None]]:
        """Yield the field's old and new value in each source that the struct is read from."""
        old = self.struct.values(self.old, self.struct.old_body)
        new = self.struct.values(self.new, self.struct.new_body)
        for source in dict.fromkeys((*old, *new)):
            yield old.get(source), new.get(source)

    @property
    def key(self) -> str:
        """Return the field's name on the wire, the new one where it has two."""
        field = self.new or self.old
        assert field is not None
        return field.main.key

    @property
    def place(self) -> Span:
        """Return the field's place, or that of its struct where it is gone."""
        return self.struct.place if self.new is None else self.new.field.span


class StructPair:
    """Two structs at one place of a request or response, and the routes that carry them.

    `is_body`: all fields are keys of one JSON object; else the tags of a request's fields name their sources.
    `old_body` and `new_body` have the fields that are read from the JSON body.
    """

    def __init__(self, direction: Direction, old: "Struct", new: "Struct", method: str) -> None:
        self.direction = direction
        self.old, self.new = old, new
        self.is_body = not method
        self.old_body = _body(old, method)
        self.new_body = _body(new, method)
        self.routes: list[RoutePair] = []
        self.inner: list[StructPair] = []

    @property
    def place(self) -> Span:
        """Return the place of the new struct."""
        return self.new.span

    @property
    def name(self) -> str:
        """Return the name of the new struct."""
        return self.new.name

    def values(self, field: WireField | None, body: frozenset[str]) -> dict[str, WireValue]:
        """Return a field's values by their source."""
        if field is None:
            return {}
        if self.is_body:
            return {"json": field.main}
        return {value.source: value for value in field.values if value.source != "json" or field.field.name in body}

    @cached_property
    def fields(self) -> tuple[FieldPair, ...]:
        """Return all fields, paired by a key that both versions have in one source, then by key, then by name."""
        left = {field.field.name: field for field in self.old.fields}
        right = {field.field.name: field for field in self.new.fields}
        found: dict[str, str] = {}
        for keys in (self._keys, _any_key, _name):
            by_key = {key: name for name, field in right.items() if name not in found.values() for key in keys(field)}
            for name, field in left.items():
                taken = {*found.values()}
                match = next((by_key[key] for key in keys(field) if by_key.get(key, "") not in taken | {""}), "")
                if name not in found and match:
                    found[name] = match
        new = {*found.values()}
        pairs = [FieldPair(self, field, right.get(found.get(name, ""))) for name, field in left.items()]
        return (*pairs, *(FieldPair(self, None, field) for name, field in right.items() if name not in new))

    def _keys(self, field: WireField) -> Iterator[tuple[str, str]]:
        for value in (field.main,) if self.is_body else field.values:
            yield value.source, value.key.lower() if value.source == "header" else value.key


class Struct(NamedTuple):
    """A struct as one version has it: its name, or that of the field that declares it in place."""

    name: str
    fields: tuple[WireField, ...]
    span: Span


class ApiChange:
    """The subject of the rules: two versions of one contract. `label` names the old one in messages."""

    def __init__(self, old: Contract, new: Contract, label: str, terms: Terms = NO_TERMS) -> None:
        self.old, self.new, self.label, self.terms = old, new, label, terms
        self._types = tuple({declared.name: declared for declared in side.types} for side in (old, new))
        self._pairs: dict[tuple[object, ...], StructPair] = {}

    def was(self, span: Span) -> Note:
        """Return the note that shows the old place."""
        return Note(span, f"was, at {self.label}")

    @cached_property
    def routes(self) -> tuple[RoutePair, ...]:
        """Return all routes, paired by method and path without the names of parameters, then by group and handler."""
        return pair_routes(operations(self.old), operations(self.new))

    @cached_property
    def groups(self) -> tuple[GroupPair, ...]:
        """Return the pairs of groups, each with the routes that both have."""
        return pair_groups(self.routes)

    def structs(self, direction: Direction) -> Sequence[StructPair]:
        """Return the pairs of structs that requests or responses have, each with all routes that carry it."""
        return [pair for pair in self._structs if pair.direction == direction]

    def fields(self, direction: Direction) -> Iterator[FieldPair]:
        """Yield the fields of all structs of requests or responses."""
        for pair in self.structs(direction):
            yield from pair.fields

    def finding(self, pair: FieldPair, message: str, hint: str) -> Finding:
        """Return the finding about a field, with its old place and the routes that carry it."""
        notes = (self.was(pair.old.field.span),) if pair.old is not None else ()
        facts = affected(pair.struct.routes)
        return Finding(message, pair.place, hint, notes, facts=facts, key=(pair.place, message))

    @cached_property
    def _structs(self) -> tuple[StructPair, ...]:
        for route in self.routes:
            if route.old is None or route.new is None or route.is_migrated:
                continue
            seen: set[int] = set()
            old, new = route.old.route, route.new.route
            self._visit("request", old.request, new.request, new.method, route, seen)
            self._visit("response", old.response, new.response, "", route, seen)
        return tuple(self._pairs.values())

    def _visit(
        self,
        direction: Direction,
        old: TypeRef | None,
        new: TypeRef | None,
        method: str,
        route: RoutePair,
        seen: set[int],
    ) -> None:
        if old is None or new is None:
            return
        pair = self._pair(direction, old, new, method)
        waiting = [pair] if pair is not None else []
        while waiting:
            pair = waiting.pop()
            if id(pair) not in seen:
                seen.add(id(pair))
                pair.routes.append(route)
                waiting += pair.inner

    def _pair(self, direction: Direction, old: TypeRef, new: TypeRef, method: str) -> StructPair | None:
        """Return the pair of the structs in two types; None where one of them has none."""
        left, right = self._struct(0, old), self._struct(1, new)
        if left is None or right is None:
            return None
        key = direction, left.span, right.span, method
        if key not in self._pairs:
            pair = self._pairs[key] = StructPair(direction, left, right, method)
            for field in pair.fields:
                if field.old is not None and field.new is not None:
                    inner = self._pair(direction, field.old.field.type, field.new.field.type, "")
                    pair.inner += [inner] if inner is not None else []
        return self._pairs[key]

    def _struct(self, side: int, ref: TypeRef) -> Struct | None:
        inner = peel(ref, Pointer, Slice, Array, Map)
        if isinstance(inner, Named):
            declared = self._types[side].get(inner.name)
            return Struct(declared.name, _wire(declared.fields), declared.span) if declared is not None else None
        if isinstance(inner, Inline) and inner.members:
            return Struct(inner.members[0].names[0], _wire(inner.fields), inner.members[0].span)
        return None


def _wire(fields: Iterable[Field]) -> tuple[WireField, ...]:
    return tuple(wire_field(field) for field in fields if field.bindings)


def _body(struct: Struct, method: str) -> frozenset[str]:
    """Return the names of the fields that a request's JSON body has."""
    found = request(struct.fields, method).body if method else struct.fields
    return frozenset(field.field.name for field in found)


def _any_key(field: WireField) -> Iterator[str]:
    return (value.key for value in field.values)


def _name(field: WireField) -> tuple[str]:
    return (field.field.name,)
