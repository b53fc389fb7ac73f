"""The values that the tag of a field allows and stands for, as rules compare and name them."""

from collections.abc import Iterable, Sequence
from typing import Literal

from mallgen.breaking.type_change import type_numbers
from mallgen.contract.base_types import BASE_TYPES
from mallgen.contract.values import Scalar
from mallgen.contract.wire import WireValue, inside
from mallgen.model import AnyType, Bounds, Pointer, Primitive, Slice

_ZEROS: dict[str, Scalar] = {"bool": False, "string": "", "integer": 0, "float": 0.0}


def fallback(value: WireValue) -> Scalar | tuple[Scalar, ...] | None:
    """Return the value of an absent field: its default, else the zero value; None for null or an empty object."""
    ref = value.field.type
    if value.default is not None:
        return value.default
    if isinstance(ref, Primitive):
        return _ZEROS.get(BASE_TYPES[ref.name].kind)
    return () if isinstance(ref, Slice) else None


def refuses_absence(old: WireValue, new: WireValue) -> bool:
    """Return whether old options or bounds exclude the value that stands for an absent field now."""
    stands = fallback(new)
    if isinstance(stands, tuple) or stands is None:
        return False
    if old.options:
        return bool(missing([stands], old.options))
    return old.range is not None and not isinstance(stands, str) and not inside(stands, old.range)


def default_words(value: WireValue) -> str:
    """Return the value of an absent field as a message names it."""
    found = fallback(value)
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, tuple):
        return f"[{', '.join(map(_quoted, found))}]"
    if found is None:
        return "null" if is_nullable(value) or isinstance(value.field.type, AnyType) else "empty"
    return _quoted(found)


def listed(values: Iterable[Scalar]) -> str:
    """Return options as a message names them."""
    return ", ".join(map(_quoted, values))


def _quoted(value: Scalar) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def is_nullable(value: WireValue) -> bool:
    """Return whether the type of a value has null beside its values."""
    ref = value.field.type
    return isinstance(ref, Pointer) and not isinstance(ref.elem, AnyType)


def missing(values: Sequence[Scalar], others: Sequence[Scalar]) -> list[Scalar]:
    """Return the values that are not among the others, as they are written on the wire."""
    known = {str(other) for other in others}
    return [value for value in values if str(value) not in known]


def outside(old: WireValue, new: WireValue, which: Literal["range", "limit"]) -> bool:
    """Return whether the new bounds exclude a number that the old type and bounds allow, and the new type has."""
    bounds: Bounds | None = getattr(new, which)
    before, after = type_numbers(old), type_numbers(new)
    if bounds is None or before is None or after is None:
        return False
    allowed = before.within(getattr(old, which))
    shared = allowed._replace(low=max(allowed.low, after.low), high=min(allowed.high, after.high))
    inside = after.within(bounds)
    return not (inside.low <= shared.low and shared.high <= inside.high)


def interval(bounds: Bounds | None) -> str:
    """Return bounds as a tag has them: `[1:50)`."""
    if bounds is None:
        return "no bounds"
    low, high = ("" if bound is None else str(bound) for bound in (bounds.low, bounds.high))
    return f"{'(' if bounds.open_low else '['}{low}:{high}{')' if bounds.open_high else ']'}"


def is_left_out(value: WireValue) -> bool:
    """Return whether a response leaves the empty value out; one with another default always sends it."""
    return value.omits_empty and (value.default is None or not value.default)
