"""The types of a schema as Go's reflection sees them."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple

from msgspec import Meta

from mallgen_runtime.schema import FLOAT32_MAX, UNSET, AsString, Below, NotNull, Options, Range, Together, With, Without
from mallgen_runtime.schema.reflection import Field, Type, describe, fields, is_struct, length_of, zero_value

_NAMES: dict[Any, str] = {bool: "bool", str: "string", list: "slice", dict: "map", bytes: "slice", Any: "interface"}


class GoKind(NamedTuple):
    """A type: Go's name of its kind, its bits when it is a number, its parts.

    `options` are the words that a value may be, `bounds` the range it must lie in.
    """

    name: str
    bits: int
    type: Type
    options: tuple[str, ...] = ()
    bounds: Range | None = None

    @property
    def is_bytes(self) -> bool:
        """Return whether it is `[]byte`."""
        return self.type.origin is bytes

    @property
    def element(self) -> "GoKind":
        """The kind of a list's values, or of a map's."""
        return UINT8 if self.is_bytes else kind_of(describe(self.type.args[-1]))

    def zero(self) -> Any:
        """Return Go's zero value."""
        return None if self.type.nullable or self.type.origin is Any else zero_value(self.type.origin)


class GoField(NamedTuple):
    """A field: attribute, key, kind; `default` makes the value of an absent field, None when it must be sent.

    `optional`: null counts as absent. `quoted`: the value is text, with `,string`.
    """

    name: str
    key: str
    kind: GoKind
    default: Callable[[], Any] | None
    optional: bool
    quoted: bool
    comes_with: str
    comes_without: str
    group: str


def kind_of(found: Type) -> GoKind:
    """Return the kind of a described type."""
    options: tuple[str, ...] = ()
    bounds = None
    for marker in found.markers:
        if isinstance(marker, Options):
            options = words(marker.values)
        elif isinstance(marker, Range):
            bounds = marker
    if is_struct(found.origin):
        return GoKind("struct", 0, found, options, bounds)
    if found.origin is list and any(length_of(marker) is not None for marker in found.markers):
        return GoKind("array", 0, found, options, bounds)
    name, bits = _NAMES.get(found.origin, ""), 0
    if not name:
        name, bits = _number(found)
    return GoKind(name, bits, found, options, bounds)


def _number(found: Type) -> tuple[str, int]:
    metas = [marker for marker in found.markers if isinstance(marker, Meta)]
    if found.origin is float:
        bits = 32 if any(meta.le == FLOAT32_MAX for meta in metas) else 64
        return f"float{bits}", bits
    if any(isinstance(marker, Below) for marker in found.markers):
        return "uint64", 64
    for meta in metas:
        if meta.le is not None and meta.ge is not None:
            bits = int(meta.le).bit_length() + (meta.ge < 0)
            return f"{'int' if meta.ge < 0 else 'uint'}{bits}", bits
    return "int64", 64


UINT8 = GoKind("uint8", 8, describe(int))


def words(values: Iterable[Any]) -> tuple[str, ...]:
    """Return options as they stand in a tag."""
    return tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in values)


@cache
def go_fields(cls: Any) -> tuple[GoField, ...]:
    """Return the fields of a struct in their order."""
    return tuple(_field(field) for field in fields(cls))


def _field(field: Field) -> GoField:
    comes_with, comes_without, group = field.marker(With), field.marker(Without), field.marker(Together)
    optional = field.default is not None and not _is_set(field.default())
    return GoField(
        field.name,
        field.wire,
        kind_of(field.kind),
        field.default,
        optional and not field.marker(NotNull),
        field.marker(AsString) is not None,
        comes_with.other if comes_with else "",
        comes_without.other if comes_without else "",
        group.group if group else "",
    )


def _is_set(default: Any) -> bool:
    """Return whether a default is one of the contract, not Go's zero value."""
    return default is not UNSET and not is_struct(type(default)) and bool(default)


@cache
def is_required(cls: Any) -> bool:
    """Return whether an absent struct is refused: one of its fields must be sent."""
    for field in go_fields(cls):
        if field.comes_without:
            return True
        if field.default is None and not (
            field.kind.name == "struct" and not field.kind.type.nullable and not is_required(field.kind.type.origin)
        ):
            return True
    return False
