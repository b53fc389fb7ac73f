"""Defaults, options and bounds of a tag as Python values, checked against the field's type."""

import re
from collections.abc import Iterator

from mallgen.contract.base_types import BASE_TYPES, BaseType
from mallgen.diagnostics import Diagnostic
from mallgen.emit.http.shapes import Attribute, Shapes
from mallgen.model import Array, Binding, Bounds, Pointer, Primitive, Slice, TypeRef, peel

_TRUE, _FALSE = ("1", "true"), ("0", "false")


class BadValue(Exception):
    """A text of a tag that the field's type cannot hold: what is wrong."""


def scalar(text: str, ref: TypeRef) -> object:
    """The value of one word for a base type; raises BadValue."""
    if not isinstance(ref, Primitive):
        raise BadValue("only fields of a base type, or lists of one, can have values in their tag")
    base = BASE_TYPES[ref.name]
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


def default(binding: Binding, ref: TypeRef) -> object:
    """The value of `default=…`: a scalar, or a list for a list; raises BadValue."""
    text = binding.default or ""
    ref = peel(ref, Pointer)
    if isinstance(ref, Slice | Array):
        inner = text.strip()
        if not (inner.startswith("[") and inner.endswith("]")):
            raise BadValue(f"the default of a list is written `[a,b]`, not `{text}`")
        words = [word.strip().strip('"') for word in inner[1:-1].split(",") if word.strip()]
        if isinstance(ref, Array) and len(words) != int(ref.length):
            raise BadValue(f"the default has {len(words)} values, the list {ref.length}")
        return [scalar(word, peel(ref.elem, Pointer)) for word in words]
    return scalar(text, ref)


def choices(binding: Binding, ref: TypeRef) -> tuple[object, ...]:
    """The values of `options=…`; raises BadValue."""
    ref = peel(ref, Pointer)
    if isinstance(ref, Slice | Array):
        ref = peel(ref.elem, Pointer)
    return tuple(scalar(word, ref) for word in binding.options)


def check(shapes: Shapes) -> Iterator[Diagnostic]:
    """Every tag whose values its field cannot hold."""
    for shape in shapes.ordered:
        for attribute in shape.attributes:
            for binding in attribute.field.bindings:
                for message in _wrong(attribute, binding):
                    hint = "correct the tag, or the type of the field"
                    yield Diagnostic("bad-tag", message, attribute.field.span, hint)


def _wrong(attribute: Attribute, binding: Binding) -> Iterator[str]:
    ref = attribute.ref
    try:
        if binding.default is not None:
            default(binding, ref)
        choices(binding, ref)
    except BadValue as problem:
        yield f"field `{attribute.field.name}`: {problem}"
        return
    numeric = isinstance(peel(ref, Pointer), Primitive) and peel(ref, Pointer) not in (
        Primitive("string"),
        Primitive("bool"),
    )
    if (binding.range or binding.limit) and not numeric:
        yield f"field `{attribute.field.name}`: only numbers have bounds"
        return
    yield from _outside(attribute, binding)


def _outside(attribute: Attribute, binding: Binding) -> Iterator[str]:
    if binding.default is None:
        if binding.limit is not None and not binding.optional:
            yield f"field `{attribute.field.name}`: `limit` needs a `default` to fall back to"
        return
    value = default(binding, attribute.ref)
    if binding.options and value not in choices(binding, attribute.ref):
        yield f"field `{attribute.field.name}`: the default {binding.default} is not one of the options"
    for bounds in (binding.range, binding.limit):
        if bounds is not None and isinstance(value, int | float) and not inside(value, bounds):
            yield f"field `{attribute.field.name}`: the default {binding.default} is out of bounds"


def inside(value: int | float, bounds: Bounds) -> bool:
    """Whether a number lies within bounds."""
    if bounds.low is not None and (value <= bounds.low if bounds.open_low else value < bounds.low):
        return False
    return bounds.high is None or not (value >= bounds.high if bounds.open_high else value > bounds.high)
