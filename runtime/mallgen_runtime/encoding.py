"""Structs into JSON."""

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from mallgen_runtime.schema import AsString
from mallgen_runtime.shapes import Field, describe, fields, is_plain, is_struct, length_of

_ENCODER = msgspec.json.Encoder()


class WrongLength(ValueError):
    """An answer's list that has not the length of its type: `path` is the field."""

    def __init__(self, wanted: int, given: int) -> None:
        super().__init__()
        self.wanted = wanted
        self.given = given
        self.path = ""

    def __str__(self) -> str:
        return f"{self.path or 'the answer'} has {self.given} values, its type {self.wanted}"


def encode(value: Any) -> bytes:
    """The JSON text of a value none of whose numbers travel as strings."""
    return _ENCODER.encode(value)


def encode_as(value: Any, as_type: Any) -> bytes:
    """The JSON text of a value of `as_type`, the numbers marked `,string` in quotation marks. Raises WrongLength."""
    return _ENCODER.encode(_plain(as_type)(value))


@cache
def _plain(annotation: Any) -> Callable[[Any], Any]:
    """A function that turns a value of a type into what the encoder writes as it is."""
    if is_plain(annotation):
        return lambda value: value
    kind = describe(annotation)
    if is_struct(kind.origin):
        return lambda value: None if value is None else _struct(value, kind.origin)
    if kind.origin is list:
        return _listed(_plain(kind.args[0]), next(filter(None, map(length_of, kind.markers)), None))
    if kind.origin is dict:
        return lambda value: {key: _plain(kind.args[1])(item) for key, item in value.items()}
    return lambda value: value


def _listed(inner: Callable[[Any], Any], count: int | None) -> Callable[[Any], Any]:
    def plain(value: Any) -> Any:
        if count is not None and value is not None and len(value) != count:
            raise WrongLength(count, len(value))
        return None if value is None else [inner(item) for item in value]

    return plain


def _struct(value: Any, cls: Any) -> dict[str, Any]:
    omits = cls.__struct_config__.omit_defaults
    found = {}
    for info, field in zip(msgspec.structs.fields(cls), fields(cls), strict=True):
        item = getattr(value, field.name)
        if omits and (item == info.default if info.default is not msgspec.NODEFAULT else _is_empty(info, item)):
            continue
        try:
            found[field.wire] = _text(item, field, info.type)
        except WrongLength as problem:
            problem.path = f"{field.wire}.{problem.path}" if problem.path else field.wire
            raise
    return found


def _is_empty(info: msgspec.structs.FieldInfo, item: Any) -> bool:
    """msgspec leaves out an empty list or dict whose factory is the class itself."""
    return info.default_factory in (list, dict) and item == info.default_factory()


def _text(item: Any, field: Field, annotation: Any) -> Any:
    if item is None or not field.marker(AsString):
        return _plain(annotation)(item)
    if isinstance(item, bool):
        return "true" if item else "false"
    return str(item)
