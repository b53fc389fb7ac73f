"""Two versions of an `.api` contract, paired: their routes, the structs that these carry, the fields of the structs.

What is compared is the effective contract: prefixes joined, embedded structs flattened, values of @server per route.
A type's name and file do not matter here, only what is at its place.
"""

from collections import deque
from collections.abc import Sequence
from functools import cached_property

from mallgen.breaking.api_pairs import GroupPair, RoutePair, affected, operations, pair_groups, pair_routes
from mallgen.breaking.moved_fields import NewPlace, moved_fields
from mallgen.breaking.resources import Resources
from mallgen.breaking.struct_pairs import Direction, FieldPair, Identity, Struct, StructPair, Structs
from mallgen.breaking.terms import NO_TERMS, Terms
from mallgen.breaking.type_change import TypeChange, aligned, are_alike, value_change
from mallgen.breaking.type_names import TypeNames, type_names
from mallgen.contract.wire import WireValue, path_parameters
from mallgen.diagnostics import Note
from mallgen.lint.scope import Operation
from mallgen.model import Contract, TypeRef
from mallgen.rules import Finding
from mallgen.text.span import Span

Facts = tuple[tuple[str, str], ...]
Carried = tuple[Direction, Span, Identity]
FieldValues = tuple[tuple[FieldPair, WireValue, WireValue], ...]


class ApiChange:
    """The subject of the rules: two versions of one contract. `label` names the old one in messages."""

    def __init__(self, old: Contract, new: Contract, label: str, terms: Terms = NO_TERMS) -> None:
        self.old, self.new, self.label, self.terms = old, new, label, terms
        self.versions = Structs(old), Structs(new)
        self._facts: dict[tuple[int, ...], Facts] = {}
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

    @cached_property
    def type_names(self) -> TypeNames:
        """The types whose names only one version has."""
        return type_names(self.old, self.new, self.routes, self._structs)

    def structs(self, direction: Direction) -> Sequence[StructPair]:
        """Return the pairs of structs that requests or responses have, each with all routes that carry it."""
        return [pair for pair in self._structs if pair.direction == direction]

    def fields(self, direction: Direction) -> Sequence[FieldPair]:
        """Return the fields of all structs of requests or responses that are not written as before."""
        return self._changed[direction]

    @cached_property
    def values(self) -> dict[Direction, FieldValues]:
        """The values of these fields that both versions have, by direction."""
        return {side: tuple((one, *both) for one in own for both in one.both) for side, own in self._changed.items()}

    @cached_property
    def alike(self) -> dict[Direction, FieldValues]:
        """The pairs in `values` whose types have values in common."""
        return {side: tuple(one for one in own if are_alike(*one[1:])) for side, own in self.values.items()}

    @cached_property
    def retyped(self) -> dict[Direction, tuple[tuple[FieldPair, TypeChange], ...]]:
        """The changes of types in these fields, by direction."""
        found: dict[Direction, list[tuple[FieldPair, TypeChange]]] = {"request": [], "response": []}
        for side, values in self.values.items():
            found[side] = [(pair, one) for pair, *both in values if (one := value_change(*both)) is not None]
        return {side: tuple(pairs) for side, pairs in found.items()}

    @cached_property
    def compared(self) -> tuple[tuple[RoutePair, Operation, Operation], ...]:
        """The routes of which the new version has to keep what the old one promised, with both versions."""
        return tuple((pair, *pair.both) for pair in self.routes if pair.both is not None and pair.is_compared)

    @cached_property
    def moved(self) -> list[tuple[FieldPair, NewPlace]]:
        """The fields that responses lost at one place and have at another."""
        return moved_fields(self.fields("response"), self.versions[1])

    @cached_property
    def resources(self) -> Resources:
        """The routes that read and write the same resources."""
        return Resources(self.routes, self.fields("request"), self.carriers)

    @cached_property
    def response_keys(self) -> dict[int, set[str]]:
        """The keys that both versions of a response have anywhere, by the `id` of its pair of routes."""
        found: dict[int, set[str]] = {}
        for pair in self.structs("response"):
            keys = {one.key for one in pair.fields if one.old is not None and one.new is not None}
            for route in pair.routes:
                found.setdefault(id(route), set()).update(keys)
        return found

    def carriers(self, pair: FieldPair) -> Sequence[RoutePair]:
        """Return all routes that carry a changed field, also in other structs that embed it."""
        return list(self._carriers[pair.struct.direction, pair.place, pair.identity].values())

    def finding(self, pair: FieldPair, message: str, hint: str = "", severity: str = "") -> Finding:
        """Return the finding about a field, with its old place and the routes that carry it."""
        notes = (self.was(pair.old.field.span),) if pair.old is not None else ()
        facts = self._affected(self.carriers(pair))
        key = pair.struct.direction, pair.place, message
        return Finding(message, pair.place, hint, notes, facts=facts, severity=severity, key=key, about=pair)

    def _affected(self, routes: Sequence[RoutePair]) -> Facts:
        """Return the fact that names routes, which many fields have in common."""
        key = tuple(map(id, routes))
        if key not in self._facts:
            self._facts[key] = affected(routes)
        return self._facts[key]

    @cached_property
    def _changed(self) -> dict[Direction, tuple[FieldPair, ...]]:
        return {
            "request": tuple(one for pair in self.structs("request") for one in pair.fields if one.is_changed),
            "response": tuple(one for pair in self.structs("response") for one in pair.fields if one.is_changed),
        }

    @cached_property
    def _carriers(self) -> dict[Carried, dict[int, RoutePair]]:
        found: dict[Carried, dict[int, RoutePair]] = {}
        for direction, pairs in self._changed.items():
            for pair in pairs:
                routes = found.setdefault((direction, pair.place, pair.identity), {})
                routes.update((id(route), route) for route in pair.struct.routes)
        return found

    @cached_property
    def _structs(self) -> tuple[StructPair, ...]:
        for route, *both in self.compared:
            old, new = (one.route for one in both)
            paths = path_parameters(old.full_path), path_parameters(new.full_path)
            seen: set[int] = set()
            self._visit(self._top("request", old.request, new.request, new.method, paths), route, seen)
            self._visit(self._top("request", old.message, new.message, "", paths), route, seen)
            self._visit(self._top("response", old.response, new.response, "", paths), route, seen)
        return tuple(self._pairs.values())

    def _top(
        self,
        direction: Direction,
        old: TypeRef | None,
        new: TypeRef | None,
        method: str,
        paths: tuple[list[str], list[str]],
    ) -> StructPair | None:
        """Return the pair of the structs that a route has; None where a version has none there."""
        if old is None or new is None:
            return None
        left, right = aligned(old, new)
        before, after = self.versions[0].of(left, None), self.versions[1].of(right, None)
        if before is None or after is None:
            return None
        return self._pair(direction, before, after, method, paths)

    def _visit(self, top: StructPair | None, route: RoutePair, seen: set[int]) -> None:
        """Note a route in all pairs of structs that it carries."""
        waiting = [top] if top is not None else []
        while waiting:
            pair = waiting.pop()
            if id(pair) not in seen:
                seen.add(id(pair))
                pair.routes.append(route)
                waiting += pair.inner

    def _pair(
        self, direction: Direction, old: Struct, new: Struct, method: str, paths: tuple[list[str], list[str]]
    ) -> StructPair:
        """Return the pair of two structs, with the pairs of all structs in them."""
        key = direction, old.place, new.place, method
        if key not in self._pairs:
            top = self._pairs[key] = StructPair(direction, self.versions, old, new, method, paths)
            waiting = deque([top])
            while waiting:
                outer = waiting.popleft()
                for inner in outer.nested():
                    below = direction, inner[0].place, inner[1].place, ""
                    if below not in self._pairs:
                        self._pairs[below] = StructPair(direction, self.versions, *inner)
                        waiting.append(self._pairs[below])
                    outer.inner.append(self._pairs[below])
        return self._pairs[key]
