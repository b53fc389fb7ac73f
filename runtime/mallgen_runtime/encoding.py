"""Structs into JSON."""

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec

from mallgen_runtime.schema import AsString
from mallgen_runtime.shapes import Field, describe, fields, is_struct, writes_text

_ENCODER = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """The JSON text of a value none of whose numbers travel as strings."""
    return _ENCODER.encode(value)


def encode_as(value: Any, as_type: Any) -> bytes:
    """The JSON text of a value of `as_type`, with the numbers marked `,string` in quotation marks."""
    return _ENCODER.encode(_plain(as_type)(value))


@cache
def _plain(annotation: Any) -> Callable[[Any], Any]:
    """A function that turns a value of a type into what the encoder writes as it is."""
    if not writes_text(annotation):
        return lambda value: value
    kind = describe(annotation)
    if is_struct(kind.origin):
        return lambda value: None if value is None else _struct(value, kind.origin)
    if kind.origin is list:
        return lambda value: [_plain(kind.args[0])(item) for item in value]
    if kind.origin is dict:
        return lambda value: {key: _plain(kind.args[1])(item) for key, item in value.items()}
    return lambda value: value


def _struct(value: Any, cls: Any) -> dict[str, Any]:
    omits = cls.__struct_config__.omit_defaults
    found = {}
    for info, field in zip(msgspec.structs.fields(cls), fields(cls), strict=True):
        item = getattr(value, field.name)
        if omits and (item == info.default if info.default is not msgspec.NODEFAULT else _is_empty(info, item)):
            continue
        found[field.wire] = _text(item, field, info.type)
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
