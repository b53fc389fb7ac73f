"""Look-ups in a contract for rules: its operations, the types that these use, the words of names."""

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
        """The method and the full path: `GET /v1/recommend`."""
        return f"{self.route.method.upper()} {self.route.full_path}"


class LintScope:
    """The subject of the lint rules: one contract with look-ups over its types and routes."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.types = {struct.name: struct for struct in contract.types}
        self.operations = [Operation(group, route) for group in contract.groups for route in group.routes]
        self._members = {member.span: member for struct in contract.types for member in _written(struct.members)}
        self._response_types: list[Type] | None = None
        self._fields = [(struct, field) for struct in contract.types for field in with_inline_fields(struct.fields)]
        requests = ((operation, self.request(operation)) for operation in self.operations)
        self._requests = [(operation, request) for operation, request in requests if request is not None]

    def fields(self) -> Sequence[tuple[Type, Field]]:
        """Return every field of every type, those of anonymous structs included."""
        return self._fields

    def member(self, field: Field) -> Member | None:
        """Return the member that declares a field, also when the field comes from an embedded struct."""
        return self._members.get(field.span)

    def request(self, operation: Operation) -> Type | None:
        """Return the declared type of a route's request, None without one."""
        return self._type(operation.route.request)

    def response(self, operation: Operation) -> Type | None:
        """Return the declared type of a route's response, or of its elements when it is a list; None without one."""
        return self._type(operation.route.response)

    def messages(self) -> list[Type]:
        """Return the types of what clients of WebSockets send."""
        found = (self._type(operation.route.message) for operation in self.operations)
        return [struct for struct in found if struct is not None]

    def requests(self) -> Sequence[tuple[Operation, Type]]:
        """Return the routes that have a request, with its type."""
        return self._requests

    def responses(self) -> Iterator[tuple[Operation, Type]]:
        """Yield the routes that have a response, with its type."""
        for operation in self.operations:
            response = self.response(operation)
            if response is not None:
                yield operation, response

    def reachable(self, *starts: Type) -> list[Type]:
        """Return types and all types that their fields lead to, breadth first."""
        reached: dict[str, Type] = {}
        waiting = deque(starts)
        while waiting:
            here = waiting.popleft()
            if here.name in reached:
                continue
            reached[here.name] = here
            for member in here.members:
                waiting += [self.types[ref.name] for ref in named(member.type) if ref.name in self.types]
        return list(reached.values())

    def response_types(self) -> list[Type]:
        """Return every type that is part of a response."""
        if self._response_types is None:
            self._response_types = self.reachable(*(response for _, response in self.responses()))
        return self._response_types

    def _type(self, ref: TypeRef | None) -> Type | None:
        inner = peel(ref, Pointer, Slice) if ref is not None else None
        return self.types.get(inner.name) if isinstance(inner, Named) else None


def _written(members: Sequence[Member]) -> Iterator[Member]:
    for member in members:
        yield member
        if isinstance(inner := peel(member.type, Pointer), Inline):
            yield from _written(inner.members)


def with_inline_fields(fields: Sequence[Field]) -> Iterator[Field]:
    """Yield fields, each followed by the fields of its anonymous struct, if it has one."""
    for field in fields:
        yield field
        if isinstance(inner := peel(field.type, Pointer), Inline):
            yield from with_inline_fields(inner.fields)


def base_name(ref: TypeRef) -> str:
    """Return the name of the base type that a type or the target of its pointers is, "" for any other type."""
    base = base_type(ref)
    return base.name if base is not None else ""


def item_name(ref: TypeRef) -> str:
    """Return the name of a field's base type, or of its elements' when it is a list; "" for any other type."""
    ref = peel(ref, Pointer)
    return base_name(ref.elem if isinstance(ref, LISTS) else ref)


def is_list(ref: TypeRef) -> bool:
    """Return whether a field holds many values; a list of bytes is one value."""
    ref = peel(ref, Pointer)
    if not isinstance(ref, LISTS):
        return False
    base = base_type(ref.elem)
    return base is None or not base.is_byte


def words(name: str) -> list[str]:
    """Return the words of a name in lower case: `user` and `id` for `userID`."""
    return names.snake(name).split("_")


def key(field: Field) -> str:
    """Return the field's name on the wire."""
    return field.bindings[0].key if field.bindings else field.name
