"""Conversion of words in a tag, `default=…` and `options=…`, to values of the field's type."""

import re

from mallgen.contract.base_types import BASE_TYPES, BaseType
from mallgen.model import Array, Pointer, Primitive, Slice, TypeRef, peel

Scalar = str | bool | int | float
_TRUE, _FALSE = ("1", "true"), ("0", "false")


class BadValue(Exception):
    """A text in a tag that is no value of the field's type; the message says why."""


def scalar(text: str, ref: TypeRef) -> Scalar:
    """Return the value of one word for a base type; raise BadValue when it has none."""
    base = BASE_TYPES[ref.name] if isinstance(ref, Primitive) else None
    if base is None or base.kind == "complex":
        raise BadValue("only fields of a base type, or lists of one, can have values in their tag")
    if base.kind == "string":
        return text
    if base.kind == "bool":
        if text.lower() not in _TRUE + _FALSE:
            raise BadValue(f"`{text}` is not true or false")
        return text.lower() in _TRUE
    return _float(text, base) if base.kind == "float" else _integer(text, base)


def _float(text: str, base: BaseType) -> float:
    if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text):
        raise BadValue(f"`{text}` is not a number")
    assert base.high is not None
    if abs(float(text)) > base.high:
        raise BadValue(f"{text} does not fit {base.name}")
    return float(text)


def _integer(text: str, base: BaseType) -> int:
    if not re.fullmatch(r"[-+]?\d{1,40}", text):
        raise BadValue(f"`{text}` is not a whole number")
    assert base.low is not None and base.high is not None
    if not base.low <= int(text) <= base.high:
        raise BadValue(f"{text} does not fit {base.name}: {base.low} to {base.high}")
    return int(text)


def default_of(text: str, ref: TypeRef) -> Scalar | tuple[Scalar, ...]:
    """Return the value of `default=…`, a tuple for a list; raise BadValue when the type cannot hold it."""
    ref = peel(ref, Pointer)
    if not isinstance(ref, Slice | Array):
        return scalar(text, ref)
    words = list_words(text)
    if words is None:
        raise BadValue(f"the default of a list is written `[a,b]`, not `{text}`")
    if isinstance(ref, Array) and len(words) != int(ref.length):
        raise BadValue(f"the default has {len(words)} values, the list {ref.length}")
    return tuple(scalar(word, peel(ref.elem, Pointer)) for word in words)


def list_words(text: str) -> list[str] | None:
    """Return the words of `[a,b]` without their quotation marks, None for a text without the brackets."""
    inner = text.strip()
    if not (inner.startswith("[") and inner.endswith("]")):
        return None
    return [word.strip().strip('"') for word in inner[1:-1].split(",") if word.strip()]


def options_of(words: tuple[str, ...], ref: TypeRef) -> tuple[Scalar, ...]:
    """Return the values of `options=…`, for a list those of its elements; raise BadValue when one does not fit."""
    ref = peel(ref, Pointer)
    if isinstance(ref, Slice | Array):
        ref = peel(ref.elem, Pointer)
    return tuple(scalar(word, ref) for word in words)
