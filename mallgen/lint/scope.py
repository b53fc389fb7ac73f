"""A contract as rules look at it: who uses which type, and the words of names."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mallgen.contract.wire import base_type
from mallgen.model import (
    Array,
    Contract,
    Field,
    Group,
    Inline,
    Member,
    Named,
    Pointer,
    Route,
    Slice,
    Type,
    TypeRef,
    named,
    peel,
)
from mallgen.python import names

LISTS = (Slice, Array)


class Operation(NamedTuple):
    """A route with its group."""

    group: Group
    route: Route

    @property
    def title(self) -> str:
        """`GET /v1/recommend`."""
        return f"{self.route.method.upper()} {self.route.full_path}"


class LintScope:
    """Look-ups over one contract."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.types = {found.name: found for found in contract.types}
        self.operations = [Operation(group, route) for group in contract.groups for route in group.routes]
        self._members = {member.span: member for found in contract.types for member in _written(found.members)}
        self._answered: list[Type] | None = None
        self._fields = [(found, field) for found in contract.types for field in deep(found.fields)]
        asked = ((operation, self.request(operation)) for operation in self.operations)
        self._requests = [(operation, found) for operation, found in asked if found is not None]

    def fields(self) -> Sequence[tuple[Type, Field]]:
        """Every field of every type, those of structs written in place too."""
        return self._fields

    def member(self, field: Field) -> Member | None:
        """The line that a field was written in, wherever it was embedded from."""
        return self._members.get(field.span)

    def request(self, operation: Operation) -> Type | None:
        """The declared type of a route's request."""
        return self._type(operation.route.request)

    def response(self, operation: Operation) -> Type | None:
        """The declared type of a route's answer, an element's when it is a list."""
        return self._type(operation.route.response)

    def requests(self) -> Sequence[tuple[Operation, Type]]:
        """Routes with a request."""
        return self._requests

    def responses(self) -> Iterator[tuple[Operation, Type]]:
        """Routes with an answer."""
        for operation in self.operations:
            found = self.response(operation)
            if found is not None:
                yield operation, found

    def reachable(self, *starts: Type) -> list[Type]:
        """Types and all that their fields lead to, in the order in which they are met."""
        found: dict[str, Type] = {}
        waiting = deque(starts)
        while waiting:
            here = waiting.popleft()
            if here.name in found:
                continue
            found[here.name] = here
            for member in here.members:
                waiting += [self.types[ref.name] for ref in named(member.type) if ref.name in self.types]
        return list(found.values())

    def answered(self) -> list[Type]:
        """Every type that an answer leads to."""
        if self._answered is None:
            self._answered = self.reachable(*(found for _, found in self.responses()))
        return self._answered

    def _type(self, ref: TypeRef | None) -> Type | None:
        inner = peel(ref, Pointer, Slice) if ref is not None else None
        return self.types.get(inner.name) if isinstance(inner, Named) else None


def _written(members: Sequence[Member]) -> Iterator[Member]:
    for member in members:
        yield member
        if isinstance(inner := peel(member.type, Pointer), Inline):
            yield from _written(inner.members)


def deep(fields: Sequence[Field]) -> Iterator[Field]:
    """Fields, each followed by those of a struct that is written in its place."""
    for field in fields:
        yield field
        if isinstance(inner := peel(field.type, Pointer), Inline):
            yield from deep(inner.fields)


def plain(ref: TypeRef) -> str:
    """The base type of a field, behind pointers; empty for anything else."""
    base = base_type(ref)
    return base.name if base is not None else ""


def single(ref: TypeRef) -> str:
    """The base type of a field or of the values in its list."""
    ref = peel(ref, Pointer)
    return plain(ref.elem if isinstance(ref, LISTS) else ref)


def is_list(ref: TypeRef) -> bool:
    """Whether a field holds many values."""
    ref = peel(ref, Pointer)
    if not isinstance(ref, LISTS):
        return False
    base = base_type(ref.elem)
    return base is None or not base.is_byte


def words(name: str) -> list[str]:
    """`userID` → `user`, `id`."""
    return names.snake(name).split("_")


def key(field: Field) -> str:
    """The field's name on the wire."""
    return field.bindings[0].key if field.bindings else field.name
