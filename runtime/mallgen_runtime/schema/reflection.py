"""Describes the types of a schema by reflection, once each."""

import types
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Meta, Struct, UnsetType


class Type(NamedTuple):
    """A type without its markers: `origin` is the class, list, dict or Any; `nullable` when None is allowed."""

    origin: Any
    args: tuple[Any, ...]
    markers: tuple[object, ...]
    nullable: bool


class Field(NamedTuple):
    """A field of a struct: attribute, name in JSON, kind, and how to make its default (None: it is required)."""

    name: str
    wire: str
    kind: Type
    default: Callable[[], Any] | None

    def marker(self, cls: type[Any]) -> Any:
        """Return the marker of a class, or None."""
        return next((marker for marker in self.kind.markers if isinstance(marker, cls)), None)


def describe(annotation: Any) -> Type:
    """Describe a type: Annotated and `| None` become markers and `nullable`."""
    markers: list[object] = []
    nullable = False
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation, *found = get_args(annotation)
            markers += found
        elif origin is Union or origin is types.UnionType:
            rest = [arg for arg in get_args(annotation) if arg not in (type(None), UnsetType)]
            nullable = nullable or type(None) in get_args(annotation)
            if len(rest) != 1:
                raise TypeError(f"{annotation} has more than one type")
            annotation = rest[0]
        else:
            return Type(origin or annotation, get_args(annotation), tuple(markers), nullable)


@cache
def fields(cls: type[Struct]) -> tuple[Field, ...]:
    """Return the fields of a struct in their order."""
    return tuple(
        Field(field.name, field.encode_name, describe(field.type), _default(field))
        for field in msgspec.structs.fields(cls)
    )


def _default(field: msgspec.structs.FieldInfo) -> Callable[[], Any] | None:
    if field.default_factory is not NODEFAULT:
        factory: Callable[[], Any] = field.default_factory
        return factory
    if field.default is not NODEFAULT:
        value = field.default
        return lambda: value
    return None


def is_struct(kind: Any) -> bool:
    """Return whether a type is a class of a schema."""
    return isinstance(kind, type) and issubclass(kind, Struct)


@cache
def any_marker(cls: Any, kinds: tuple[type[Any], ...]) -> bool:
    """Return whether a type, or anything below it, carries a marker of one of these classes."""
    return has_marker(cls, lambda marker: isinstance(marker, kinds))


def has_marker(annotation: Any, wanted: Callable[[object], bool]) -> bool:
    """Return whether a type, or anything below it, carries a marker for which `wanted` is true."""
    return _finds(annotation, wanted, set())


def _finds(annotation: Any, wanted: Callable[[object], bool], seen: set[Any]) -> bool:
    found = describe(annotation)
    if any(map(wanted, found.markers)):
        return True
    if any(_finds(arg, wanted, seen) for arg in found.args if arg is not Ellipsis):
        return True
    if not is_struct(found.origin) or found.origin in seen:
        return False
    seen.add(found.origin)
    return any(_finds(field.type, wanted, seen) for field in msgspec.structs.fields(found.origin))


def length_of(marker: object) -> int | None:
    """Return the exact number of values that a marker asks of a list, None when it asks for none."""
    return marker.max_length if isinstance(marker, Meta) and marker.max_length == marker.min_length else None


_ZEROS: dict[Any, Callable[[], Any]] = {
    bool: bool,
    int: int,
    float: float,
    str: str,
    bytes: bytes,
    list: list,
    dict: dict,
}


def zero_value(annotation: Any) -> Any:
    """Return Go's zero value of a type."""
    return _zero_of(describe(annotation))


def _zero_of(found: Type) -> Any:
    if found.nullable or found.origin is Any:
        return None
    if is_struct(found.origin):
        values = {f.name: _zero_of(f.kind) for f in fields(found.origin) if f.default is None}
        return found.origin(**values)
    count = next((count for marker in found.markers if (count := length_of(marker))), 0)
    if found.origin is list and count:
        return [zero_value(found.args[0]) for _ in range(count)]
    return _ZEROS[found.origin]()
