"""Structs into JSON."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from mallgen_runtime.schema import AsString
from mallgen_runtime.schema.reflection import Field, describe, fields, has_marker, is_struct, length_of

_ENCODER = msgspec.json.Encoder()
_NO_FLOATS = (str, int, bool, type(None))


class WrongLength(ValueError):
    """A list in an answer whose length is not that of its type; `path` is the field."""

    def __init__(self, wanted: int, given: int) -> None:
        super().__init__()
        self.wanted = wanted
        self.given = given
        self.path = ""

    def __str__(self) -> str:
        return f"{self.path or 'the answer'} has {self.given} values, its type {self.wanted}"


class NotFinite(ValueError):
    """NaN or an infinity in an answer; the text has its path and value."""


def encode(value: Any) -> bytes:
    """Return the JSON text of a value whose type has no `,string` numbers. Raises NotFinite."""
    data = _ENCODER.encode(value)
    if b"null" in data:  # msgspec writes NaN as null, too
        _refuse_not_finite(value, "")
    return data


def _refuse_not_finite(value: Any, path: str) -> None:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotFinite(f"{path or 'the answer'} = {value}")
    elif isinstance(value, msgspec.Struct):
        for field, item in zip(fields(type(value)), msgspec.structs.astuple(value), strict=True):
            if type(item) not in _NO_FLOATS:
                _refuse_not_finite(item, f"{path}.{field.wire}" if path else field.wire)
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_not_finite(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _refuse_not_finite(item, f"{path}[{index}]")


def encode_as(value: Any, as_type: Any) -> bytes:
    """Return the JSON text of a value of `as_type`, the numbers marked `,string` in quotation marks.

    Raises WrongLength and NotFinite.
    """
    data = _ENCODER.encode(_plain(as_type)(value))
    if b"null" in data:
        _refuse_not_finite(value, "")
    return data


def encode_around(value: Any, inner: Any, as_type: Any) -> bytes:
    """Return the JSON text of a value that has `inner`, a value of `as_type`, as one of its fields or keys.

    Raises WrongLength and NotFinite.
    """
    found = value
    if isinstance(value, msgspec.Struct):
        found = {field.wire: getattr(value, field.name) for field in fields(type(value))}
    if isinstance(found, dict):
        text = msgspec.Raw(encode_as(inner, as_type))
        found = {key: text if item is inner else item for key, item in found.items()}
    return encode(found)


@cache
def _plain(annotation: Any) -> Callable[[Any], Any]:
    """Return a function that turns a value of a type into one that msgspec writes as it is."""
    if _is_plain(annotation):
        return lambda value: value
    kind = describe(annotation)
    if is_struct(kind.origin):
        return lambda value: None if value is None else _struct(value, kind.origin)
    if kind.origin is list:
        return _listed(_plain(kind.args[0]), next(filter(None, map(length_of, kind.markers)), None))
    if kind.origin is dict:
        return lambda value: {key: _plain(kind.args[1])(item) for key, item in value.items()}
    return lambda value: value


def _is_plain(annotation: Any) -> bool:
    """Return whether msgspec writes a type as it is: it has no `,string` number and no list with a fixed length."""
    return not has_marker(annotation, lambda marker: isinstance(marker, AsString) or length_of(marker) is not None)


def _listed(inner: Callable[[Any], Any], count: int | None) -> Callable[[Any], Any]:
    def plain(value: Any) -> Any:
        if count is not None and value is not None and len(value) != count:
            raise WrongLength(count, len(value))
        return None if value is None else [inner(item) for item in value]

    return plain


def _struct(value: Any, cls: Any) -> dict[str, Any]:
    omits = cls.__struct_config__.omit_defaults
    found = {}
    for info, field in _described(cls):
        item = getattr(value, field.name)
        if omits and (item == info.default if info.default is not msgspec.NODEFAULT else _is_empty(info, item)):
            continue
        try:
            found[field.wire] = _text(item, field, info.type)
        except WrongLength as problem:
            problem.path = f"{field.wire}.{problem.path}" if problem.path else field.wire
            raise
    return found


@cache
def _described(cls: Any) -> tuple[tuple[msgspec.structs.FieldInfo, Field], ...]:
    return tuple(zip(msgspec.structs.fields(cls), fields(cls), strict=True))


def _is_empty(info: msgspec.structs.FieldInfo, item: Any) -> bool:
    """msgspec leaves out an empty list or dict whose factory is the class itself."""
    return info.default_factory in (list, dict) and item == info.default_factory()


def _text(item: Any, field: Field, annotation: Any) -> Any:
    if item is None or not field.marker(AsString):
        return _plain(annotation)(item)
    if isinstance(item, float) and not math.isfinite(item):
        raise NotFinite(f"{field.wire} = {item}")
    if isinstance(item, bool):
        return "true" if item else "false"
    return str(item)
